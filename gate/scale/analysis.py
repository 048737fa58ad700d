"""What a finished weighing's curve tells beyond its weight: zero before and after, noise, drift, ramps, jumps."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gate.facts import Weighing, WeightStep
from gate.scale.curve import Curve, Plateau
from gate.scale.stability import Stability

JUMP_MS = 600  # an axle needs longer from rest to rest: it has to roll, and the body to settle
JUMP_E = 10.0
_ZERO_MS = 1_000


@dataclass(frozen=True, slots=True)
class Ramps:
    """The way on and the way off compared. What rolls on rolls off: first on is first off, or last on when reversing.

    rises_kg, falls_kg: axle groups in order. difference_kg: all that rose less all that fell.
    worst_kg: the largest difference of a group with its counterpart, in the order that fits better; None where the
    counts differ.
    """

    rises_kg: tuple[float, ...]
    falls_kg: tuple[float, ...]
    difference_kg: float
    worst_kg: float | None
    reversed_off: bool


@dataclass(frozen=True, slots=True)
class Jump:
    """The weight changed between two stable stretches faster than an axle can roll."""

    t_ms: int
    from_kg: float
    to_kg: float


@dataclass(frozen=True, slots=True)
class CurveReport:
    """zero_before_kg, zero_after_kg: what the empty deck showed.

    noise_kg: standard deviation of one reading while the load stood longest; drift_kg_per_min: its slope then.
    Both None where it was never stable.
    """

    zero_before_kg: float
    zero_after_kg: float
    noise_kg: float | None
    drift_kg_per_min: float | None
    ramps: Ramps
    jumps: tuple[Jump, ...]


def analyse(weighing: Weighing, e_kg: float) -> CurveReport:
    """The report of one weighing."""
    curve = weighing.curve
    before = [kg for t, kg in curve if t < weighing.start_ms] or [0.0]
    after = [kg for t, kg in curve if t >= curve[-1][0] - _ZERO_MS][-3:] if curve else [0.0]
    noise_kg, drift = _at_rest(curve, e_kg)
    return CurveReport(
        float(np.median(before)),
        float(np.median(after)),
        noise_kg,
        drift,
        compare_ramps(weighing.steps),
        jumps(curve, e_kg),
    )


def compare_ramps(steps: tuple[WeightStep, ...]) -> Ramps:
    """Rises and falls of a weighing's steps, matched group by group."""
    rises = tuple(s.to_kg - s.from_kg for s in steps if s.to_kg > s.from_kg)
    falls = tuple(s.from_kg - s.to_kg for s in steps if s.to_kg < s.from_kg)
    total = sum(rises) - sum(falls)
    if len(rises) != len(falls) or not rises:
        return Ramps(rises, falls, total, None, reversed_off=False)
    same = max(abs(a - b) for a, b in zip(rises, falls, strict=True))
    turned = max(abs(a - b) for a, b in zip(rises, reversed(falls), strict=True))
    return Ramps(rises, falls, total, min(same, turned), reversed_off=turned < same)


def jumps(curve: Curve, e_kg: float) -> tuple[Jump, ...]:
    """Changes of 10 e or more from one stable second to another with at most JUMP_MS between."""
    stretches = _stable_stretches(curve, e_kg)
    return tuple(
        Jump(a.end_ms, a.kg, b.kg)
        for a, b in pairwise(stretches)
        if b.start_ms - a.end_ms <= JUMP_MS and abs(b.kg - a.kg) >= JUMP_E * e_kg
    )


def _stable_stretches(curve: Curve, e_kg: float) -> list[Plateau]:
    """Stretches in which every reading belongs to a stable second, with the weight they began with."""
    stability, found = Stability(e_kg), list[Plateau]()
    for t_ms, kg in curve:
        stable_kg = stability.update(t_ms, kg)
        if stable_kg is None:
            continue
        first_ms = stability.since_ms
        if found and first_ms <= found[-1].end_ms and abs(stable_kg - found[-1].kg) <= 2 * e_kg:
            found[-1] = Plateau(found[-1].start_ms, t_ms, found[-1].kg)
        else:
            found.append(Plateau(first_ms, t_ms, stable_kg))
    return found


def _at_rest(curve: Curve, e_kg: float) -> tuple[float | None, float | None]:
    """Noise and drift of the longest stable stretch under load."""
    loaded = [p for p in _stable_stretches(curve, e_kg) if p.kg > JUMP_E * e_kg]
    if not loaded:
        return None, None
    longest = max(loaded, key=lambda p: p.end_ms - p.start_ms)
    inside = [(t, kg) for t, kg in curve if longest.start_ms <= t <= longest.end_ms]
    t_min: NDArray[np.float64] = np.array([t - inside[0][0] for t, _ in inside], dtype=np.float64) / 60_000
    kg = np.array([w for _, w in inside], dtype=np.float64)
    slope, offset = np.polyfit(t_min, kg, 1)
    return float(np.std(kg - slope * t_min - offset)), float(slope)
