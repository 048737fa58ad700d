"""A driver: takes a vehicle along its route by a list of moves, speeding up and braking as trucks do."""

import math
from dataclasses import dataclass

SPEED_UP_M_S2 = 0.7
BRAKE_M_S2 = 0.9
CREEP_M_S = 0.15
HELD_M = 0.02  # so near to where he must wait a driver stands


@dataclass(frozen=True, slots=True)
class Leg:
    """Drive until the front axle stands at to_m along the route, forward or back."""

    to_m: float
    speed_m_s: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Stand for some seconds."""

    seconds: float


Move = Leg | Wait


class Driver:
    """Position along the route over time. position_m, speed_m_s (negative backward), acceleration_m_s2: as of now."""

    def __init__(self, moves: tuple[Move, ...], start_m: float = 0.0, speed_m_s: float = 0.0) -> None:
        self._moves = list(moves)
        self._waited = 0.0
        self.position_m, self.speed_m_s, self.acceleration_m_s2 = start_m, speed_m_s, 0.0

    @property
    def done(self) -> bool:
        return not self._moves

    def step(self, dt_s: float, bounds_m: tuple[float, float] = (-math.inf, math.inf)) -> None:
        """Let dt_s pass. bounds_m: how far back and on the first axle may go now: a driver waits there."""
        if not self._moves:
            self.acceleration_m_s2 = self.speed_m_s = 0.0
            return
        move = self._moves[0]
        if isinstance(move, Wait):
            self._waited += dt_s
            self.acceleration_m_s2 = self.speed_m_s = 0.0
            if self._waited >= move.seconds:
                self._moves.pop(0)
                self._waited = 0.0
            return
        self._drive(move, dt_s, bounds_m)

    def _drive(self, leg: Leg, dt_s: float, bounds_m: tuple[float, float]) -> None:
        way = 1.0 if leg.to_m >= self.position_m else -1.0
        end_m = min(leg.to_m, bounds_m[1]) if way > 0 else max(leg.to_m, bounds_m[0])
        held = end_m != leg.to_m
        rest = max(0.0, (end_m - self.position_m) * way)
        if held and rest < HELD_M:
            self.acceleration_m_s2 = self.speed_m_s = 0.0
            return
        through = (
            len(self._moves) > 1 and isinstance(self._moves[1], Leg) and (self._moves[1].to_m - leg.to_m) * way > 0
        )
        last = len(self._moves) == 1  # leaves the scene at speed
        limit = (
            leg.speed_m_s
            if (last or through) and not held
            else min(leg.speed_m_s, (2 * BRAKE_M_S2 * rest) ** 0.5 + CREEP_M_S * 0.2)
        )
        before = self.speed_m_s * way
        speed = (
            min(before + SPEED_UP_M_S2 * dt_s, limit)
            if limit > before
            else max(before - 1.6 * BRAKE_M_S2 * dt_s, limit)
        )
        moved = min(speed * dt_s, rest)
        self.acceleration_m_s2 = way * (speed - before) / dt_s
        self.position_m += way * moved
        self.speed_m_s = way * speed
        if abs(leg.to_m - self.position_m) < 0.005:
            self._moves.pop(0)
            if not through:
                self.speed_m_s = 0.0
