"""Changed calibration: the step of the readings shifts, or the whole fleet's empty weights drift together."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from gate.facts import Fact, WeightSample
from gate.fraud.passage_facts import known_plate, left, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity

PER_KG = 10  # readings are compared in tenths of a kilogram


@dataclass(slots=True)
class _Division:
    """The reading step of one scale: established by its first readings, then compared with the latest."""

    established: int | None = None
    latest: deque[int] = field(default_factory=lambda: deque(maxlen=60))


class CalibrationWatch:
    """Speaks when a scale's reading step changes, or when a CUSUM of many plates' tare residuals passes its limit."""

    def __init__(self) -> None:
        self._divisions: dict[str, _Division] = {}
        self._up = self._down = 0.0
        self._trucks = 0

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        out: list[tuple[str, Verdict | None]] = []
        for fact in facts:
            if isinstance(fact, WeightSample):
                verdict = self._division(fact, context)
                if verdict:
                    out.append((fact.scale, verdict))
        for passage in passages:
            if passage.closed:
                verdict = self._drift(passage, context)
                if verdict:
                    out.append(("fleet", verdict))
        return out

    def _division(self, sample: WeightSample, context: Context) -> Verdict | None:
        division = self._divisions.setdefault(sample.scale, _Division())
        value = abs(round(sample.kg * PER_KG))
        if value == 0 or (division.latest and division.latest[-1] == value):
            return None
        division.latest.append(value)
        if len(division.latest) < context.thresholds["least_readings"]:
            return None
        step = math.gcd(*division.latest)
        if division.established is None or division.established == step:
            division.established = step
            return None
        before_kg, after_kg = division.established / PER_KG, step / PER_KG
        division.established = step
        return Verdict(
            confidence=0.8,
            zh=f"称重仪表“{sample.scale}”分度由 {before_kg:g} kg 变为 {after_kg:g} kg,标定参数可能被改动,请核对铅封。",
            en=f"The step of {sample.scale} changed from {before_kg:g} to {after_kg:g} kg; its calibration may have "
            "been altered. Check the seal.",
            numbers={"before_kg": before_kg, "after_kg": after_kg},
            evidence=(sample.scale,),
        )

    def _drift(self, passage: Passage, context: Context) -> Verdict | None:
        residual = _tare_residual(passage, context)
        if residual is None:
            return None
        clip, slack, limit = (context.thresholds[k] for k in ("clip", "slack", "limit"))
        residual = max(-clip, min(clip, residual))
        self._up = max(0.0, self._up + residual - slack)
        self._down = max(0.0, self._down - residual - slack)
        self._trucks = self._trucks + 1 if max(self._up, self._down) > 0 else 0
        worst = max(self._up, self._down)
        if worst < limit:
            return None
        trucks, way = self._trucks, 1 if self._up >= self._down else -1
        self._up = self._down = 0.0
        return Verdict(
            confidence=0.7,
            zh=f"最近 {trucks} 辆车的皮重一致偏{'重' if way > 0 else '轻'},秤的标定可能漂移或被改动,请用砝码检验。",
            en=f"The last {trucks} trucks all weighed {'heavier' if way > 0 else 'lighter'} empty than before; "
            "the calibration may have drifted or been altered. Check it with test weights.",
            numbers={"trucks": float(trucks), "cusum": round(worst, 4)},
        )


def _tare_residual(passage: Passage, context: Context) -> float | None:
    """Relative difference of an empty weight from the plate's own earlier ones (or its register)."""
    weighing, plate = weighed(passage), known_plate(passage)
    if weighing is None or weighing.stable_kg is None or not plate or left(passage) is not None:
        return None
    earlier = [v.stable_kg for v in context.history.of(plate) if v.stable_kg and not v.left and v.passage != passage.id]
    usual_kg = median(earlier) if earlier else context.vehicles.tare_kg(plate)
    if not usual_kg or abs(weighing.stable_kg / usual_kg - 1) > context.thresholds["other_load"]:
        return None
    return weighing.stable_kg / usual_kg - 1


RULE = Rule(
    id="changed_calibration",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT}),
    zh="标定被改动",
    en="changed calibration",
    thresholds={"least_readings": 40.0, "clip": 0.01, "slack": 0.0015, "limit": 0.03, "other_load": 0.1},
    watch=CalibrationWatch,
)
