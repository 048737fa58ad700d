"""Which open visit a newly seen vehicle belongs to, as an assignment with costs that can be explained.

A cost under 1 is a join, and the cheapest whole assignment wins. What two cameras see at once is compared place by
place; what one sees after another, by the gap in time and the distance to be driven at gate speed. Plates join over
longer gaps; a plate that differs is only joined where two cameras follow one and the same vehicle, and then said so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from gate.passage.place import Spot, elsewhere, together
from gate.passage.plates import SAME_PLATE, distance, known
from gate.passage.visit import GOODS_VEHICLES, Visit

GATE_SPEED_M_S = 4.0  # as trucks drive at a gate
SLACK_M = 4.0  # ground points of two cameras differ by about a wheel base
GAP_S = 8.0  # unseen for longer, only the plate joins
LEFT_GAP_S = 1.5  # once it has crossed outward, only what was seen at nearly the same instant and place
PLATE_GAP_S = 600.0  # seen again later than this is another visit
IMPOSSIBLE = 1e6
DIFFERING_COST = 0.9
DOUBTFUL_COST = 0.6  # from here a join may well be wrong
RIVAL_COST = 0.15  # another join so little dearer makes one doubtful


@dataclass(frozen=True, slots=True)
class Join:
    """What joining two visits would cost, and why. doubtful: it may be wrong, and the passage has to say so."""

    cost: float
    because: str
    doubtful: bool = False


def join_cost(a: Visit, b: Visit) -> Join:
    """The cost of taking two visits for one vehicle."""
    earlier, later = sorted((a, b), key=lambda v: v.start_ms)
    gap_s = (later.start_ms - earlier.last_ms) / 1000
    if seen_together(earlier, later):
        return Join(IMPOSSIBLE, "seen side by side in one picture")
    at_once = _at_once(earlier, later)
    plates = known(earlier.plates), known(later.plates)
    if all(plates):
        return _by_plates(*plates, gap_s, at_once, apart=_elsewhere(earlier, later))
    if at_once is not None:
        return at_once
    return _moved_on(earlier, later, gap_s)


def assign(open_visits: Sequence[Visit], fresh: Sequence[Visit]) -> list[tuple[int, int, Join]]:
    """Pairs (open visit, fresh visit, join) by index, of the cheapest assignment; costs of 1 or more stay apart."""
    if not open_visits or not fresh:
        return []
    joins = [[join_cost(o, f) for f in fresh] for o in open_visits]
    costs = np.array([[min(j.cost, 1.0) for j in row] for row in joins])
    rows, columns = linear_sum_assignment(costs)
    return [
        (int(i), int(k), _against_rivals(joins[i][k], costs, int(i), int(k)))
        for i, k in zip(rows, columns, strict=True)
        if joins[i][k].cost < 1.0
    ]


def seen_together(a: Visit, b: Visit) -> bool:
    """Whether one camera saw keys of both during one span: then they are two vehicles."""
    return any(
        x.last.camera == y.last.camera and x.first.t_ms <= y.last_ms and y.first.t_ms <= x.last_ms
        for x in a.traces.values()
        for y in b.traces.values()
    )


def _against_rivals(join: Join, costs: np.ndarray[tuple[int, int], np.dtype[np.float64]], i: int, k: int) -> Join:
    """A join is doubtful where another one would have cost hardly more."""
    row, column = np.delete(costs[i], k), np.delete(costs[:, k], i)
    rival = min([1.0, *row.tolist(), *column.tolist()])
    doubtful = join.doubtful or (rival < 1.0 and rival - join.cost < RIVAL_COST)
    return Join(join.cost, join.because, doubtful)


def _by_plates(one: str, other: str, gap_s: float, at_once: Join | None, *, apart: bool) -> Join:
    """Both plates are known: they decide, but against what cameras see at once."""
    differ = distance(one, other)
    if apart:
        return Join(IMPOSSIBLE, f"seen at once in two places: {one} / {other}")
    if differ > SAME_PLATE:
        if at_once is not None and at_once.cost < DOUBTFUL_COST:
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
    return Join(cost, because, cost >= DOUBTFUL_COST)


def _elsewhere(a: Visit, b: Visit) -> bool:
    return any(
        x.last.camera != y.last.camera and elsewhere(x.way, y.way) for x in a.traces.values() for y in b.traces.values()
    )


def _moved_on(earlier: Visit, later: Visit, gap_s: float) -> Join:
    """Cost by distance, time and class where one was seen after the other and at least one plate is unread."""
    here, there = _last_spot(earlier), _first_spot(later)
    if here is None or there is None:
        return Join(IMPOSSIBLE, "no plate and no place on the ground to go by")
    took_s = abs(there.t_ms - here.t_ms) / 1000
    if max(gap_s, took_s) > (GAP_S if earlier.left_ms is None else LEFT_GAP_S):
        return Join(IMPOSSIBLE, f"unseen for {max(gap_s, took_s):.0f} s without a plate")
    apart_m = math.dist(here.point, there.point)
    reach_m = SLACK_M + GATE_SPEED_M_S * took_s * (earlier.left_ms is None)
    cost = apart_m / reach_m + _class_cost(earlier, later)
    because = f"{apart_m:.1f} m apart after {took_s:.1f} s, no plate against it"
    return Join(cost, because, DOUBTFUL_COST <= cost < 1.0)


def _class_cost(a: Visit, b: Visit) -> float:
    return 0.5 * ((a.kind in GOODS_VEHICLES) != (b.kind in GOODS_VEHICLES))


def _last_spot(visit: Visit) -> Spot | None:
    spots = [t.way.last for t in visit.traces.values() if t.way.last is not None]
    return max(spots, key=lambda s: s.t_ms, default=None)


def _first_spot(visit: Visit) -> Spot | None:
    spots = [t.way.first for t in visit.traces.values() if t.way.first is not None]
    return min(spots, key=lambda s: s.t_ms, default=None)
