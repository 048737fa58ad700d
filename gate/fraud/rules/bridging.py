"""Bridging (搭桥): boards carry wheels over the deck, so the scale reads far too little.

It reads nearly nothing where they carry all wheels, and half of what the plate always weighs where they carry one side.
"""

from collections.abc import Sequence
from statistics import median

from gate.facts import Fact
from gate.fraud.deck import Deck
from gate.fraud.passage_facts import known_plate, left, valid_ticket, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.visit import GOODS_VEHICLES
from gate.records import Passage, Severity


class BridgingWatch:
    """Speaks when most of a goods vehicle is surely on a deck for long while the scale reads less than it can weigh."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        out: list[tuple[str, Verdict | None]] = []
        for scale, deck in context.decks.by_scale.items():
            least_kg = self._least_kg(deck, context)
            if least_kg is None or deck.sample is None or deck.sample.kg >= context.thresholds["share"] * least_kg:
                self._since.pop(scale, None)
                continue
            since = self._since.setdefault(scale, context.now_ms)
            held_s = (context.now_ms - since) / 1000
            if held_s >= context.thresholds["for_s"]:
                keys = deck.seen[-1].vehicles[0].vehicles
                through = deck.passed(since - round(context.thresholds["came_on_s"] * 1000))
                out.append((f"{scale}:{keys[0]}", _verdict(deck, least_kg, held_s, keys, through)))
        return out

    @staticmethod
    def _least_kg(deck: Deck, context: Context) -> float | None:
        """The least the vehicle on the deck can weigh, None while no goods vehicle is surely on it."""
        latest = deck.seen[-1] if deck.seen else None
        if latest is None or context.now_ms - latest.t_ms > context.thresholds["fresh_s"] * 1000:
            return None
        share = context.thresholds["least_share"]
        goods = [v for v in latest.vehicles if v.kind in GOODS_VEHICLES and v.least_share() >= share]
        return context.thresholds["least_tare_kg"] if goods else None


def _verdict(deck: Deck, least_kg: float, held_s: float, keys: tuple[str, ...], through: tuple[str, ...]) -> Verdict:
    """through: light barriers it went through to come on; they say the same as the cameras."""
    kg = deck.sample.kg if deck.sample else 0.0
    return Verdict(
        confidence=0.95 if through else 0.85,
        zh=f"货车已整车在秤台上 {held_s:.0f} 秒,仪表仅显示 {kg:,.0f} kg(该类车空车至少 {least_kg:,.0f} kg),"
        "疑似搭桥,请查看秤台。",
        en=f"A goods vehicle has been wholly on the deck for {held_s:.0f} s and the scale reads {kg:,.0f} kg, under "
        f"any empty one's {least_kg:,.0f} kg; boards may carry its wheels. Look at the deck.",
        numbers={"kg": kg, "least_kg": least_kg, "held_s": round(held_s, 1)},
        evidence=(deck.scale.id, *keys, *through),
    )


def _judge(passage: Passage, context: Context) -> Verdict | None:
    """A load far under what this plate always takes out, and under what its ticket says it carries."""
    weighing, plate = weighed(passage), known_plate(passage)
    if weighing is None or weighing.stable_kg is None or not plate or left(passage) is None:
        return None
    loads_kg = [v.stable_kg for v in context.history.of(plate) if v.left and v.stable_kg is not None]
    tare_kg, ticket = context.vehicles.tare_kg(plate), valid_ticket(passage)
    if len(loads_kg) < context.thresholds["least_history"] or tare_kg is None or ticket is None:
        return None
    kg, usual_kg = weighing.stable_kg, median(loads_kg)
    as_ticketed = kg - tare_kg >= context.thresholds["ticket_share"] * ticket.tonnes * 1000
    if kg >= context.thresholds["usual_share"] * usual_kg or as_ticketed:
        return None
    return Verdict(
        confidence=0.7,
        zh=f"{plate} 出场仅 {kg:,.0f} kg,平时约 {usual_kg:,.0f} kg,提煤单 {ticket.tonnes:g} t,"
        "疑似单侧搭桥,请查看秤台并复磅。",
        en=f"{plate} leaves at {kg:,.0f} kg, usually {usual_kg:,.0f} kg, on a ticket of {ticket.tonnes:g} t; "
        "boards may carry one side. Look at the deck and re-weigh.",
        numbers={"kg": kg, "usual_kg": usual_kg, "tare_kg": tare_kg, "ticket_kg": ticket.tonnes * 1000},
        evidence=(*passage.vehicles, ticket.ticket),
    )


RULE = Rule(
    id="bridging",
    version=3,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE, Signal.VEHICLE}),
    helped_by=frozenset({Signal.BEAM}),
    zh="搭桥",
    en="bridging",
    thresholds={
        "share": 0.5,
        "least_tare_kg": 6000.0,
        "least_share": 0.85,
        "for_s": 3.0,
        "fresh_s": 1.0,
        "came_on_s": 60.0,
        "usual_share": 0.65,
        "ticket_share": 0.7,
        "least_history": 3.0,
    },
    judge=_judge,
    watch=BridgingWatch,
)
