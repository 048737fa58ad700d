"""What one camera saw at one instant, vectorised."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Row = tuple[str, tuple[float, float, float, float], tuple[float, float] | None, str]
NOWHERE = (np.nan, np.nan)
JITTER = 0.02  # one sigma of a box's edge, as a share of its height
JITTER_PX = 1.0  # and at least this


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """N vehicles and people in one picture.

    keys: vehicle keys, "" for a track nobody confirmed. boxes: (N, 4) x0 y0 x1 y1 pixels. ground: (N, 2) metres, NaN
    where not known (taken from the camera's plane then). kinds: class names, "person" for people.
    wheels: per key, (K, 2) pixels where wheels meet the ground, for the vehicles whose wheels were found.
    least_m: (N,) metres each is known to be long at least, None where nobody looked.
    """

    keys: tuple[str, ...]
    boxes: Array
    ground: Array
    kinds: tuple[str, ...]
    wheels: dict[str, Array] | None = None
    least_m: Array | None = None

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """From (key, box, ground point or None, kind) of each."""
        listed = list(rows)
        boxes = np.array([r[1] for r in listed], dtype=np.float64).reshape(-1, 4)
        ground = np.array([r[2] or NOWHERE for r in listed], dtype=np.float64).reshape(-1, 2)
        return cls(tuple(r[0] for r in listed), boxes, ground, tuple(str(r[3]) for r in listed))

    def feet(self) -> Array:
        """(N, 2) pixels: the middle of each box's lower edge."""
        return np.column_stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]])

    def pick(self, rows: NDArray[np.int64], keys: Sequence[str], ground: Array, least_m: Array) -> "Observations":
        """Some of them, under other keys, with other ground points and with their least lengths."""
        kinds = tuple(self.kinds[r] for r in rows.tolist())
        wheels = None
        if self.wheels:
            old = [self.keys[r] for r in rows.tolist()]
            wheels = {new: self.wheels[k] for new, k in zip(keys, old, strict=True) if k in self.wheels}
        return Observations(tuple(keys), self.boxes[rows], ground, kinds, wheels, least_m)


NOBODY = Observations.of(())
