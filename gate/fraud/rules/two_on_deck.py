"""Two on the deck: a second vehicle stands on the scale while the weight is taken."""

from gate.fraud.passage_facts import plate_or_unread, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    weighing = weighed(passage)
    if weighing is None or weighing.stable_ms is None:
        return None
    present = context.decks.present(weighing.scale, weighing.stable_ms)
    others = [k for k in present if k not in passage.vehicles and not context.decks.is_person(k)]
    if not others:
        return None
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.85,
        zh=f"{zh} 称重时秤台上有另外 {len(others)} 辆车,请清空秤台后复磅。",
        en=f"{len(others)} other vehicle(s) stood on the deck while {en} was weighed; clear the deck and re-weigh.",
        numbers={"others": float(len(others)), "kg": weighing.stable_kg or 0.0},
        evidence=(*passage.vehicles, *others),
    )


RULE = Rule(
    id="two_on_deck",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    zh="秤台两车",
    en="two on the deck",
    judge=_judge,
)
