"""Repeat weighing: one load weighed for several tickets, without leaving in between."""

from gate.fraud.history import PastVisit
from gate.fraud.passage_facts import e_kg, known_plate, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    weighing, plate = weighed(passage), known_plate(passage)
    if weighing is None or weighing.stable_kg is None or not plate:
        return None
    tare_kg = context.vehicles.tare_kg(plate)
    window_ms = context.thresholds["window_h"] * 3_600_000
    since_exit: list[PastVisit] = []
    for visit in context.history.of(plate):
        if passage.start_ms - visit.end_ms <= window_ms and visit.passage != passage.id:
            since_exit = [] if visit.left else [*since_exit, visit]
    loaded = tare_kg is None or weighing.stable_kg > tare_kg * context.thresholds["loaded_share"]
    within_kg = e_kg(passage, context.site)
    same = [v for v in since_exit if v.stable_kg is not None and abs(v.stable_kg - weighing.stable_kg) <= within_kg]
    if not same or not loaded or tare_kg is None:
        return None
    return Verdict(
        confidence=0.8,
        zh=f"{plate} 未离场重复过磅 {len(same) + 1} 次,重量均约 {weighing.stable_kg:,.0f} kg,涉嫌一车多票。",
        en=f"{plate} was weighed {len(same) + 1} times at about {weighing.stable_kg:,.0f} kg without leaving; "
        "one load, several tickets.",
        numbers={"times": float(len(same) + 1), "kg": weighing.stable_kg},
        evidence=(*passage.vehicles, *(v.passage for v in same)),
    )


RULE = Rule(
    id="repeat_weighing",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.PLATE, Signal.HISTORY}),
    zh="重复过磅",
    en="repeat weighing",
    thresholds={"window_h": 24.0, "loaded_share": 1.2},
    judge=_judge,
)
