"""Where a vehicle was while a camera followed it, and whether two cameras followed the same one.

A box's ground point is the end of the vehicle that is nearer to the camera: one that sees it come has its front, one
that sees it go has its rear. Two ground points are one vehicle's when they lie one behind the other along its way, the
right end ahead, by no more than a vehicle is long.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from statistics import median

from vision.facts import Sighting

KEPT_MS = 4_000
SAME_INSTANT_MS = 300
LEAST_PAIRS, LEAST_SPAN_MS = 5, 1_500  # of simultaneous looks, before two cameras can agree
LEAST_WAY_M = 1.0  # between two spots, for a heading
LEAST_FOOT_PX = 3.0  # a foot that moved down the picture by so much came nearer
LONGEST_M = {True: 20.0, False: 8.0}  # a goods vehicle, another; with what far ground points err by
ACROSS_M = 3.5  # a vehicle seen from its side has its box's middle beside its way
SLACK_M = 4.0  # ground points of one end at two cameras differ by so much
ELSEWHERE_M = 30.0  # seen at once this far apart is no one vehicle

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place at an instant. foot_px: how far down in the picture it was seen."""

    t_ms: int
    point: Point
    foot_px: float


@dataclass(slots=True)
class Way:
    """The last seconds of one trace. heading: unit vector, None until it has moved; coming: toward its camera."""

    first: Spot | None = None
    spots: deque[Spot] = field(default_factory=deque)
    heading: Point | None = None
    coming: bool | None = None

    def see(self, sighting: Sighting) -> None:
        """Take a sighting with a ground point."""
        if sighting.ground is None or sighting.final:
            return
        spot = Spot(sighting.t_ms, sighting.ground, sighting.box[3])
        self.first = self.first or spot
        self.spots.append(spot)
        while spot.t_ms - self.spots[0].t_ms > KEPT_MS:
            self.spots.popleft()
        origin = self.spots[0]
        dx, dy = spot.point[0] - origin.point[0], spot.point[1] - origin.point[1]
        way_m = math.hypot(dx, dy)
        if way_m >= LEAST_WAY_M:
            self.heading = dx / way_m, dy / way_m
            if abs(spot.foot_px - origin.foot_px) >= LEAST_FOOT_PX:
                self.coming = spot.foot_px > origin.foot_px

    @property
    def last(self) -> Spot | None:
        return self.spots[-1] if self.spots else None


def together(a: Way, b: Way, *, goods: bool) -> tuple[float, str] | None:
    """How well two cameras' ways, seen at once, are one vehicle's: a cost from 0, under 1 where they are, and why.

    None where the cameras did not see both long enough at once to tell.
    """
    pairs = _pairs(a, b)
    if len(pairs) < LEAST_PAIRS or pairs[-1][0].t_ms - pairs[0][0].t_ms < LEAST_SPAN_MS:
        return None
    return _fit(a, b, pairs, goods=goods)


def together_briefly(a: Way, b: Way, *, goods: bool) -> tuple[float, str] | None:
    """The same from however few looks at once; None where there is not one."""
    pairs = _pairs(a, b)
    return _fit(a, b, pairs, goods=goods) if pairs else None


def _fit(a: Way, b: Way, pairs: list[tuple[Spot, Spot]], *, goods: bool) -> tuple[float, str]:
    heading = a.heading or b.heading
    apart_m = median(math.dist(x.point, y.point) for x, y in pairs)
    if heading is None or None in (a.coming, b.coming):
        return apart_m / SLACK_M, f"{apart_m:.1f} m apart at the same time"
    along_m = median((x.point[0] - y.point[0]) * heading[0] + (x.point[1] - y.point[1]) * heading[1] for x, y in pairs)
    across_m = math.sqrt(max(apart_m**2 - along_m**2, 0.0))
    least, most = -SLACK_M, SLACK_M
    if a.coming != b.coming:
        ahead = along_m if a.coming else -along_m
        least, most = -1.0, LONGEST_M[goods]
    else:
        ahead = along_m
    outside_m = max(least - ahead, ahead - most, 0.0)
    cost = 0.75 * across_m / ACROSS_M + outside_m / 2 + 0.2 * abs(ahead) / most
    return cost, f"{ahead:.1f} m along and {across_m:.1f} m across at the same time"


def elsewhere(a: Way, b: Way) -> bool:
    """Whether two cameras saw them at once in places no one vehicle can be in."""
    pairs = _pairs(a, b)
    return bool(pairs) and all(math.dist(x.point, y.point) > ELSEWHERE_M for x, y in pairs)


def _pairs(a: Way, b: Way) -> list[tuple[Spot, Spot]]:
    """Spots of one instant, each used once."""
    out, rest = [], list(b.spots)
    for spot in a.spots:
        while rest and spot.t_ms - rest[0].t_ms > SAME_INSTANT_MS:
            rest.pop(0)
        if rest and abs(rest[0].t_ms - spot.t_ms) <= SAME_INSTANT_MS:
            out.append((spot, rest.pop(0)))
    return out
