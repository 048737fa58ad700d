"""Tare padding (皮重作弊): an empty weight far from what this plate has weighed empty before."""

import statistics

from gate.fraud.passage_facts import e_kg, known_plate, left, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    weighing, plate = weighed(passage), known_plate(passage)
    if weighing is None or weighing.stable_kg is None or not plate or left(passage) is not None:
        return None
    known_kg = [v.stable_kg for v in context.history.of(plate) if v.stable_kg is not None and not v.left]
    register_kg = context.vehicles.tare_kg(plate)
    if len(known_kg) < context.thresholds["least_history"]:
        known_kg = [register_kg] if register_kg is not None else []
    if not known_kg:
        return None
    usual_kg = statistics.median(known_kg)
    spread_kg = 1.4826 * statistics.median(abs(k - usual_kg) for k in known_kg)  # MAD as a standard deviation
    over_kg = weighing.stable_kg - usual_kg
    limit_kg = max(
        context.thresholds["least_kg"],
        context.thresholds["share"] * usual_kg,
        context.thresholds["robust_z"] * spread_kg,
        3 * e_kg(passage, context.site),
    )
    # A loaded truck entering is no padded tare: beyond this share it is a load, which other rules judge.
    if not limit_kg < over_kg < context.thresholds["load_share"] * usual_kg:
        return None
    return Verdict(
        confidence=0.8,
        zh=f"{plate} 皮重 {weighing.stable_kg:,.0f} kg,比惯常皮重 {usual_kg:,.0f} kg 多 {over_kg:,.0f} kg,"
        "请检查水箱、压载和车上人员。",
        en=f"{plate} weighs {weighing.stable_kg:,.0f} kg empty, {over_kg:,.0f} kg over its usual {usual_kg:,.0f} kg; "
        "check tanks, ballast and people on board.",
        numbers={"tare_kg": weighing.stable_kg, "usual_kg": usual_kg, "over_kg": over_kg, "spread_kg": spread_kg},
        evidence=passage.vehicles,
    )


RULE = Rule(
    id="tare_padding",
    version=1,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.PLATE, Signal.HISTORY}),
    zh="皮重作弊",
    en="tare padding",
    thresholds={"least_kg": 100.0, "share": 0.005, "robust_z": 4.0, "least_history": 3.0, "load_share": 0.35},
    judge=_judge,
)
