"""Crossing a boundary: a corridor with memory, so that one passage is one crossing whatever happens in between.

    outside                         │ line                          inside
    ── settled outside ──┤░░░░░░░░░░│░░░░░░░░░░├── settled inside ──
                          corridor: nothing is decided here

A vehicle is settled on a side once it is beyond the corridor there. A crossing counts when it settles on the other side
and its path went through the line, not around an end of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geofence.movement import Movement, MovementKind
from geofence.shapes import BoundaryShape

Array = NDArray[np.float64]
Index = NDArray[np.int64]
DEEP = 0.5  # share of the corridor's half width inside which a vehicle has come into it
PLAIN = 1.2  # times the half width beyond which a vehicle is plainly out of the corridor;
SLIGHT = 5  # nearer to it than that, it must stay so many times longer: one that stands on the edge trembles
CONTINUOUS_MS = 600  # two observations farther apart do not confirm each other
JUMP_SPEED = 3.0  # a last or first step this much faster than the ones beside it is a box that jumped


@dataclass(slots=True)
class _Trace:
    """One vehicle at one boundary. side: where it is settled, 0 nowhere yet. net: crossings of its path since."""

    side: int = 0
    began_beyond: bool = False
    net: int = 0
    along: float = np.nan  # where its path last crossed
    slack: float = 0.0
    settled: int = 0  # observations beyond the corridor on its side
    came_in_ms: int | None = None  # into the corridor
    deep: int = 0  # observations deep in it
    other_ms: int | None = None  # first of a run of observations beyond the corridor, while undecided
    other: int = 0
    other_seen: int = 0
    plain_ms: int | None = None  # first of those last ones that are plainly beyond
    seen_ms: int = 0
    leap: float = 0.0  # speed of the step that began that run, per ms
    pace: float = 0.0  # speed before it
    far: bool = False  # whether that step was long

    @property
    def jumped(self) -> bool:
        """Whether the run began unlike anything that drives."""
        return self.far and self.leap > JUMP_SPEED * self.pace

    @property
    def undecided(self) -> bool:
        """Whether the next observation may tell something, even one beyond the corridor on its side."""
        return self.came_in_ms is not None or self.other_ms is not None or self.net != 0 or self.settled < 2


@dataclass(frozen=True, slots=True)
class _Look:
    """One observation at one boundary. speed: of the step to it, pace: of the step before; far: a long step.

    plain: beyond the corridor by more than trembling.
    """

    t_ms: int
    side: int
    beyond: bool
    plain: bool
    deep: bool
    speed: float
    pace: float
    far: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Came:
    """Vehicles to look at: where they are, known to within spread, after steps (NaN for a first one) of so many ms."""

    slots: Index
    points: Array
    spread: Array
    steps: Array
    span: Index


@dataclass(frozen=True, slots=True)
class _Seen:
    """One vehicle near one boundary. net: crossings by its last step, the last of them at along.

    step: its length, NaN for a first one; span: its ms.
    """

    slot: int
    distance: float
    side: int
    beyond: bool
    net: int
    along: float
    step: float
    span: int


class BoundaryWatch:
    """Watches one boundary for the vehicles of one camera. Slots are those of Vehicles."""

    def __init__(self, shape: BoundaryShape, confirm_ms: int) -> None:
        self.shape = shape
        self._line = shape.polyline()
        self._gates = shape.gate_spans()
        self._half = shape.corridor / 2
        self._confirm_ms = confirm_ms
        self._traces: dict[int, _Trace] = {}
        self._calm = np.zeros(0, np.int64)  # the settled side of a vehicle with nothing undecided, else 0
        self._before = np.full((0, 2), np.nan)
        self._before_ms = np.zeros(0, np.int64)
        self._pace = np.zeros(0)
        self._clear = np.zeros(0)  # no nearer to the line than this

    def reset(self, slots: Sequence[int], capacity: int) -> None:
        """Void what is known of some slots, and make room."""
        if capacity > len(self._calm):
            more = capacity - len(self._calm)
            self._calm = np.concatenate([self._calm, np.zeros(more, np.int64)])
            self._before = np.vstack([self._before, np.full((more, 2), np.nan)])
            self._before_ms = np.concatenate([self._before_ms, np.zeros(more, np.int64)])
            self._pace = np.concatenate([self._pace, np.zeros(more)])
            self._clear = np.concatenate([self._clear, np.zeros(more)])
        for slot in slots:
            self._traces.pop(slot, None)
            self._calm[slot] = 0
            self._before[slot] = np.nan
            self._pace[slot] = self._clear[slot] = 0.0

    def update(self, t_ms: int, slots: Index, points: Array, spread: Array) -> list[tuple[int, Movement]]:
        """Movements, each with its slot, of vehicles seen at (N, 2) points known to within spread (N,), one sigma.

        The movements carry no vehicle yet. NaN points are not seen.
        """
        seen = np.isfinite(points[:, 0])
        slots, points, spread = slots[seen], points[seen], spread[seen]
        if not len(slots):
            return []
        before = self._before[slots]
        steps = np.hypot(points[:, 0] - before[:, 0], points[:, 1] - before[:, 1])
        span = np.maximum(t_ms - self._before_ms[slots], 1)
        due = self._due(slots, steps, spread)
        came = _Came(slots[due], points[due], spread[due], steps[due], span[due])
        movements = self._look(t_ms, came) if len(due) else []
        self._before[slots], self._before_ms[slots] = points, t_ms
        self._pace[slots] = np.where(np.isnan(steps), 0.0, steps / span)
        return movements

    def update_one(self, t_ms: int, slot: int, x: float, y: float, spread: float) -> list[tuple[int, Movement]]:
        """The same as `update` of one vehicle, faster."""
        if not math.isfinite(x):
            return []
        before_x, before_y = self._before[slot].tolist()
        step = math.hypot(x - before_x, y - before_y)  # NaN for a first one
        span = max(t_ms - self._before_ms.item(slot), 1)
        wide = max(self._half, 2 * spread)
        clear = self._clear.item(slot) - step
        self._clear[slot] = clear
        movement = None
        if not self.shape.closed or not clear > wide or self._calm.item(slot) == 0:
            distance, side, _ = self._line.locate_one(x, y)
            self._clear[slot] = distance
            net, place = 0, math.nan
            if distance <= step:
                crossed, places = self._line.crossings(self._before[slot : slot + 1], np.array([[x, y]]))
                net, place = int(crossed[0]), float(places[0])
            if distance <= wide or net or side == 0 or side != self._calm.item(slot):
                seen = _Seen(slot, distance, side, distance > wide, net, place, step, span)
                movement = self._judge(t_ms, seen)
        self._before[slot], self._before_ms[slot] = (x, y), t_ms
        self._pace[slot] = 0.0 if math.isnan(step) else step / span
        return [] if movement is None else [(slot, movement)]

    def _due(self, slots: Index, steps: Array, spread: Array) -> NDArray[np.intp]:
        """Rows to look at: who is settled on a side of a closed line cannot have come near it in a shorter step."""
        clear = self._clear[slots] - steps
        self._clear[slots] = clear
        due = ~(clear > np.maximum(self._half, 2 * spread)) | (self._calm[slots] == 0)
        return np.flatnonzero(due) if self.shape.closed else np.arange(len(slots))

    def _look(self, t_ms: int, came: _Came) -> list[tuple[int, Movement]]:
        slots, points, steps, span = came.slots, came.points, came.steps, came.span
        found = self._line.locate(points)
        self._clear[slots] = found.distance
        beyond = found.distance > np.maximum(self._half, 2 * came.spread)
        # a step shorter than the way to the line cannot have crossed it
        near = (found.distance <= steps) & np.isfinite(steps)
        net, along = np.zeros(len(slots), np.int64), np.full(len(slots), np.nan)
        if near.any():
            net[near], along[near] = self._line.crossings(self._before[slots[near]], points[near])
        quiet = beyond & (net == 0) & (found.side == self._calm[slots]) & (found.side != 0)
        movements = []
        columns = (slots, found.distance, found.side, beyond, net, along, steps, span)
        for row in zip(*(column[~quiet].tolist() for column in columns), strict=True):
            seen = _Seen(*row)
            movement = self._judge(t_ms, seen)
            if movement is not None:
                movements.append((seen.slot, movement))
        return movements

    def _judge(self, t_ms: int, seen: _Seen) -> Movement | None:
        trace = self._traces.get(seen.slot)
        if trace is None:
            trace = self._traces[seen.slot] = _Trace(began_beyond=seen.beyond)
        if seen.net:
            trace.net += seen.net
            trace.along, trace.slack = seen.along, self._half + 0.25 * seen.step
        speed = 0.0 if math.isnan(seen.step) else seen.step / seen.span
        deep = seen.distance <= DEEP * self._half
        plain = seen.beyond and seen.distance > PLAIN * self._half
        pace, far = self._pace.item(seen.slot), seen.step > self._half
        movement = self._step(trace, _Look(t_ms, seen.side, seen.beyond, plain, deep, speed, pace, far))
        self._calm[seen.slot] = 0 if trace.undecided else trace.side
        return movement

    def flush(self, slot: int, last_ms: int) -> Movement | None:
        """The last word on a vehicle that is not expected back soon: a crossing under way is believed."""
        trace = self._traces.get(slot)
        if trace is None or trace.other_ms is None or trace.side in (0, trace.other):
            return None
        if trace.jumped or trace.net == 0 or trace.plain_ms is None:
            return None
        return self._cross(trace, last_ms)

    def _step(self, trace: _Trace, look: _Look) -> Movement | None:
        if not look.beyond:
            trace.other_ms = None
            if look.deep:
                trace.deep += 1
                if trace.came_in_ms is None:
                    trace.came_in_ms = look.t_ms
            return None
        here = look.side or (trace.side if trace.net == 0 else -trace.side)
        if here == 0:
            return None
        if trace.side == 0 and trace.began_beyond:
            trace.side, trace.settled, trace.net = here, 1, 0
            return None
        if here == trace.side and trace.came_in_ms is None:
            trace.settled, trace.net, trace.other_ms = trace.settled + 1, 0, None
            return None
        stale = look.t_ms - trace.seen_ms > CONTINUOUS_MS and trace.other_seen < 2
        trace.seen_ms = look.t_ms
        if trace.other_ms is None or trace.other != here or stale:
            trace.other_ms, trace.other, trace.other_seen, trace.plain_ms = look.t_ms, here, 0, None
            trace.leap, trace.pace, trace.far = look.speed, look.pace, look.far
        trace.other_seen += 1
        trace.plain_ms = (trace.plain_ms if trace.plain_ms is not None else look.t_ms) if look.plain else None
        plainly = trace.plain_ms is not None and look.t_ms - trace.plain_ms >= self._confirm_ms
        long = look.t_ms - trace.other_ms >= SLIGHT * self._confirm_ms
        return self._decide(trace, look, here) if trace.other_seen >= 2 and (plainly or long) else None

    def _decide(self, trace: _Trace, look: _Look, here: int) -> Movement | None:
        """A vehicle has stayed beyond the corridor long enough to be believed."""
        if here == trace.side:
            since_ms = trace.came_in_ms if trace.came_in_ms is not None else look.t_ms
            duration = look.t_ms - since_ms
            turned = trace.deep >= 2 and duration >= 2 * self._confirm_ms
            self._settle(trace, here)
            kind = MovementKind.TURNED_BACK
            return Movement(look.t_ms, "", kind, self.shape.id, duration_ms=duration) if turned else None
        began_inside = trace.side == 0
        around = trace.net == 0
        # seen once on the first side, then far off and slow: it was never on the first side
        false_start = trace.settled == 1 and trace.deep == 0 and trace.leap > JUMP_SPEED * look.speed
        if began_inside or around or false_start:
            self._settle(trace, here)
            return None
        return self._cross(trace, look.t_ms)

    def _cross(self, trace: _Trace, t_ms: int) -> Movement:
        direction = "in" if trace.other > 0 else "out"
        began = trace.came_in_ms if trace.came_in_ms is not None else trace.other_ms
        duration = t_ms - began if began is not None else None
        gate = self._gate(trace.along, trace.slack)
        self._settle(trace, trace.other)
        return Movement(t_ms, "", MovementKind.CROSSED, self.shape.id, direction, gate, duration_ms=duration)

    @staticmethod
    def _settle(trace: _Trace, side: int) -> None:
        trace.side, trace.settled, trace.net = side, 2, 0
        trace.came_in_ms, trace.deep = None, 0
        trace.other_ms, trace.other, trace.other_seen, trace.plain_ms = None, 0, 0, None

    def _gate(self, along: float, slack: float) -> str | None:
        """The gate at an arc length, the nearest one within the slack that a straight step leaves."""
        length = self._line.length
        best: tuple[float, str] | None = None
        for gate, low, high in self._gates:
            for place in (along, along + length) if self.shape.closed else (along,):
                away = max(low - place, place - high, 0.0)
                if away <= slack and (best is None or (away, gate) < best):
                    best = (away, gate)
        return best[1] if best else None
