"""The weight curve of one loading, read as steps: what axle groups make of it when they roll on and off.

An indicator filters over a few tenths of a second, so at gate speed an axle group is no clean step but a hump in the
curve's slope. Between two groups the slope falls under half of either hump. Between the axles of one group it does so
only when the vehicle is slow; such axles follow each other sooner than the groups beside them and carry nearly the
same. What stays under a step's least height is no axle.
"""

from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from gate.facts import WeightStep

Curve = tuple[tuple[int, float], ...]
Array = NDArray[np.float64]

LEAST_STEP_E = 10.0  # a smaller rise or fall is no axle group
LEAST_STEP_SHARE = 0.04  # of the peak; bounce stays under it, the lightest axle group is about 9 %
VALLEY_SHARE = 0.45  # slope between two groups against the lesser of their humps
BOUNCE_MS = 150  # smoothing; indicators filter more themselves
GROUP_GAP_SHARE = 0.56  # of the gap beside it: 1.8 m of twin steering axles against the 3.4 m behind them
GROUP_GAP_MS = 3_000  # 1.35 m at half a metre per second
GROUP_LOAD_SHARE = 0.7  # axles of one group carry nearly the same
SAME_GAP_SHARE = 1.4


@dataclass(frozen=True, slots=True)
class Plateau:
    """A stretch of the curve at rest."""

    start_ms: int
    end_ms: int
    kg: float


def steps(curve: Curve, e_kg: float) -> tuple[WeightStep, ...]:
    """The rises and falls of a curve, each dated to when half of it had happened; times in order of the curve."""
    if len(curve) < 5:
        return ()
    t_ms = np.array([t for t, _ in curve], dtype=np.float64)
    kg = np.array([w for _, w in curve], dtype=np.float64)
    smooth = _smooth(t_ms, kg)
    least_kg = least_step_kg(float(np.max(np.abs(kg))), e_kg)
    slope = _slope(t_ms, smooth)
    cuts = [0]
    for first, last in pairwise(_turns(smooth, least_kg)):
        sign = 1.0 if smooth[last] > smooth[first] else -1.0
        cuts += _valleys(sign * smooth, sign * slope, first, last, least_kg)
        cuts.append(last)
    if len(cuts) == 1:
        return ()
    levels = [_level(kg, smooth, cut, least_kg) for cut in (*cuts[:-1], len(kg) - 1)]
    found = []
    for (a, from_kg), (b, to_kg) in pairwise(zip(cuts, levels, strict=True)):
        half = (smooth[a] + smooth[b]) / 2
        passed = np.flatnonzero((smooth[a : b + 1] - half) * (smooth[b] - smooth[a]) >= 0)
        found.append(WeightStep(int(t_ms[a + int(passed[0])]), from_kg, to_kg))
    runs = groupby(found, key=lambda step: step.to_kg > step.from_kg)
    return tuple(step for _, run in runs for step in _grouped(list(run)))


def least_step_kg(peak_kg: float, e_kg: float) -> float:
    """The smallest change that counts as an axle group on a load of `peak_kg`."""
    return max(LEAST_STEP_E * e_kg, LEAST_STEP_SHARE * peak_kg)


def _grouped(run: list[WeightStep]) -> list[WeightStep]:
    """Steps of one direction, those of one axle group joined. One gap alone tells nothing: it has none beside it."""
    gaps = [b.t_ms - a.t_ms for a, b in pairwise(run)]
    heights = [abs(s.to_kg - s.from_kg) for s in run]
    out = run[:1]
    joined_before = False
    for i, gap in enumerate(gaps):
        beside = max([*gaps[max(0, i - 1) : i], *gaps[i + 1 : i + 2]], default=0)
        alike = min(heights[i : i + 2]) >= GROUP_LOAD_SHARE * max(heights[i : i + 2])
        close = gap <= GROUP_GAP_SHARE * beside or (joined_before and gap <= SAME_GAP_SHARE * gaps[i - 1])
        joined_before = alike and close and gap <= GROUP_GAP_MS
        if joined_before:
            first = out[-1]
            out[-1] = WeightStep((first.t_ms + run[i + 1].t_ms) // 2, first.from_kg, run[i + 1].to_kg)
        else:
            out.append(run[i + 1])
    return out


def _smooth(t_ms: Array, kg: Array) -> Array:
    """A running mean over BOUNCE_MS, after a median of three has taken single outliers out."""
    padded = np.concatenate([kg[:1], kg, kg[-1:]])
    clean = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    total = np.concatenate([[0.0], np.cumsum(clean)])
    first = np.searchsorted(t_ms, t_ms - BOUNCE_MS / 2, side="left")
    last = np.searchsorted(t_ms, t_ms + BOUNCE_MS / 2, side="right")
    smoothed: Array = (total[last] - total[first]) / (last - first)
    return smoothed


def _slope(t_ms: Array, smooth: Array) -> Array:
    """kg per ms at each reading, over its neighbours; readings of one instant count as a millisecond apart."""
    ahead, behind = np.roll(np.arange(len(smooth)), -1), np.roll(np.arange(len(smooth)), 1)
    ahead[-1], behind[0] = len(smooth) - 1, 0
    slope: Array = (smooth[ahead] - smooth[behind]) / np.maximum(t_ms[ahead] - t_ms[behind], 1.0)
    return slope


def _turns(smooth: Array, least_kg: float) -> list[int]:
    """Indices between which the curve only rises or only falls, wobbles under `least_kg` aside; ends included."""
    turns, extreme, rising = [0], 0, 0
    for i in range(1, len(smooth)):
        change = smooth[i] - smooth[extreme]
        if rising == 0:
            if abs(change) >= least_kg:
                rising, extreme = (1 if change > 0 else -1), i
        elif change * rising >= 0:
            extreme = i
        elif abs(change) >= least_kg:
            turns.append(extreme)
            rising, extreme = -rising, i
    return [*turns, extreme] if rising else turns


def _valleys(height: Array, slope: Array, first: int, last: int, least_kg: float) -> list[int]:
    """Indices that part a rise into humps of the slope, each at least `least_kg` high."""
    if last - first < 4:
        return []
    inside = slope[first : last + 1]
    left, right = np.maximum.accumulate(inside), np.maximum.accumulate(inside[::-1])[::-1]
    part = np.maximum(inside, 0.0) / np.maximum(np.minimum(left, right), 1e-9)
    high_enough = (height[first : last + 1] - height[first] >= least_kg) & (
        height[last] - height[first : last + 1] >= least_kg
    )
    part = np.where(high_enough, part, np.inf)
    at = int(np.argmin(part))
    if part[at] > VALLEY_SHARE:
        return []
    cut = first + at
    return [
        *_valleys(height, slope, first, cut, least_kg),
        cut,
        *_valleys(height, slope, cut, last, least_kg),
    ]


def _level(kg: Array, smooth: Array, at: int, least_kg: float) -> float:
    """The weight at rest around an index: the median of readings near it that differ by under a quarter step."""
    far = np.abs(smooth - smooth[at]) >= least_kg / 4
    before, after = np.flatnonzero(far[: at + 1]), np.flatnonzero(far[at:])
    first = int(before[-1]) + 1 if len(before) else 0
    last = at + int(after[0]) if len(after) else len(kg)
    return float(np.median(kg[first:last])) if last > first else float(kg[at])
