"""The observations of one instant, and whose each of them is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """Which observations of one instant count.

    rows: index into the observations; slots: whose each is; fresh: slots that begin now (what they held is void);
    sizes: (N,) pixels, square roots of the boxes' areas.
    """

    rows: Index
    slots: Index
    fresh: tuple[int, ...] = ()
    sizes: Array = field(default_factory=lambda: np.empty(0))


class Instant:
    """What was seen at one instant. centres: (N, 2) pixels; sizes: (N,) square roots of the boxes' areas."""

    def __init__(self, t_ms: int, keys: Sequence[str], boxes: Array, kinds: Sequence[str]) -> None:
        self.t_ms = t_ms
        self.keys = keys
        self.kinds = kinds
        self.centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        width, height = np.maximum(boxes[:, 2] - boxes[:, 0], 1.0), np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
        self.sizes = np.sqrt(width * height)


@dataclass(slots=True)
class Claims:
    """Which vehicle's slot each observation of an instant has been given. taken: by row; used: the slots given."""

    taken: dict[int, int]
    used: set[int] = field(default_factory=set)

    def give(self, row: int, slot: int) -> None:
        """Give a row to a vehicle."""
        self.taken[row] = slot
        self.used.add(slot)
