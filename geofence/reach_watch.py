"""Watches which vehicles of one camera reach into areas on the ground with any part of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.build import BUILDS
from geofence.course import Courses
from geofence.footprint import Known
from geofence.plane import GroundPlane
from geofence.reach import Area, reached, ways
from geofence.shapes import ZoneShape
from geofence.steady import Box, SteadyBox

Array = NDArray[np.float64]
Told = dict[int, dict[int, int]]  # by slot and number of the zone: 1 in, −1 out, 0 nobody can tell
REACHED = ("forbidden",)  # kinds of zones that no part of a vehicle may be in
MOST = 7  # vehicles near areas at once, beyond which nobody's footprint is told: their turns came too seldom
FITS = 1  # vehicles whose footprint is told anew at one look: the others wait their turn
FIT_EVERY_MS = 150
STALE_MS = 1_500  # what was told so long ago is told no more
NEAR_M = 25.0  # vehicles are followed from here on, so that their direction is known when it matters
FOOT_M = 2.0  # the place seen of a vehicle is no farther from it than this
LATERAL_SIGMA_M = 5.0  # the place seen may be anywhere along a vehicle that lies across


class Body(NamedTuple):
    """A vehicle near an area: its ground point with one sigma, its least length, and the direction of its lane."""

    slot: int
    kind: str
    box: Box
    x: float
    y: float
    spread_m: float
    least_m: float
    lane: float | None


@dataclass(slots=True)
class _Seen:
    """One vehicle. lately: what its box says of areas; says: what it says twice in a row, else 0; told_ms: when."""

    box: SteadyBox = field(default_factory=lambda: SteadyBox(FIT_EVERY_MS))
    told_ms: int = -(2**40)
    lately: dict[int, int] = field(default_factory=dict)
    says: dict[int, int] = field(default_factory=dict)


class ReachWatch:
    """Tells of the vehicles whose class and direction are known whether they reach into areas, by their footprints."""

    def __init__(self, zones: Sequence[ZoneShape], plane: GroundPlane, margin_m: float) -> None:
        self._zones = {number: zone for number, zone in enumerate(zones) if zone.kind in REACHED}
        self._areas = {number: Area(zone, margin_m) for number, zone in self._zones.items()}
        bounds = np.array([area.bounds for area in self._areas.values()]).reshape(-1, 4)
        self._low, self._high = bounds[:, :2] - NEAR_M, bounds[:, 2:] + NEAR_M
        self._plane = plane
        self._courses = Courses()
        self._seen: dict[int, _Seen] = {}

    def reset(self, slots: Sequence[int], _capacity: int) -> None:
        """Void what is known of some slots."""
        self._courses.forget(slots)
        for slot in slots:
            self._seen.pop(slot, None)

    def near(self, points: Array, kind: Callable[[int], str]) -> list[int]:
        """Which of (N, 2) places are near an area, of vehicles whose class is known; none where they are too many.

        kind: the class of the vehicle of a row.
        """
        x, y = points[:, 0, None], points[:, 1, None]
        within = (x >= self._low[:, 0]) & (x <= self._high[:, 0]) & (y >= self._low[:, 1]) & (y <= self._high[:, 1])
        rows = [row for row in np.flatnonzero(within.any(axis=1)).tolist() if kind(row) in BUILDS]
        return rows if len(rows) <= MOST else []

    def update(self, t_ms: int, bodies: Sequence[Body]) -> Told:
        """What is known by footprints of vehicles near areas; of those missing it is not known how they lie."""
        waiting = []
        for body in bodies:
            self._courses.add(t_ms, body.slot, body.x, body.y, body.spread_m)
            seen = self._seen.setdefault(body.slot, _Seen())
            seen.box.add(t_ms, body.box)
            waiting.append((seen.box.taken_ms, body.slot, body))
        fits = 0
        for _, _, body in sorted(waiting):
            fits += self._fit(t_ms, body)
            if fits == FITS:
                break
        return {slot: self._told(t_ms, seen) for slot, seen in self._seen.items() if t_ms - seen.told_ms <= STALE_MS}

    def _fit(self, t_ms: int, body: Body) -> bool:
        """Look again how a vehicle lies, where it has moved; whether that took long."""
        size, seen = BUILDS[body.kind], self._seen[body.slot]
        reach_m = size.longest_m + FOOT_M
        areas = {number: area for number, area in self._areas.items() if area.near(body.x, body.y, reach_m)}
        length = size.length(body.least_m)
        course = self._courses.course(t_ms, body.slot, body.spread_m, length[0], body.lane) if areas else None
        if course is None:
            return False
        if t_ms - seen.told_ms > STALE_MS:
            seen.lately = {}
            seen.box.void()
        taken = seen.box.take(t_ms)
        if taken is None:
            return False
        seen.told_ms = t_ms
        if not taken.moved:
            seen.says = seen.lately
            return False
        found = ways(self._plane, taken.box, Known(size, *length, 0, LATERAL_SIGMA_M), course, taken.sigma_px)
        before, seen.lately = seen.lately, reached(areas, found)
        seen.says = {number: says if says == before.get(number) else 0 for number, says in seen.lately.items()}
        return True

    def _told(self, t_ms: int, seen: _Seen) -> dict[int, int]:
        told = {}
        for number, says in seen.says.items():
            hours = self._zones[number].hours
            told[number] = says if hours is None or hours.active(t_ms) else -1
        return told
