"""Goods differ (票货不符): the net weight is over what the ticket allows, if that is surely its own."""

from gate.facts import BY_DOUBTFUL_PLATE
from gate.fraud.net import over_ticket_kg
from gate.fraud.passage_facts import e_kg, known_plate, left, valid_ticket
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    ticket = valid_ticket(passage)
    taken = passage.weights
    if ticket is None or ticket.by == BY_DOUBTFUL_PLATE or taken is None or left(passage) is None:
        return None
    net_kg, tare_kg = taken.net_kg, taken.tare_kg
    if net_kg is None or tare_kg is None:
        return None
    over_kg = over_ticket_kg(net_kg, ticket.tonnes, e_kg(passage, context.site), context.thresholds)
    if not over_kg:
        return None
    plate = known_plate(passage)
    return Verdict(
        confidence=0.9,
        zh=f"{plate} 净重 {net_kg:,.0f} kg 超出提煤单 {ticket.tonnes:g} t {over_kg:,.0f} kg,请卸载或补票。",
        en=f"{plate} carries {net_kg:,.0f} kg net, {over_kg:,.0f} kg over its ticket of {ticket.tonnes:g} t; "
        "unload or issue a further ticket.",
        numbers={
            "net_kg": net_kg,
            "tare_kg": tare_kg,
            "over_kg": over_kg,
            "over_share": round(over_kg / (ticket.tonnes * 1000), 4),
        },
        evidence=(*passage.vehicles, ticket.ticket),
    )


RULE = Rule(
    id="goods_differ",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.TICKET, Signal.PLATE}),
    zh="票货不符",
    en="goods differ",
    thresholds={"over_share": 0.02, "over_kg": 1000.0},
    judge=_judge,
)
