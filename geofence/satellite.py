"""Satellite fences: which registered vehicles are in which areas, with jitter, jumps and lost signals told apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geofence.areas import AreaIndex, SatelliteArea
from geofence.coordinates import Datum, stretch, to_plane
from geofence.movement import Movement, MovementKind

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Signal(StrEnum):
    """What a vehicle's receiver is doing."""

    OK = "ok"
    JUMPING = "jumping"  # its last position cannot be reached from the one before
    LOST = "lost"  # silent for longer than it may be
    UNKNOWN = "unknown"  # never heard


@dataclass(frozen=True, slots=True)
class SignalChange:
    """A receiver's state changed; since_ms: the last position that was believed."""

    t_ms: int
    vehicle: str
    state: Signal
    since_ms: int


@dataclass(frozen=True, slots=True)
class Reception:
    """margin_m: how far outside an area a vehicle must be before it has left. fixes: in a row, before anything counts.

    speed_m_s: faster than this between two positions is a jump. lost_ms: silence before the signal counts as lost.
    """

    margin_m: float = 30.0
    fixes: int = 2
    speed_m_s: float = 50.0
    jitter_m: float = 60.0
    lost_ms: int = 300_000


class SatelliteFence:
    """Tens of thousands of vehicles against thousands of areas. Vehicles are named as they are registered."""

    def __init__(self, areas: Sequence[SatelliteArea], reception: Reception | None = None) -> None:
        self._index = AreaIndex(areas)
        self._reception = reception or Reception()
        self._slot_of: dict[str, int] = {}
        self._names: list[str] = []
        self._place = np.empty((0, 2))
        self._last_ms = np.empty(0, np.int64)
        self._heard_ms = np.empty(0, np.int64)  # also of positions not believed
        self._first_ms = np.empty(0, np.int64)
        self._doubt = np.empty((0, 2))  # where a vehicle jumped to
        self._doubts = np.empty(0, np.int64)
        self._signal: dict[int, Signal] = {}  # of those that are not OK
        self._inside: set[tuple[int, int]] = set()
        self._changing: dict[tuple[int, int], tuple[int, int]] = {}  # fixes that contradict, and the first one's time

    def update(
        self, t_ms: int, vehicles: Sequence[str], positions: Array, datum: Datum = Datum.WGS84
    ) -> tuple[list[Movement], list[SignalChange]]:
        """Movements and changes of signal by positions (N, 2) of one instant (UTC ms), longitude first.

        Positions that are no place (not finite, off the globe, 0 and 0) are ignored, and of two for one vehicle the
        last one counts. ENTERED has direction "in" where the vehicle was heard outside before, None where it was first
        heard inside. An area outside its hours holds nobody.
        """
        positions = np.asarray(positions, np.float64).reshape(-1, 2)
        real = np.isfinite(positions).all(axis=1) & (np.abs(positions) <= (180, 85)).all(axis=1)
        real &= np.abs(positions).max(axis=1) > 1e-6
        last = {v: i for i, v in enumerate(vehicles) if real[i]}
        rows = np.fromiter(last.values(), np.int64, len(last))
        slots = np.array([self._slot(v, t_ms) for v in last], dtype=np.int64)
        late = self._heard_ms[slots] < t_ms
        rows, slots = rows[late], slots[late]
        self._heard_ms[slots] = t_ms
        points = to_plane(positions[rows], datum)
        believed, changes = self._believe(t_ms, slots, points)
        slots, points = slots[believed], points[believed]
        self._place[slots], self._last_ms[slots] = points, t_ms
        movements = self._judge(t_ms, slots, points)
        return movements, changes + self.expire(t_ms)

    def expire(self, t_ms: int) -> list[SignalChange]:
        """Whose signal has been lost by an instant."""
        silent = np.flatnonzero(t_ms - self._heard_ms > self._reception.lost_ms)
        return [c for s in silent.tolist() if (c := self._turn(t_ms, s, Signal.LOST)) is not None]

    def signal(self, vehicle: str) -> Signal:
        """What a vehicle's receiver is doing."""
        slot = self._slot_of.get(vehicle)
        return Signal.UNKNOWN if slot is None else self._signal.get(slot, Signal.OK)

    def inside(self, vehicle: str) -> tuple[str, ...] | None:
        """Ids of the areas a vehicle is in; None while its signal is lost or it was never heard."""
        slot = self._slot_of.get(vehicle)
        if slot is None or self._signal.get(slot) is Signal.LOST:
            return None
        return tuple(sorted(self._index.areas[a].id for s, a in self._inside if s == slot))

    def permitted(self, vehicle: str, areas: Sequence[str]) -> bool | None:
        """Whether a vehicle is in one of the areas it must keep to; None where nobody can tell."""
        now = self.inside(vehicle)
        return None if now is None else any(a in now for a in areas)

    def _slot(self, vehicle: str, t_ms: int) -> int:
        slot = self._slot_of.get(vehicle)
        if slot is None:
            slot = self._slot_of[vehicle] = len(self._names)
            self._names.append(vehicle)
            if slot >= len(self._last_ms):
                more = max(64, slot)
                self._place = np.vstack([self._place, np.full((more, 2), np.nan)])
                self._doubt = np.vstack([self._doubt, np.full((more, 2), np.nan)])
                self._doubts = np.concatenate([self._doubts, np.zeros(more, np.int64)])
                never = np.full(more, np.iinfo(np.int64).max)
                self._last_ms = np.concatenate([self._last_ms, never])
                self._heard_ms = np.concatenate([self._heard_ms, never])
                self._first_ms = np.concatenate([self._first_ms, never])
            self._last_ms[slot] = self._heard_ms[slot] = t_ms - 1
            self._first_ms[slot] = t_ms
        return slot

    def _believe(self, t_ms: int, slots: Index, points: Array) -> tuple[NDArray[np.bool_], list[SignalChange]]:
        """Which positions can be reached from the last one believed, or have been repeated where they jumped to."""
        reception = self._reception
        scale = stretch(points)
        span_s = (t_ms - self._last_ms[slots]) / 1000
        allowed = reception.jitter_m + reception.speed_m_s * span_s
        near = ~(np.hypot(*(points - self._place[slots]).T) / scale > allowed)
        again = np.hypot(*(points - self._doubt[slots]).T) / scale <= allowed
        doubts = np.where(near, 0, np.where(again, self._doubts[slots] + 1, 1))
        settled = doubts > reception.fixes
        believed = near | settled
        self._doubts[slots] = np.where(settled, 0, doubts)
        self._doubt[slots] = np.where(believed[:, None], np.nan, points)
        turns = [self._turn(t_ms, s, Signal.JUMPING) for s in slots[~believed].tolist()]
        turns += [self._turn(t_ms, s, Signal.OK) for s in slots[believed].tolist() if s in self._signal]
        return believed, [c for c in turns if c is not None]

    def _turn(self, t_ms: int, slot: int, state: Signal) -> SignalChange | None:
        if self._signal.get(slot, Signal.OK) is state:
            return None
        if state is Signal.OK:
            del self._signal[slot]
        else:
            self._signal[slot] = state
        return SignalChange(t_ms, self._names[slot], state, int(self._last_ms[slot]))

    def _judge(self, t_ms: int, slots: Index, points: Array) -> list[Movement]:
        pairs = self._index.inside(points)
        pairs = pairs[self._index.active(t_ms)[pairs[:, 1]]]
        now = set(zip(slots[pairs[:, 0]].tolist(), pairs[:, 1].tolist(), strict=True))
        heard = dict(zip(slots.tolist(), range(len(slots)), strict=True))
        gone = [p for p in self._inside if p[0] in heard and p not in now]
        out = self._far_enough(t_ms, gone, points[[heard[s] for s, _ in gone]])
        come = now - self._inside
        turning = come | out
        self._changing = {p: c for p, c in self._changing.items() if p in turning or p[0] not in heard}
        movements = []
        for pair in sorted(turning):
            count, since = self._changing.get(pair, (0, t_ms))
            self._changing[pair] = (count + 1, since)
            if count + 1 >= self._reception.fixes:
                del self._changing[pair]
                movements.append(self._movement(t_ms, pair, since))
        return movements

    def _far_enough(self, t_ms: int, gone: list[tuple[int, int]], points: Array) -> set[tuple[int, int]]:
        """Of vehicles outside an area they were in, those farther from it than jitter reaches, or past its hours."""
        areas = np.array([a for _, a in gone], dtype=np.int64)
        if not gone:
            return set()
        far = self._index.distance_m(points, areas) > self._reception.margin_m
        far |= ~self._index.active(t_ms)[areas]
        return {p for p, f in zip(gone, far.tolist(), strict=True) if f}

    def _movement(self, t_ms: int, pair: tuple[int, int], since_ms: int) -> Movement:
        slot, area = pair
        vehicle, shape = self._names[slot], self._index.areas[area].id
        if pair in self._inside:
            self._inside.remove(pair)
            return Movement(t_ms, vehicle, MovementKind.LEFT, shape, "out")
        self._inside.add(pair)
        first = int(self._first_ms[slot]) >= since_ms
        return Movement(t_ms, vehicle, MovementKind.ENTERED, shape, None if first else "in")
