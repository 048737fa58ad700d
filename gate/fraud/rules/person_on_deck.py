"""Person on the deck: people stand on the scale while the weight is taken."""

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
    if not all(o.persons for o in seen):
        return None
    people = max(len(o.persons) for o in seen)
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.85,
        zh=f"{zh} 称重时秤台上有 {people} 人,请人员离开秤台后复磅。",
        en=f"{people} person(s) stood on the deck while {en} was weighed; have them leave and re-weigh.",
        numbers={"people": float(people), "kg": weighing.stable_kg or 0.0},
        evidence=(*passage.vehicles, *sorted({k for o in seen for k in o.persons})),
    )


RULE = Rule(
    id="person_on_deck",
    version=1,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE, Signal.VEHICLE}),
    zh="秤台有人",
    en="person on the deck",
    thresholds={"for_s": 1.0, "least_looks": 3.0},
    judge=_judge,
)
