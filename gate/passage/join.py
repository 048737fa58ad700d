"""Which open visit a newly seen vehicle belongs to, as an assignment with costs that can be explained.

A cost under 1 is a join, and the cheapest whole assignment wins. What two cameras see at once is compared place by
place, once they have seen it for long enough; what one sees after another, by the gap in time and the distance to be
driven at gate speed. Plates join over longer gaps; a plate that differs is only joined where two cameras follow one and
the same vehicle, and then said so. Who was nearly joined instead is told too: one of the two may be wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from gate.passage.place import SAME_INSTANT_MS, Point, Spot, Way, elsewhere, together, together_briefly
from gate.passage.plates import SAME_PLATE, distance
from gate.passage.visit import GOODS_VEHICLES, Visit

GATE_SPEED_M_S = 4.0  # as trucks drive at a gate
SLACK_M = 4.0  # ground points of two cameras differ by about a wheel base
GAP_S = 8.0  # unseen for longer it has stood; it has come no further
LONG_COST = 0.4  # of having been unseen for LOST_S
LOST_S = 20.0  # unseen for longer, only the plate joins
LEFT_GAP_S = 1.5  # once it has crossed outward, only what was seen at nearly the same instant and place
PLATE_GAP_S = 600.0  # seen again later than this is another visit
RENUMBERED_MS, SAME_BOX = 500, 0.7  # lost and seen again so soon, in boxes that overlap so much, it is the same vehicle
RENUMBERED_COST = 0.05
FOLLOWED_MS = 1_000  # seen so shortly ago, a camera may still see it
ONE_CHARACTER = 1.0  # plates that differ in one plain character: one of them may be misread
IMPOSSIBLE = 1e6
DIFFERING_COST = 0.9
DOUBTFUL_COST = 0.6  # from here a join may well be wrong
NEARLY_APART = 0.9  # from here two cameras hardly see the same vehicle
RIVAL_COST = 0.15  # another join so little dearer makes one doubtful


@dataclass(frozen=True, slots=True)
class Join:
    """What joining two visits would cost, and why. doubtful: it may be wrong, and the passage has to say so. wait: two
    cameras see both and the next moments will tell. guessed: nothing but time and place speak for it.
    """

    cost: float
    because: str
    doubtful: bool = False
    wait: bool = False
    guessed: bool = False


def join_cost(a: Visit, b: Visit) -> Join:
    """The cost of taking two visits for one vehicle."""
    earlier, later = sorted((a, b), key=lambda v: v.start_ms)
    gap_s = (later.start_ms - earlier.last_ms) / 1000
    if seen_together(earlier, later):
        return Join(IMPOSSIBLE, "seen side by side in one picture")
    at_once = _at_once(earlier, later)
    plates = earlier.plate, later.plate
    if all(plates):
        return _by_plates(*plates, gap_s, at_once, apart=_elsewhere(earlier, later))
    return (
        _renumbered(earlier, later)
        or at_once
        or _succession(earlier, later)
        or _briefly(earlier, later)
        or _moved_on(earlier, later, gap_s)
    )


def assign(open_visits: Sequence[Visit], fresh: Sequence[Visit]) -> list[tuple[int, int, Join, list[Visit]]]:
    """(Open visit, fresh visit, join, rivals) of the cheapest assignment, the visits by index; costs of 1 or more stay
    apart. rivals: visits for which another join would have cost hardly more. Nobody is guessed to be one while another
    may soon be known to be.
    """
    if not open_visits or not fresh:
        return []
    joins = [[join_cost(o, f) for f in fresh] for o in open_visits]
    for k in range(len(fresh)):
        if any(row[k].wait for row in joins):
            for row in joins:
                row[k] = replace(row[k], cost=IMPOSSIBLE) if row[k].guessed else row[k]
    costs = np.array([[min(j.cost, 1.0) for j in row] for row in joins])
    out = []
    for i, k in zip(*(n.tolist() for n in linear_sum_assignment(costs)), strict=True):
        join = joins[i][k]
        if join.cost < 1.0:
            near = min(1.0, join.cost + RIVAL_COST)
            rivals = [o for o, c in zip(open_visits, costs[:, k], strict=True) if c < near and o is not open_visits[i]]
            rivals += [f for f, c in zip(fresh, costs[i], strict=True) if c < near and f is not fresh[k]]
            out.append((i, k, replace(join, doubtful=join.doubtful or bool(rivals)), rivals))
    return out


def seen_together(a: Visit, b: Visit) -> bool:
    """Whether one camera saw keys of both during one span: then they are two vehicles."""
    return any(
        x.last.camera == y.last.camera and x.first.t_ms <= y.last_ms and y.first.t_ms <= x.last_ms
        for x in a.traces.values()
        for y in b.traces.values()
    )


def _by_plates(one: str, other: str, gap_s: float, at_once: Join | None, *, apart: bool) -> Join:
    """Both plates are known: they decide, but against what cameras see at once."""
    differ = distance(one, other)
    if apart:
        return Join(IMPOSSIBLE, f"seen at once in two places: {one} / {other}")
    if differ > SAME_PLATE:
        limit = 1.0 if differ <= ONE_CHARACTER else DOUBTFUL_COST
        if at_once is not None and at_once.cost < limit:
            return Join(DIFFERING_COST, f"plates differ: {one} / {other}, but {at_once.because}", doubtful=True)
        return Join(IMPOSSIBLE, f"plates differ: {one} / {other}")
    if gap_s > PLATE_GAP_S:
        return Join(IMPOSSIBLE, f"same plate, but {gap_s:.0f} s later")
    doubtful = differ > 0 and (at_once is None or at_once.cost >= DOUBTFUL_COST)
    return Join(0.1 + differ / 2, f"same plate {one} after {gap_s:.1f} s, distance {differ:.1f}", doubtful)


def _at_once(a: Visit, b: Visit) -> Join | None:
    """What different cameras that saw both at once say; None where none did."""
    goods = a.kind in GOODS_VEHICLES or b.kind in GOODS_VEHICLES
    told = [
        fit
        for x in a.traces.values()
        for y in b.traces.values()
        if x.last.camera != y.last.camera and (fit := together(x.way, y.way, goods=goods)) is not None
    ]
    if not told:
        return None
    cost, because = min(told)
    cost += _class_cost(a, b)
    return Join(cost, because, cost >= NEARLY_APART)


def _elsewhere(a: Visit, b: Visit) -> bool:
    return any(
        x.last.camera != y.last.camera and elsewhere(x.way, y.way) for x in a.traces.values() for y in b.traces.values()
    )


def _renumbered(earlier: Visit, later: Visit) -> Join | None:
    """What one camera says that lost the one and at once saw the other in the very same box: it gave a new number, even
    where the box is cut off and tells no place. None where none did.
    """
    for x in earlier.traces.values():
        for y in later.traces.values():
            at_once = x.last.camera == y.last.camera and x.last_ms < y.first.t_ms <= x.last_ms + RENUMBERED_MS
            if at_once and _overlap(x.last.box, y.first.box) >= SAME_BOX:
                gap_s = (y.first.t_ms - x.last_ms) / 1000
                return Join(RENUMBERED_COST + _class_cost(earlier, later), f"in the same box {gap_s:.1f} s later")
    return None


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0.0) * max(height, 0.0)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / either if either > 0 else 0.0


def _succession(earlier: Visit, later: Visit) -> Join | None:
    """What one camera says that saw the one where it had lost the other; None where none did."""
    told = [
        _reached(earlier, later, x.way.last, y.way.first)
        for x in earlier.traces.values()
        for y in later.traces.values()
        if x.last.camera == y.last.camera
        and x.last_ms < y.first.t_ms <= x.last_ms + FOLLOWED_MS
        and x.way.last is not None
        and y.way.first is not None
        and y.way.first.t_ms - x.way.last.t_ms <= 2 * FOLLOWED_MS
    ]
    return min((j for j in told if j is not None), key=lambda j: j.cost, default=None)


def may_be_one(earlier: Visit, later: Visit) -> bool:
    """Whether two visits that were not joined may still be one vehicle's: nothing speaks against it."""
    one, other = _last_way(earlier), _first_way(later)
    here, there = one.last if one else None, other.first if other else None
    if one is None or other is None or here is None or there is None or earlier.left_ms is not None:
        return False
    took_s = (there.t_ms - here.t_ms) / 1000
    driven = there.point[0] - here.point[0], there.point[1] - here.point[1]
    if not 0 <= took_s <= LOST_S or math.hypot(*driven) > SLACK_M + GATE_SPEED_M_S * took_s:
        return False
    ways = one.heading is None or other.heading is None or _goes_on(one.heading, other.heading, driven)
    return ways and not seen_together(earlier, later) and not _elsewhere(earlier, later)


def _briefly(earlier: Visit, later: Visit) -> Join | None:
    """What different cameras say that saw both at once, but not for long: wait while they still may, then as well as
    the few looks tell. None where none saw both.
    """
    goods = earlier.kind in GOODS_VEHICLES or later.kind in GOODS_VEHICLES
    told = [
        (fit, x, y)
        for x in earlier.traces.values()
        for y in later.traces.values()
        if x.last.camera != y.last.camera and (fit := together_briefly(x.way, y.way, goods=goods)) is not None
    ]
    if not told:
        return None
    since_ms = max(earlier.last_ms, later.last_ms) - FOLLOWED_MS
    if any(min(x.last_ms, y.last_ms) >= since_ms and not (x.gone or y.gone) for _, x, y in told):
        return Join(IMPOSSIBLE, "seen at once, not yet for long enough to tell", wait=True)
    (cost, because), _, _ = min(told, key=lambda one: one[0])
    return Join(cost + _class_cost(earlier, later), f"{because}, seen briefly", doubtful=True)


def _moved_on(earlier: Visit, later: Visit, gap_s: float) -> Join:
    """Cost by distance, time, way and class where one was seen after the other and at least one plate is unread."""
    one, other = _last_way(earlier), _first_way(later)
    here, there = one.last if one else None, other.first if other else None
    if one is None or other is None or here is None or there is None:
        return Join(IMPOSSIBLE, "no plate and no place on the ground to go by")
    if here.t_ms > there.t_ms + SAME_INSTANT_MS:
        return Join(IMPOSSIBLE, "the one was still seen elsewhere when the other had come")
    if gap_s > (LOST_S if earlier.left_ms is None else LEFT_GAP_S):
        return Join(IMPOSSIBLE, f"unseen for {gap_s:.0f} s without a plate")
    if math.dist(here.point, there.point) > SLACK_M:
        if one.heading is None or other.heading is None:
            return Join(IMPOSSIBLE, "nobody saw yet which way they drive")
        if not _goes_on(one.heading, other.heading, (there.point[0] - here.point[0], there.point[1] - here.point[1])):
            return Join(IMPOSSIBLE, "they drive different ways")
    join = _reached(earlier, later, here, there)
    if join is None or (join.doubtful and max(gap_s * 1000, there.t_ms - here.t_ms) > FOLLOWED_MS):
        return Join(IMPOSSIBLE, "too long or too far on its way without a plate")
    return replace(join, guessed=True)


def _goes_on(before: Point, after: Point, driven: Point) -> bool:
    """Whether a vehicle that drove one way and then another may have driven so between."""
    same_way = before[0] * after[0] + before[1] * after[1] > 0
    return same_way and before[0] * driven[0] + before[1] * driven[1] > -SLACK_M


def _reached(earlier: Visit, later: Visit, here: Spot | None, there: Spot | None) -> Join | None:
    """The cost of having driven from one place to another, None where either is not known or it took too long."""
    if here is None or there is None:
        return None
    took_s = abs(there.t_ms - here.t_ms) / 1000
    if took_s > (LOST_S if earlier.left_ms is None else LEFT_GAP_S):
        return None
    apart_m = math.dist(here.point, there.point)
    reach_m = SLACK_M + GATE_SPEED_M_S * min(took_s, GAP_S) * (earlier.left_ms is None)
    cost = apart_m / reach_m + LONG_COST * took_s / LOST_S + _class_cost(earlier, later)
    return Join(cost, f"{apart_m:.1f} m apart after {took_s:.1f} s, no plate against it", DOUBTFUL_COST <= cost < 1.0)


def _class_cost(a: Visit, b: Visit) -> float:
    return 0.5 * ((a.kind in GOODS_VEHICLES) != (b.kind in GOODS_VEHICLES))


def _last_way(visit: Visit) -> Way | None:
    ways = [t.way for t in visit.traces.values()]
    return max(ways, key=lambda w: w.last.t_ms if w.last else -1, default=None)


def _first_way(visit: Visit) -> Way | None:
    ways = [t.way for t in visit.traces.values() if t.way.first is not None]
    return min(ways, key=lambda w: w.first.t_ms if w.first else 0, default=None)
