"""Where vehicles have lately been: their places of the last second or so, and the trend through them."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
RECENT = 16
RECENT_STEP_MS = 60
TREND_MS = 1_000
GAP_MS = 500  # unseen this long, a vehicle's earlier places tell nothing of where it goes


class Trails:
    """The last places of each slot, and where each one is going. Pixels, milliseconds."""

    def __init__(self) -> None:
        self._places = np.empty((0, RECENT, 2))  # newest first
        self._times_ms = np.empty((0, RECENT), np.int64)
        self._kept = np.empty(0, np.int64)
        self._told_ms = np.empty(0, np.int64)
        self.place = np.empty((0, 2))
        self.velocity = np.empty((0, 2))

    def grow(self, more: int) -> None:
        """Make room for so many more slots."""
        self._places = np.concatenate([self._places, np.zeros((more, RECENT, 2))])
        self._times_ms = np.concatenate([self._times_ms, np.zeros((more, RECENT), np.int64)])
        self._kept = np.concatenate([self._kept, np.zeros(more, np.int64)])
        self._told_ms = np.concatenate([self._told_ms, np.full(more, -1)])
        self.place = np.vstack([self.place, np.zeros((more, 2))])
        self.velocity = np.vstack([self.velocity, np.zeros((more, 2))])

    def clear(self, slot: int) -> None:
        """Void what is known of a slot."""
        self._kept[slot], self._told_ms[slot] = 0, -1

    def add(self, t_ms: int, slots: Index, places: Array, span_ms: Index) -> None:
        """Keep a place (N, 2) every RECENT_STEP_MS; the newest is replaced until then. span_ms: (N,) since the last."""
        self._kept[slots[span_ms > GAP_MS]] = 0
        step = (t_ms - self._times_ms[slots, 1] >= RECENT_STEP_MS) | (self._kept[slots] < 2)
        push = slots[step]
        self._places[push, 1:] = self._places[push, :-1]
        self._times_ms[push, 1:] = self._times_ms[push, :-1]
        self._kept[push] += 1
        self._places[slots, 0], self._times_ms[slots, 0] = places, t_ms

    def add_one(self, t_ms: int, slot: int, place: tuple[float, float], span_ms: int) -> None:
        """The same as `add` of one vehicle, faster."""
        if span_ms > GAP_MS:
            self._kept[slot] = 0
        places, times = self._places[slot], self._times_ms[slot]
        if self._kept.item(slot) < 2 or t_ms - times.item(1) >= RECENT_STEP_MS:
            places[1:], times[1:] = places[:-1], times[:-1]
            self._kept[slot] += 1
        places[0], times[0] = place, t_ms

    def find(self, slot: int, last_ms: int, otherwise: Array) -> None:
        """Set where a slot's vehicle last was and its velocity, untouched by a box that jumped.

        Siegel's repeated medians (Biometrika 69, 1982) over the places of the last moments: right while fewer than
        half of them are wrong. otherwise: (2,) the velocity where there are too few places.
        """
        if self._told_ms[slot] == last_ms:
            return
        count = int(min(self._kept[slot], RECENT))
        lately = int((self._times_ms[slot, :count] >= last_ms - TREND_MS).sum())
        count = min(count, max(lately, 5))
        times = (self._times_ms[slot, :count] - last_ms).astype(np.float64)
        places = self._places[slot, :count]
        velocity = otherwise
        if count > 2:
            others = ~np.eye(count, dtype=bool)
            apart = (times[:, None] - times)[others].reshape(count, count - 1)
            slopes = (places[:, None] - places)[others].reshape(count, count - 1, 2) / apart[..., None]
            velocity = _median(_median(slopes.transpose(1, 0, 2)))
        self._told_ms[slot], self.velocity[slot] = last_ms, velocity
        self.place[slot] = _median(places - times[:, None] * velocity)


def _median(values: Array) -> Array:
    """The median over the first axis."""
    ordered, half = np.sort(values, axis=0), len(values) // 2
    middle: Array = ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return middle
