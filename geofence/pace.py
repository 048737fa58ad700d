"""Where along its lane each vehicle steadily is, and how fast it goes, from places that jitter and jump."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Many = Index | int  # slots of several vehicles, or of one
RECENT = 16  # places kept per vehicle
BASE_MS = 400  # over which speed is taken
GAP_MS = 250  # unseen this long, the places before say nothing of where it is now


class Pace:
    """The last places of each slot's vehicle, in metres along its lane.

    steady: (slots,) the middle of the last three places, which one jump does not move. speed: (slots,) metres per
    second over BASE_MS. After a gap they are the place itself, and the speed since the vehicle was last seen.
    """

    def __init__(self) -> None:
        self.steady = np.zeros(0)
        self.speed = np.zeros(0)
        self._times_ms = np.zeros((0, RECENT), np.int64)
        self._places = np.zeros((0, RECENT))

    def grow(self, more: int) -> None:
        """Make room for so many more slots."""
        self.steady, self.speed = np.pad(self.steady, (0, more)), np.pad(self.speed, (0, more))
        self._times_ms = np.pad(self._times_ms, ((0, more), (0, 0)))
        self._places = np.pad(self._places, ((0, more), (0, 0)))

    def begin(self, t_ms: int, slots: Many, places: Array | float) -> None:
        """Vehicles are seen in a lane for the first time."""
        self.steady[slots], self.speed[slots] = places, 0.0
        self._times_ms[slots], self._places[slots] = t_ms, np.reshape(places, (-1, 1))

    def next(self, t_ms: int, slots: Index, places: Array, span_ms: Index) -> tuple[Array, Array]:
        """(N,) steady places and (N,) speeds of vehicles now seen at places (N,). span_ms: (N,) since the last."""
        times, kept = self._times_ms[slots], self._places[slots]
        times[:, 1:], kept[:, 1:] = times[:, :-1].copy(), kept[:, :-1].copy()
        times[:, 0], kept[:, 0] = t_ms, places
        gap = span_ms > GAP_MS
        times[gap], kept[gap] = t_ms, places[gap, None]
        self._times_ms[slots], self._places[slots] = times, kept
        a, b, c = kept[:, 0], kept[:, 1], kept[:, 2]
        steady: Array = a + b + c - np.maximum(np.maximum(a, b), c) - np.minimum(np.minimum(a, b), c)
        base = np.maximum((times >= t_ms - BASE_MS).sum(axis=1) - 1, 1)
        rows = np.arange(len(slots))
        speed = (places - kept[rows, base]) / np.maximum(t_ms - times[rows, base], 1) * 1000
        since = (places - self.steady[slots]) / np.maximum(span_ms, 1) * 1000
        return steady, np.where(gap, since, speed)

    def next_one(self, t_ms: int, slot: int, place: float, span_ms: int) -> tuple[float, float]:
        """The same as `next` of one vehicle, faster."""
        if span_ms > GAP_MS:
            self._times_ms[slot], self._places[slot] = t_ms, place
            return place, (place - self.steady.item(slot)) / max(span_ms, 1) * 1000
        times = [t_ms, *self._times_ms[slot, :-1].tolist()]
        places: Sequence[float] = [place, *self._places[slot, :-1].tolist()]
        self._times_ms[slot], self._places[slot] = times, places
        a, b, c = places[:3]
        steady = a + b + c - max(a, b, c) - min(a, b, c)
        base = max(sum(t >= t_ms - BASE_MS for t in times) - 1, 1)
        return steady, (place - places[base]) / max(t_ms - times[base], 1) * 1000
