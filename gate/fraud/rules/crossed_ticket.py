"""Crossed ticket (串票): the ticket presented is another truck's, site's or product's."""

from gate.fraud.passage_facts import known_plate, plate_or_unread
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.plates import SAME_PLATE, distance
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    plate = known_plate(passage)
    if not plate:
        return None
    for use in passage.tickets:
        # a code shown before the plate was read rightly was compared with a misread one
        crossed = use.state == "other_site" or (use.state == "other_plate" and use.plate != plate)
        if not crossed and not (use.state == "valid" and use.plate and distance(use.plate, plate) > SAME_PLATE):
            continue
        zh, en = plate_or_unread(passage)
        of_zh, of_en = (
            (f"场站 {use.site}", f"site {use.site}")
            if use.state == "other_site"
            else (f"车辆 {use.plate}", f"vehicle {use.plate}")
        )
        return Verdict(
            confidence=passage.plates[0].confidence,
            zh=f"{zh} 出示的提煤单 {use.ticket} 属于{of_zh},请扣留票据核查。",
            en=f"{en} shows ticket {use.ticket}, which belongs to {of_en}; hold the ticket and check.",
            evidence=(*passage.vehicles, use.ticket),
        )
    return None


RULE = Rule(
    id="crossed_ticket",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.TICKET, Signal.PLATE}),
    zh="串票",
    en="crossed ticket",
    judge=_judge,
)
