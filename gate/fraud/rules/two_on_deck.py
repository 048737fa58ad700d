"""Two on the deck: a second vehicle stands on the scale while the weight is taken."""

from gate.fraud.passage_facts import plate_or_unread, weighed
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    weighing = weighed(passage)
    if weighing is None or weighing.stable_ms is None:
        return None
    held_ms = round(context.thresholds["for_s"] * 1000)
    seen = context.decks.between(weighing.scale, weighing.stable_ms - held_ms, weighing.stable_ms)
    if len(seen) < context.thresholds["least_looks"]:
        return UNKNOWN
    if any(len(o.vehicles) < 2 for o in seen):
        return None
    others = sorted({k for o in seen for v in o.vehicles for k in v.vehicles} - set(passage.vehicles))
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.85,
        zh=f"{zh} 称重时秤台上另有车辆,请清空秤台后复磅。",
        en=f"Another vehicle stood on the deck while {en} was weighed; clear the deck and re-weigh.",
        numbers={"vehicles": float(min(len(o.vehicles) for o in seen)), "kg": weighing.stable_kg or 0.0},
        evidence=(*passage.vehicles, *others),
    )


RULE = Rule(
    id="two_on_deck",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    zh="秤台两车",
    en="two on the deck",
    thresholds={"for_s": 1.0, "least_looks": 3.0},
    judge=_judge,
)
