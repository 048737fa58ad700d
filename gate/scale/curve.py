"""The weight curve of one loading, read as plateaus and the steps between them.

A wheel rolling on raises the weight within its contact length and the indicator's filter; between two axle groups
the weight rests, apart from the body's bounce. Steps are what remains when plateaus of nearly the same weight,
and wobbles shorter than a plateau, are merged.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gate.facts import WeightStep

Curve = tuple[tuple[int, float], ...]

PLATEAU_MS = 600  # rest that ends a step; the axles of one group follow faster than this at gate speed
LEAST_STEP_E = 10.0  # a smaller rise or fall is no axle
LEAST_STEP_SHARE = 0.02  # of the peak; bounce of a rolling load stays under it once smoothed
BOUNCE_MS = 400  # smoothing over half a bounce of the body (1.2 to 3 Hz)


@dataclass(frozen=True, slots=True)
class Plateau:
    """A stretch of the curve at rest. kg: its median."""

    start_ms: int
    end_ms: int
    kg: float


def plateaus(curve: Curve, e_kg: float) -> list[Plateau]:
    """Stretches at rest, oldest first; neighbours differ by a step's least height."""
    if len(curve) < 3:
        return [Plateau(curve[0][0], curve[-1][0], curve[0][1])] if curve else []
    t_ms = np.array([t for t, _ in curve], dtype=np.float64)
    kg = np.array([w for _, w in curve], dtype=np.float64)
    least_kg = least_step_kg(float(np.max(np.abs(kg))), e_kg)
    resting = _resting(t_ms, _smooth(t_ms, kg), least_kg)
    found: list[Plateau] = []
    for first, last in _runs(resting):
        if t_ms[last] - t_ms[first] < PLATEAU_MS and first > 0 and last < len(curve) - 1:
            continue
        found.append(Plateau(int(t_ms[first]), int(t_ms[last]), float(np.median(kg[first : last + 1]))))
    return _merged(found, least_kg)


def steps(curve: Curve, e_kg: float) -> tuple[WeightStep, ...]:
    """The rises and falls between plateaus, each dated to the middle of the change."""
    found = plateaus(curve, e_kg)
    return tuple(WeightStep((a.end_ms + b.start_ms) // 2, a.kg, b.kg) for a, b in pairwise(found))


def least_step_kg(peak_kg: float, e_kg: float) -> float:
    """The smallest change that counts as an axle group on a load of `peak_kg`."""
    return max(LEAST_STEP_E * e_kg, LEAST_STEP_SHARE * peak_kg)


def _smooth(t_ms: NDArray[np.float64], kg: NDArray[np.float64]) -> NDArray[np.float64]:
    """A running mean over BOUNCE_MS, after a median of three has taken single outliers out."""
    padded = np.concatenate([kg[:1], kg, kg[-1:]])
    clean = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    total = np.concatenate([[0.0], np.cumsum(clean)])
    first = np.searchsorted(t_ms, t_ms - BOUNCE_MS / 2, side="left")
    last = np.searchsorted(t_ms, t_ms + BOUNCE_MS / 2, side="right")
    smoothed: NDArray[np.float64] = (total[last] - total[first]) / (last - first)
    return smoothed


def _resting(t_ms: NDArray[np.float64], kg: NDArray[np.float64], least_kg: float) -> NDArray[np.bool_]:
    """Where the weight changes by less than half a step within half a plateau."""
    first = np.searchsorted(t_ms, t_ms - PLATEAU_MS / 4, side="left")
    last = np.searchsorted(t_ms, t_ms + PLATEAU_MS / 4, side="right") - 1
    resting: NDArray[np.bool_] = np.abs(kg[last] - kg[first]) < least_kg / 2
    return resting


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _merged(found: list[Plateau], least_kg: float) -> list[Plateau]:
    out: list[Plateau] = []
    for plateau in found:
        if out and abs(plateau.kg - out[-1].kg) < least_kg:
            a, b = out[-1], plateau
            longer = a if a.end_ms - a.start_ms >= b.end_ms - b.start_ms else b
            out[-1] = Plateau(a.start_ms, b.end_ms, longer.kg)
        else:
            out.append(plateau)
    return out
