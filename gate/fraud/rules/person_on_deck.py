"""Person on the deck: people stand on the scale while the weight is taken."""

from gate.fraud.passage_facts import plate_or_unread, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    weighing = weighed(passage)
    if weighing is None or weighing.stable_ms is None:
        return None
    people = [k for k in context.decks.present(weighing.scale, weighing.stable_ms) if context.decks.is_person(k)]
    if not people:
        return None
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.85,
        zh=f"{zh} 称重时秤台上有 {len(people)} 人,请人员离开秤台后复磅。",
        en=f"{len(people)} person(s) stood on the deck while {en} was weighed; have them leave and re-weigh.",
        numbers={"people": float(len(people)), "kg": weighing.stable_kg or 0.0},
        evidence=(*passage.vehicles, *people),
    )


RULE = Rule(
    id="person_on_deck",
    version=1,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE, Signal.VEHICLE}),
    zh="秤台有人",
    en="person on the deck",
    judge=_judge,
)
