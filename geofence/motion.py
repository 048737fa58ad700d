"""Who stands still, and who drives on."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.movement import Movement, MovementKind

Array = NDArray[np.float64]
Index = NDArray[np.int64]
STOP_SIZES = 0.08  # of the vehicle's size in the picture: moves within this are jitter
STOP_MS = 3_000


class MotionWatch:
    """Watches one camera's vehicles in its picture; distances are in sizes (square root of the box area)."""

    def __init__(self, confirm_ms: int) -> None:
        self._confirm_ms = confirm_ms
        self._place = np.zeros((0, 2))
        self._since_ms = np.zeros(0, np.int64)
        self._off_ms = np.zeros(0, np.int64)  # first of a run of observations away from the place, −1 none
        self._stopped = np.zeros(0, bool)

    def reset(self, slots: Sequence[int], capacity: int) -> None:
        """Void what is known of some slots, and make room."""
        more = capacity - len(self._since_ms)
        if more > 0:
            self._place = np.pad(self._place, ((0, more), (0, 0)))
            self._since_ms = np.pad(self._since_ms, (0, more), constant_values=-1)
            self._off_ms = np.pad(self._off_ms, (0, more), constant_values=-1)
            self._stopped = np.pad(self._stopped, (0, more))
        picked = list(slots)
        self._since_ms[picked], self._off_ms[picked], self._stopped[picked] = -1, -1, False

    def update(self, t_ms: int, slots: Index, points: Array, size: Array) -> list[tuple[int, Movement]]:
        """Movements, each with its slot, of vehicles at (N, 2) pixels, (N,) pixels large.

        STOPPED and MOVED_OFF say how long it has stood.
        """
        new = self._since_ms[slots] < 0
        stopped = self._stopped[slots]
        reach = np.where(stopped, 2, 1) * np.maximum(STOP_SIZES * size, 2.0)
        off = ~new & (np.hypot(*(points - self._place[slots]).T) > reach)
        off_ms = np.where(off, np.where(self._off_ms[slots] < 0, t_ms, self._off_ms[slots]), -1)
        moved = off & (t_ms - off_ms >= self._confirm_ms)
        stops = ~off & ~new & ~stopped & (t_ms - self._since_ms[slots] >= STOP_MS)
        movements = [self._movement(t_ms, s, MovementKind.STOPPED) for s in slots[stops].tolist()]
        movements += [self._movement(t_ms, s, MovementKind.MOVED_OFF) for s in slots[moved & stopped].tolist()]
        anew = new | moved
        self._place[slots[anew]], self._since_ms[slots[anew]] = points[anew], t_ms
        self._off_ms[slots] = np.where(moved, -1, off_ms)
        self._stopped[slots] = (stopped | stops) & ~moved
        return movements

    def update_one(self, t_ms: int, slot: int, point: tuple[float, float], size: float) -> list[tuple[int, Movement]]:
        """The same as `update` of one vehicle, faster."""
        since_ms = self._since_ms.item(slot)
        if since_ms < 0:
            self._place[slot], self._since_ms[slot], self._off_ms[slot] = point, t_ms, -1
            return []
        stopped = self._stopped.item(slot)
        reach = (2 if stopped else 1) * max(STOP_SIZES * size, 2.0)
        x, y = self._place[slot].tolist()
        if math.hypot(point[0] - x, point[1] - y) <= reach:
            self._off_ms[slot] = -1
            if stopped or t_ms - since_ms < STOP_MS:
                return []
            self._stopped[slot] = True
            return [self._movement(t_ms, slot, MovementKind.STOPPED)]
        off_ms = self._off_ms.item(slot)
        if off_ms < 0:
            off_ms = self._off_ms[slot] = t_ms
        if t_ms - off_ms < self._confirm_ms:
            return []
        movements = [self._movement(t_ms, slot, MovementKind.MOVED_OFF)] if stopped else []
        self._place[slot], self._since_ms[slot] = point, t_ms
        self._off_ms[slot], self._stopped[slot] = -1, False
        return movements

    def stopped(self, slot: int) -> bool:
        """Whether the vehicle in a slot stands still."""
        return bool(self._stopped[slot])

    def _movement(self, t_ms: int, slot: int, kind: MovementKind) -> tuple[int, Movement]:
        return slot, Movement(t_ms, "", kind, duration_ms=t_ms - int(self._since_ms[slot]))
