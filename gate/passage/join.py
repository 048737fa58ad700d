"""Which open visit a newly seen vehicle belongs to, as an assignment with costs that can be explained.

A cost under 1 is a join, and the cheapest whole assignment wins. Costs rise with the gap in time, with the distance the
vehicle would have had to drive at gate speed, with differing plates and with differing classes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from gate.passage.plates import SAME_PLATE, distance, known
from gate.passage.visit import GOODS_VEHICLES, Visit

GATE_SPEED_M_S = 4.0  # as trucks drive at a gate
SLACK_M = 4.0  # ground points of two cameras differ by about a wheel base
GAP_S = 8.0  # unseen for longer, only the plate joins
PLATE_GAP_S = 600.0  # seen again later than this is another visit
IMPOSSIBLE = 1e6


@dataclass(frozen=True, slots=True)
class Join:
    """What joining two visits would cost, and why."""

    cost: float
    because: str


def join_cost(earlier: Visit, later: Visit) -> Join:
    """The cost of taking two visits for one vehicle, the later one having begun after the earlier was last seen."""
    gap_s = (later.start_ms - earlier.last_ms) / 1000
    if seen_together(earlier, later):
        return Join(IMPOSSIBLE, "seen side by side in one picture")
    plates = known(earlier.plates), known(later.plates)
    if all(plates):
        apart = distance(*plates)
        if apart > SAME_PLATE:
            return Join(IMPOSSIBLE, f"plates differ: {plates[0]} / {plates[1]}")
        if gap_s <= PLATE_GAP_S:
            return Join(0.1 + apart / 2, f"same plate {plates[0]} after {gap_s:.1f} s, distance {apart:.1f}")
        return Join(IMPOSSIBLE, f"same plate, but {gap_s:.0f} s later")
    if earlier.left_ms is not None or gap_s > GAP_S:
        return Join(IMPOSSIBLE, f"unseen for {gap_s:.0f} s without a plate")
    return _moved_on(earlier, later, gap_s)


def assign(open_visits: Sequence[Visit], fresh: Sequence[Visit]) -> list[tuple[int, int, Join]]:
    """Pairs (open visit, fresh visit, join) by index, of the cheapest assignment; costs of 1 or more stay apart."""
    if not open_visits or not fresh:
        return []
    joins = [[join_cost(o, f) for f in fresh] for o in open_visits]
    costs = np.array([[min(j.cost, 1.0) for j in row] for row in joins])
    rows, columns = linear_sum_assignment(costs)
    return [(int(i), int(k), joins[i][k]) for i, k in zip(rows, columns, strict=True) if joins[i][k].cost < 1.0]


def _moved_on(earlier: Visit, later: Visit, gap_s: float) -> Join:
    """Cost by distance and class where at least one plate is unread."""
    here, there = _last_ground(earlier), _first_ground(later)
    if here is None or there is None:
        return Join(IMPOSSIBLE, "no plate and no place on the ground to go by")
    apart_m = math.dist(here, there)
    cost = apart_m / (SLACK_M + GATE_SPEED_M_S * abs(gap_s))
    if (earlier.kind in GOODS_VEHICLES) != (later.kind in GOODS_VEHICLES):
        cost += 0.5
    return Join(cost, f"{apart_m:.1f} m apart after {gap_s:.1f} s, no plate against it")


def seen_together(a: Visit, b: Visit) -> bool:
    """Whether one camera saw keys of both during one span: then they are two vehicles."""
    return any(
        x.last.camera == y.last.camera and x.first.t_ms <= y.last.t_ms and y.first.t_ms <= x.last.t_ms
        for x in a.traces.values()
        for y in b.traces.values()
    )


def _last_ground(visit: Visit) -> tuple[float, float] | None:
    return max(visit.traces.values(), key=lambda t: t.last.t_ms).last.ground


def _first_ground(visit: Visit) -> tuple[float, float] | None:
    return min(visit.traces.values(), key=lambda t: t.first.t_ms).first.ground
