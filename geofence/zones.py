"""Which vehicles are in which zones, and when they came and went."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.movement import Movement, MovementKind
from geofence.polyline import GENERAL_POSITION
from geofence.shapes import ZoneShape

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Says = Mapping[int, int]  # of zones by their numbers: 1 in, −1 out, 0 nobody can tell
Edge = tuple[float, float, float, float, float]  # start x and y, piece x and y, length squared


class ZoneWatch:
    """Watches all zones of one frame (the ground, or one picture) for the vehicles of one camera.

    margin: how far (metres or pixels) past a zone's edge a vehicle must be before it counts as in or out.
    """

    def __init__(self, zones: Sequence[ZoneShape], margin: float, confirm_ms: int) -> None:
        self._zones = tuple(zones)
        self._margin = margin
        self._confirm_ms = confirm_ms
        self._start, self._piece, self._real = _edges(self._zones)
        self._length2 = np.maximum((self._piece**2).sum(axis=2), 1e-12)
        self._low = np.array([np.min(z.counted, axis=0) for z in zones]).reshape(-1, 2) - margin
        self._high = np.array([np.max(z.counted, axis=0) for z in zones]).reshape(-1, 2) + margin
        self._state = np.zeros((0, len(zones)), np.int8)  # 1 in, -1 out, 0 not known yet
        self._since = np.zeros((0, len(zones)), np.int64)  # first of the observations that contradict the state
        self._count = np.zeros((0, len(zones)), np.int16)
        self._live = np.zeros((0, len(zones)), bool)  # what is not plainly known to be outside
        self._timed = [i for i, z in enumerate(zones) if z.hours is not None]
        self._bounds = [(*low, *high) for low, high in zip(self._low.tolist(), self._high.tolist(), strict=True)]
        edges = zip(self._start, self._piece, self._length2, self._real, strict=True)
        self._edges = [_listed(*each) for each in edges]

    def reset(self, slots: Sequence[int], capacity: int) -> None:
        """Void what is known of some slots, and make room."""
        more = capacity - len(self._state)
        if more > 0:
            wide = ((0, more), (0, 0))
            self._state, self._since = np.pad(self._state, wide), np.pad(self._since, wide)
            self._count, self._live = np.pad(self._count, wide), np.pad(self._live, wide, constant_values=True)
        for slot in slots:
            self._state[slot], self._count[slot], self._live[slot] = 0, 0, True

    def update(self, t_ms: int, slots: Index, points: Array, told: Mapping[int, Says]) -> list[tuple[int, Movement]]:
        """Movements, each with its slot, of vehicles seen at (N, 2) points. NaN points are not seen.

        told: by slot, what is known better of some zones than by the point.
        ENTERED has direction "in" where the vehicle was seen outside before, None where it was first seen inside.
        """
        seen = np.isfinite(points[:, 0])
        if not seen.all():
            slots, points = slots[seen], points[seen]
        if not len(slots) or not self._zones:
            return []
        near = self._near(t_ms, points)
        for slot, better in told.items():
            self._live[slot, list(better)] = True
        rows, zones = np.nonzero(near | self._live[slots])
        if not len(rows):
            return []
        says = self._says(points[rows], zones, near[rows, zones])
        whose = slots[rows]
        for slot, better in told.items():
            mine = np.flatnonzero(whose == slot)
            says[mine] = [
                better.get(zone, say) for zone, say in zip(zones[mine].tolist(), says[mine].tolist(), strict=True)
            ]
        state = self._state[whose, zones]
        unknown = state == 0
        state = np.where(unknown & (says == -1), np.int8(-1), state)
        against = (says != 0) & (says != state)
        count = np.where(against, self._count[whose, zones] + 1, 0)
        since = np.where(against & (count == 1), t_ms, self._since[whose, zones])
        changed = against & (count >= 2) & (t_ms - since >= self._confirm_ms)
        count = np.where(changed, 0, count)
        state = np.where(changed, says, state)
        self._count[whose, zones], self._since[whose, zones], self._state[whose, zones] = count, since, state
        self._live[whose, zones] = (state != -1) | (count != 0)
        return [
            (int(whose[i]), self._movement(t_ms, int(zones[i]), bool(says[i] > 0), bool(unknown[i])))
            for i in np.flatnonzero(changed).tolist()
        ]

    def update_one(self, t_ms: int, slot: int, x: float, y: float, told: Says) -> list[tuple[int, Movement]]:
        """The same as `update` of one vehicle, faster."""
        if not math.isfinite(x):
            return []
        out = []
        live = self._live[slot].tolist()
        for zone, (x0, y0, x1, y1) in enumerate(self._bounds):
            near = x0 <= x <= x1 and y0 <= y <= y1
            if near:
                hours = self._zones[zone].hours
                near = hours is None or hours.active(t_ms)
            better = told.get(zone) if told else None
            if near or live[zone] or better is not None:
                says = better if better is not None else self._sign_one(x, y, zone) if near else -1
                movement = self._say(t_ms, slot, zone, says)
                if movement is not None:
                    out.append((slot, movement))
        return out

    def _say(self, t_ms: int, slot: int, zone: int, says: int) -> Movement | None:
        state = self._state.item(slot, zone)
        unknown = state == 0
        if unknown and says == -1:
            state = self._state[slot, zone] = -1
        if says in (0, state):
            self._count[slot, zone] = 0
            self._live[slot, zone] = state != -1
            return None
        count = self._count.item(slot, zone) + 1
        if count == 1:
            self._since[slot, zone] = t_ms
        if count < 2 or t_ms - self._since.item(slot, zone) < self._confirm_ms:
            self._count[slot, zone], self._live[slot, zone] = count, True
            return None
        self._count[slot, zone], self._state[slot, zone] = 0, says
        self._live[slot, zone] = says != -1
        return self._movement(t_ms, zone, says > 0, unknown)

    def _sign_one(self, x: float, y: float, zone: int) -> int:
        """What `_depth_sign` says of one point and zone."""
        least, crossed = math.inf, False
        for start_x, start_y, piece_x, piece_y, length2 in self._edges[zone]:
            offset_x, offset_y = x - start_x, y - start_y
            share = min(max((offset_x * piece_x + offset_y * piece_y) / length2, 0.0), 1.0)
            gap_x, gap_y = offset_x - share * piece_x, offset_y - share * piece_y
            least = min(least, gap_x * gap_x + gap_y * gap_y)
            if (offset_y < 0) != (offset_y < piece_y):
                crossed ^= (piece_x * offset_y - piece_y * offset_x > 0) == (piece_y > 0)
        return 0 if least <= self._margin**2 else 1 if crossed else -1

    def columns(self, zones: Sequence[str]) -> list[int]:
        """Numbers of some zones, for `within`."""
        return [i for i, z in enumerate(self._zones) if z.id in zones]

    def within(self, slot: int, columns: Sequence[int]) -> bool:
        """Whether a vehicle is in one of some zones."""
        return any(self._state.item(slot, column) == 1 for column in columns)

    def inside(self, slot: int) -> list[str]:
        """Ids of the zones a vehicle is in."""
        return [self._zones[z].id for z in np.flatnonzero(self._state[slot] == 1)]

    def contains(self, slots: Index, columns: Sequence[int]) -> NDArray[np.bool_]:
        """(N,) whether each vehicle is in one of some zones."""
        inside: NDArray[np.bool_] = (self._state[slots][:, columns] == 1).any(axis=1)
        return inside

    def _movement(self, t_ms: int, zone: int, entered: bool, first: bool) -> Movement:
        kind = MovementKind.ENTERED if entered else MovementKind.LEFT
        direction = ("in" if not first else None) if entered else "out"
        return Movement(t_ms, "", kind, self._zones[zone].id, direction)

    def _near(self, t_ms: int, points: Array) -> NDArray[np.bool_]:
        """(N, zones) whether each point is within the bounds of each zone that counts now."""
        x, y = points[:, 0, None], points[:, 1, None]
        near = (x >= self._low[:, 0]) & (x <= self._high[:, 0]) & (y >= self._low[:, 1]) & (y <= self._high[:, 1])
        for zone in self._timed:
            hours = self._zones[zone].hours
            if hours is not None and not hours.active(t_ms):
                near[:, zone] = False
        return near

    def _says(self, points: Array, zones: NDArray[np.intp], near: NDArray[np.bool_]) -> NDArray[np.int8]:
        """(M,) of each point and its zone: 1 inside by more than the margin, -1 outside by more than it, 0 between."""
        says = np.full(len(zones), -1, np.int8)
        says[near] = self._depth_sign(points[near], zones[near])
        return says

    def _depth_sign(self, points: Array, zones: NDArray[np.intp]) -> NDArray[np.int8]:
        start, piece, real = self._start[zones], self._piece[zones], self._real[zones]
        offset = points[:, None, :] - start
        share = np.clip((offset * piece).sum(axis=2) / self._length2[zones], 0.0, 1.0)
        gap2 = ((offset - share[..., None] * piece) ** 2).sum(axis=2)
        edge2 = np.where(real, gap2, np.inf).min(axis=1)
        below_start, below_end = offset[..., 1] < 0, offset[..., 1] < piece[..., 1]
        # an upward edge with the point on its left, or a downward one with it on its right, lies to the point's right
        cross = piece[..., 0] * offset[..., 1] - piece[..., 1] * offset[..., 0]
        right = (below_start != below_end) & ((cross > 0) == (piece[..., 1] > 0)) & real
        inside = right.sum(axis=1) % 2 == 1
        clear = edge2 > self._margin**2
        signs: NDArray[np.int8] = np.where(clear, np.where(inside, 1, -1), 0).astype(np.int8)
        return signs


def _listed(start: Array, piece: Array, length2: Array, real: NDArray[np.bool_]) -> list[Edge]:
    """One zone's edges as plain numbers."""
    table = np.column_stack([start, piece, length2])[real]
    return [(a, b, c, d, e) for a, b, c, d, e in table.tolist()]


def _edges(zones: Sequence[ZoneShape]) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Edges of all rings per zone, padded: (zones, E, 2) starts, (zones, E, 2) pieces, (zones, E) which are real."""
    rings = [[np.array(r, np.float64) + GENERAL_POSITION for r in (z.counted, *z.holes)] for z in zones]
    most = max((sum(len(r) for r in each) for each in rings), default=1)
    start, piece = np.zeros((len(zones), most, 2)), np.zeros((len(zones), most, 2))
    real = np.zeros((len(zones), most), bool)
    for number, each in enumerate(rings):
        a = np.vstack(each)
        b = np.vstack([np.roll(r, -1, axis=0) for r in each])
        start[number, : len(a)], piece[number, : len(a)], real[number, : len(a)] = a, b - a, True
    return start, piece, real
