"""No ticket (无票): a goods vehicle leaves and no valid ticket names its plate."""

from gate.facts import BY_DOUBTFUL_PLATE
from gate.fraud.passage_facts import known_plate, left, valid_ticket
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.visit import GOODS_VEHICLES
from gate.records import Passage, Severity

_WHY = {
    "bad_signature": ("票据签名无效", "its ticket's signature is bad"),
    "expired": ("票据已过期", "its ticket has expired"),
    "not_yet_valid": ("票据尚未生效", "its ticket is not valid yet"),
    "void": ("票据已作废", "its ticket is void"),
    "used": ("票据已使用", "its ticket was used before"),
    "other_site": ("票据属于其他场站", "its ticket is for another site"),
    "other_plate": ("票据属于其他车辆", "its ticket is another vehicle's"),
}


def _judge(passage: Passage, context: Context) -> Verdict | None:
    plate = known_plate(passage)
    if left(passage) is None or passage.kind not in GOODS_VEHICLES or not plate or valid_ticket(passage):
        return None
    if any(t.by == BY_DOUBTFUL_PLATE and t.state == "used" for t in passage.tickets):
        return None  # two vehicles were taken for one plate, and this is not the surer of them
    states = [t.state for t in passage.tickets]
    why_zh, why_en = next(
        (_WHY[s] for s in states if s in _WHY), ("登记簿中没有该车的票据", "no ticket names its plate")
    )
    return Verdict(
        confidence=passage.plates[0].confidence,
        zh=f"{plate} 无有效提煤单离场:{why_zh},请核查。",
        en=f"{plate} left without a valid lift ticket: {why_en}; check it.",
        numbers={"tickets": float(len(states))},
        evidence=(*passage.vehicles, *(t.ticket for t in passage.tickets if t.ticket)),
    )


RULE = Rule(
    id="no_ticket",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.TICKET, Signal.PLATE, Signal.ZONE}),
    zh="无票",
    en="no ticket",
    judge=_judge,
)
