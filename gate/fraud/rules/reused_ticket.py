"""Reused ticket (套票): a ticket that has already carried a load is presented again.

One looked up by a plate that may be another's was presented by nobody, nor was the last load's ticket by a vehicle that
comes in for the next one, unless it shows its code.
"""

from gate.facts import BY_CODE, BY_DOUBTFUL_PLATE
from gate.fraud.passage_facts import came_in, left, plate_or_unread
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    coming = came_in(passage) is not None and left(passage) is None
    shown = (t for t in passage.tickets if t.by == BY_CODE or not (coming or t.by == BY_DOUBTFUL_PLATE))
    used = next((t for t in shown if t.state == "used"), None)
    if used is None or any(t.state == "valid" for t in passage.tickets):
        return None
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.95,
        zh=f"{zh} 使用的提煤单 {used.ticket} 已用过({used.detail}),涉嫌一票多车。",
        en=f"{en} shows ticket {used.ticket}, which was used before ({used.detail}); one ticket, several loads.",
        evidence=(*passage.vehicles, used.ticket),
    )


RULE = Rule(
    id="reused_ticket",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.TICKET}),
    zh="套票",
    en="reused ticket",
    judge=_judge,
)
