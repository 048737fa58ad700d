"""Which way vehicles lie, from where they have driven."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

STEP_M = 0.7  # places nearer together than this are one
PLACES = 20
BASE_M, BASE_SIGMAS = 3.0, 8.0  # how far it must have come, before its direction is known,
LEAST_PLACES, ONWARD = 4, 0.35  # over so many places, and so much of the way onward: a box that jumps drives nowhere
FLOOR = math.radians(4.0)  # the place seen wanders over the vehicle as it passes
UNSEEN = math.radians(6.0)  # it may have turned just before it was seen
TURN_SHARE, TURN_MOST = 0.5, math.radians(25.0)  # of the turn over its own length, by which its body may lag
IN_LANE = math.radians(6.0)
STOOD_MS = 1_000  # in a lane without moving: it lies along it


@dataclass(frozen=True, slots=True)
class Course:
    """The direction a vehicle lies in, in radians from east; either end may be its front. sigma: radians."""

    angle: float
    sigma: float


class Courses:
    """Where each slot's vehicle has driven, on the ground in metres."""

    def __init__(self) -> None:
        self._paths: dict[int, deque[tuple[float, float]]] = {}
        self._since_ms: dict[int, int] = {}

    def forget(self, slots: Sequence[int]) -> None:
        """Void what is known of some slots."""
        for slot in slots:
            self._paths.pop(slot, None)

    def add(self, t_ms: int, slot: int, x: float, y: float, spread_m: float) -> None:
        """A vehicle is seen at a place, known to within spread_m (one sigma)."""
        path = self._paths.get(slot)
        if path is None:
            path = self._paths[slot] = deque(maxlen=PLACES)
            self._since_ms[slot] = t_ms
        if not path or math.hypot(x - path[-1][0], y - path[-1][1]) >= max(STEP_M, 2 * spread_m):
            path.append((x, y))

    def course(self, t_ms: int, slot: int, spread_m: float, length_m: float, lane: float | None) -> Course | None:
        """The direction of a vehicle about so long; None where nobody can know. lane: direction of the lane it is in.

        A trailer follows aslant until it has been straight for its own length.
        """
        path = self._paths.get(slot)
        if path is None:
            return None
        base_m = max(BASE_M, BASE_SIGMAS * spread_m)
        places, driven_m = [path[-1]], 0.0
        for place in reversed([*path][:-1]):
            driven_m += math.dist(place, places[-1])
            places.append(place)
            if driven_m > max(length_m, base_m + STEP_M):
                break
        onward = len(places) >= LEAST_PLACES and math.dist(places[0], places[-1]) >= ONWARD * driven_m
        angles = _angles(places[::-1], base_m) if onward else []
        if angles:
            turns = [_between(a, angles[0]) for a in angles]
            turn = min(TURN_SHARE * (max(turns) - min(turns)), TURN_MOST)
            noise, unseen = math.sqrt(2) * spread_m / base_m, UNSEEN * max(1 - driven_m / length_m, 0.0)
            return Course(angles[0], math.hypot(FLOOR, noise, turn, unseen))
        if lane is not None and len(path) == 1 and t_ms - self._since_ms[slot] >= STOOD_MS:
            return Course(lane, math.hypot(FLOOR, IN_LANE))
        return None


def _angles(path: list[tuple[float, float]], base_m: float) -> list[float]:
    """Directions over base_m up to each place of a path, the newest first, while they can be told."""
    angles = []
    for last in range(len(path) - 1, 0, -1):
        x, y = path[last]
        first = next((p for p in reversed(path[:last]) if math.hypot(x - p[0], y - p[1]) >= base_m), None)
        if first is None:
            break
        angles.append(math.atan2(y - first[1], x - first[0]))
    return angles


def _between(a: float, b: float) -> float:
    """The angle from b to a, either end forward: −π/2 to π/2."""
    return (a - b + math.pi / 2) % math.pi - math.pi / 2
