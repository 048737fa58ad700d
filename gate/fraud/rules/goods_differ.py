"""Goods differ (票货不符): the net weight is over what the ticket allows."""

from gate.fraud.passage_facts import e_kg, known_plate, left, valid_ticket
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    ticket = valid_ticket(passage)
    taken = passage.weights
    if ticket is None or taken is None or ticket.tonnes <= 0 or left(passage) is None:
        return None
    net_kg, tare_kg = taken.net_kg, taken.tare_kg
    if net_kg is None or tare_kg is None:
        return None
    over_kg = net_kg - ticket.tonnes * 1000
    over_share = over_kg / (ticket.tonnes * 1000)
    if over_kg <= 3 * e_kg(passage, context.site):  # under 3 e a difference is noise and never a finding
        return None
    if over_share <= context.thresholds["over_share"] and over_kg <= context.thresholds["over_kg"]:
        return None
    plate = known_plate(passage)
    return Verdict(
        confidence=0.9,
        zh=f"{plate} 净重 {net_kg:,.0f} kg 超出提煤单 {ticket.tonnes:g} t {over_kg:,.0f} kg,请卸载或补票。",
        en=f"{plate} carries {net_kg:,.0f} kg net, {over_kg:,.0f} kg over its ticket of {ticket.tonnes:g} t; "
        "unload or issue a further ticket.",
        numbers={"net_kg": net_kg, "tare_kg": tare_kg, "over_kg": over_kg, "over_share": round(over_share, 4)},
        evidence=(*passage.vehicles, ticket.ticket),
    )


RULE = Rule(
    id="goods_differ",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.TICKET, Signal.PLATE}),
    zh="票货不符",
    en="goods differ",
    thresholds={"over_share": 0.02, "over_kg": 1000.0},
    judge=_judge,
)
