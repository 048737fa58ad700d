"""Direction along lanes: who goes against them, from where, how far and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geofence.lane_map import LaneMap
from geofence.movement import Movement, MovementKind
from geofence.pace import BASE_MS, Pace
from geofence.shapes import LaneShape

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Many: TypeAlias = Index | int  # of several vehicles, or of one
Reals: TypeAlias = Array | float
NEAR_SHARE = 0.15  # of against_m: this near to the farthest place reached, a vehicle is not going back
ALONG_SHARE = 0.33  # of against_m: progress that ends a wrong-way movement
CREEP_M_S = 0.1  # slower than this is standing
FADING = 6  # times as long standing undoes the time spent moving backwards: trembling adds up to nothing
ABSENT_MS = 1_000  # seen elsewhere this long ends what was going on in a lane
LOST_MS = 3_000  # and so does not being seen this long
JUMP_M = 2.0  # a step this much longer or shorter than its speed says,
BRAKE_M_S2 = 8.0  # beyond what braking explains, is not driven;
BRAKE_S = 0.6  # unseen for longer, it is no surer to be the same vehicle
BACKING_M_S = 5.0  # no box creeps from one vehicle to another as fast as this
ALIKE = 1.8  # a vehicle's size on the ground may change by this factor, not more
SIGMAS = 4.0  # progress that the measurement might make by itself is none


_KEPT = (
    "_peak",
    "_deepest",
    "_turn_ms",
    "_back_ms",
    "_seen_ms",
    "_against",
    "_steps",
    "_size",
    "_spread",
)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Vehicles as lanes see them: (N, 2) points, (N,) sizes on the ground in any unit, (N,) spread of the points."""

    points: Array
    sizes: Array
    spread: Array

    def pick(self, rows: Index) -> "Seen":
        """Some of them."""
        return Seen(self.points[rows], self.sizes[rows], self.spread[rows])


class SeenOne(NamedTuple):
    """One vehicle as lanes see it."""

    x: float
    y: float
    size: float
    spread: float


class LaneWatch:
    """Watches all lanes of one frame for the vehicles of one camera.

    A vehicle belongs to the lane that it is in. It goes against that lane once it has
    come back by against_m from the farthest place it reached, moving backwards for against_s of that: a box that
    jumps is far but not long, a shunt is short, jitter is neither. A step that nothing on wheels could make, or a box
    that changes its size on the ground, is another vehicle under the same key: its progress begins anew.
    """

    def __init__(self, lanes: Sequence[LaneShape]) -> None:
        self._lanes = tuple(lanes)
        self._map = LaneMap(lanes)
        self._pace = Pace()
        self._all_kept_ms = -(2**62)  # until then nobody has been unseen for long
        self._limit_m = np.array([lane.against_m for lane in lanes])
        self._limit_ms = np.array([lane.against_s * 1000 for lane in lanes])
        self._lane = np.zeros(0, np.int64)  # the lane each slot is in, −1 none
        self._peak = np.zeros(0)  # metres along the lane, the farthest it came
        self._deepest = np.zeros(0)
        self._turn_ms = np.zeros(0, np.int64)  # when it was last near the peak
        self._back_ms = np.zeros(0, np.int64)  # spent moving backwards since; it fades while standing
        self._seen_ms = np.zeros(0, np.int64)  # last time in its lane
        self._against = np.zeros(0, bool)
        self._steps = np.zeros(0, np.int64)  # seen in its lane since it began
        self._size = np.zeros(0)  # on the ground, at the peak
        self._spread = np.zeros(0)  # one sigma of the place, at the peak

    def reset(self, slots: Sequence[int], capacity: int) -> None:
        """Void what is known of some slots, and make room."""
        more = capacity - len(self._lane)
        if more > 0:
            for name in _KEPT:
                setattr(self, name, np.pad(getattr(self, name), (0, more)))
            self._lane = np.pad(self._lane, (0, more), constant_values=-1)
            self._pace.grow(more)
        picked = list(slots)
        self._lane[picked], self._against[picked] = -1, False

    def update(self, t_ms: int, slots: Index, seen: Seen, excused: NDArray[np.bool_]) -> list[tuple[int, Movement]]:
        """Movements, each with its slot, of vehicles seen. excused: (N, lanes) in a manoeuvre zone."""
        if not self._lanes:
            return []
        near, place = self._map.find(seen.points)
        lane = self._lane[slots]
        movements: list[tuple[int, Movement]] = []
        touched = np.flatnonzero((near >= 0) | (lane >= 0))
        if len(touched):
            slots, near, place, lane = slots[touched], near[touched], place[touched], lane[touched]
            seen, excused = seen.pick(touched), excused[touched]
            late = t_ms - self._seen_ms[slots] > ABSENT_MS
            stays = (near == lane) & (near >= 0)
            away = (lane >= 0) & ~stays & late
            if away.any():
                movements += self._end(t_ms, slots[away])
                self._lane[slots[away]] = -1
            begins = (near >= 0) & ((lane < 0) | away)
            if begins.any():
                self._begin(t_ms, slots[begins], near[begins], place[begins], seen.sizes[begins])
            i = np.flatnonzero(stays)
            if len(i):
                movements += self._advance(t_ms, slots[i], place[i], seen.pick(i), excused[i, near[i]])
        return [*movements, *self._let_go(t_ms)]

    def update_one(self, t_ms: int, slot: int, seen: SeenOne, excuses: Sequence[bool]) -> list[tuple[int, Movement]]:
        """The same as `update` of one vehicle, faster. excuses: whether it is in a manoeuvre zone of each lane."""
        if not self._lanes:
            return []
        near, place = self._map.find_one(seen.x, seen.y)
        lane = self._lane.item(slot)
        movements: list[tuple[int, Movement]] = []
        if near >= 0 and near == lane:
            movements = self._advance_one(t_ms, slot, place, seen, excused=excuses[near])
        elif near >= 0 or lane >= 0:
            away = lane >= 0 and t_ms - self._seen_ms.item(slot) > ABSENT_MS
            if away:
                movements = self._end(t_ms, np.array([slot]))
                self._lane[slot] = -1
            if near >= 0 and (lane < 0 or away):
                self._begin(t_ms, slot, near, place, seen.size)
        return [*movements, *self._let_go(t_ms)]

    def course(self, slot: int) -> float | None:
        """The direction, in radians from the first axis, of the lane a vehicle is in, where it is in it."""
        lane = self._lane.item(slot)
        return self._map.direction(lane, self._pace.steady.item(slot)) if lane >= 0 else None

    def _let_go(self, t_ms: int) -> list[tuple[int, Movement]]:
        """Forget the lanes of those not seen in them for long."""
        if t_ms <= self._all_kept_ms:
            return []
        movements: list[tuple[int, Movement]] = []
        gone = np.flatnonzero((self._lane >= 0) & (t_ms - self._seen_ms > LOST_MS))
        if len(gone):
            movements = self._end(t_ms, gone)
            self._lane[gone] = -1
        kept = self._seen_ms[self._lane >= 0]
        self._all_kept_ms = min(int(kept.min(initial=t_ms)), t_ms) + LOST_MS
        return movements

    def _advance_one(
        self, t_ms: int, slot: int, place: float, seen: SeenOne, *, excused: bool
    ) -> list[tuple[int, Movement]]:
        lane, span = self._lane.item(slot), t_ms - self._seen_ms.item(slot)
        steady, speed = self._pace.next_one(t_ms, slot, place, span)
        another = self._another_one(slot, (steady, speed), span, seen)
        limit = max(self._limit_m.item(lane), SIGMAS * max(seen.spread, self._spread.item(slot)))
        self._seen_ms[slot], self._pace.steady[slot], self._pace.speed[slot] = t_ms, steady, speed
        self._steps[slot] += 1
        against, peak, deepest = self._against.item(slot), self._peak.item(slot), self._deepest.item(slot)
        if not against and steady >= peak - NEAR_SHARE * limit:
            peak = max(peak, steady)
            self._size[slot], self._spread[slot], self._peak[slot] = seen.size, seen.spread, peak
            self._back_ms[slot], self._turn_ms[slot] = 0, t_ms
        else:
            slow, went = max(CREEP_M_S, seen.spread / BASE_MS * 1000), min(span, 2 * BASE_MS)
            back = went if speed < -slow else -went // FADING if speed <= slow else 0
            self._back_ms[slot] = max(self._back_ms.item(slot) + back, 0)
        deepest = min(deepest, steady)
        self._deepest[slot] = deepest if against else steady
        movements = []
        far = peak - steady >= limit and self._back_ms.item(slot) >= self._limit_ms.item(lane)
        if far and not (against or excused or another):
            self._against[slot] = True
            movements = [self._movement(t_ms, slot, MovementKind.AGAINST_LANE)]
        if excused or another or (against and steady > deepest + ALONG_SHARE * limit):
            if self._against.item(slot):
                movements += self._end(t_ms, np.array([slot]))
            self._begin(t_ms, slot, lane, place, seen.size)
        return movements

    def _another_one(self, slot: int, moved: tuple[float, float], span: int, seen: SeenOne) -> bool:
        steady, speed = moved
        span_s = span / 1000
        if self._steps.item(slot) < 3:
            return span_s > BRAKE_S
        before, pace = self._pace.steady.item(slot), self._pace.speed.item(slot)
        off = abs(steady - before - pace * span_s)
        ratio = seen.size / self._size.item(slot)
        jumped = off > JUMP_M + BRAKE_M_S2 / 2 * min(span_s, BRAKE_S) ** 2 + SIGMAS * seen.spread
        backing = max(speed, pace) < -BACKING_M_S
        return jumped or (not backing and (ratio > ALIKE or ratio < 1 / ALIKE))

    def _begin(self, t_ms: int, slots: Many, lanes: Many, place: Reals, sizes: Reals) -> None:
        self._lane[slots], self._against[slots] = lanes, False
        self._peak[slots], self._deepest[slots] = place, place
        self._size[slots], self._spread[slots], self._steps[slots] = sizes, 0.0, 0
        self._turn_ms[slots], self._seen_ms[slots], self._back_ms[slots] = t_ms, t_ms, 0
        self._pace.begin(t_ms, slots, place)

    def _advance(
        self, t_ms: int, slots: Index, place: Array, seen: Seen, excused: NDArray[np.bool_]
    ) -> list[tuple[int, Movement]]:
        lanes = self._lane[slots]
        span = t_ms - self._seen_ms[slots]
        steady, speed = self._pace.next(t_ms, slots, place, span)
        another = self._another(slots, (steady, speed), span, seen)
        limit = np.maximum(self._limit_m[lanes], SIGMAS * np.maximum(seen.spread, self._spread[slots]))
        self._seen_ms[slots], self._pace.steady[slots], self._pace.speed[slots] = t_ms, steady, speed
        self._steps[slots] += 1
        against = self._against[slots]
        peak = self._peak[slots]
        close = ~against & (steady >= peak - NEAR_SHARE * limit)
        self._size[slots] = np.where(close, seen.sizes, self._size[slots])
        self._spread[slots] = np.where(close, seen.spread, self._spread[slots])
        slow = np.maximum(CREEP_M_S, seen.spread / BASE_MS * 1000)  # no faster than jitter makes one that stands
        went = np.minimum(span, 2 * BASE_MS)
        back = np.where(speed < -slow, went, np.where(speed <= slow, -went // FADING, 0))
        self._back_ms[slots] = np.where(close, 0, np.maximum(self._back_ms[slots] + back, 0))
        self._peak[slots] = np.where(close, np.maximum(peak, steady), peak)
        self._turn_ms[slots] = np.where(close, t_ms, self._turn_ms[slots])
        deepest = np.minimum(self._deepest[slots], steady)
        self._deepest[slots] = np.where(against, deepest, steady)
        long_enough = self._back_ms[slots] >= self._limit_ms[lanes]
        turns = ~against & ~excused & ~another & (peak - steady >= limit) & long_enough
        self._against[slots[turns]] = True
        movements = [self._movement(t_ms, s, MovementKind.AGAINST_LANE) for s in slots[turns].tolist()]
        over = excused | another | (against & (steady > deepest + ALONG_SHARE * limit))
        if over.any():
            movements += self._end(t_ms, slots[over])
            self._begin(t_ms, slots[over], lanes[over], place[over], seen.sizes[over])
        return movements

    def _another(self, slots: Index, moved: tuple[Array, Array], span: Index, seen: Seen) -> NDArray[np.bool_]:
        """(N,) whether this cannot be the vehicle whose progress has been followed. moved: places and speeds.

        Of one that backs at speed right through a change of its box, the box is at fault: it took in a neighbour.
        """
        steady, speed = moved
        span_s = span / 1000
        off = np.abs(steady - self._pace.steady[slots] - self._pace.speed[slots] * span_s)
        jumped = off > JUMP_M + BRAKE_M_S2 / 2 * np.minimum(span_s, BRAKE_S) ** 2 + SIGMAS * seen.spread
        ratio = seen.sizes / self._size[slots]
        backing = np.maximum(speed, self._pace.speed[slots]) < -BACKING_M_S
        followed = self._steps[slots] >= 3
        another: NDArray[np.bool_] = followed & (jumped | (((ratio > ALIKE) | (ratio < 1 / ALIKE)) & ~backing))
        another |= ~followed & (span_s > BRAKE_S)  # seen too briefly to be known again
        return another

    def _end(self, t_ms: int, slots: Index) -> list[tuple[int, Movement]]:
        """Says of those vehicles that went against their lane that it is over."""
        going = slots[self._against[slots]]
        self._against[going] = False
        return [self._movement(t_ms, s, MovementKind.ALONG_LANE) for s in going.tolist()]

    def _movement(self, t_ms: int, slot: int, kind: MovementKind) -> tuple[int, Movement]:
        back_m = round(float(self._peak[slot] - self._deepest[slot]), 2)
        duration_ms = t_ms - int(self._turn_ms[slot])
        lane = self._lanes[int(self._lane[slot])].id
        return slot, Movement(t_ms, "", kind, lane, distance_m=back_m, duration_ms=duration_ms)
