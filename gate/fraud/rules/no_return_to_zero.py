"""No return to zero: weight is left behind between vehicles."""

from collections.abc import Sequence

from gate.facts import Fact
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.fraud.rules.weight_empty_deck import cameras_of_decks
from gate.records import Passage, Severity


class ReturnWatch:
    """Speaks when the least weight since a deck emptied has stayed over the limit for long enough."""

    def __init__(self) -> None:
        self._least: dict[str, tuple[int, float]] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        blind = bool(cameras_of_decks(context.site) & context.decks.cameras_dark)
        out: list[tuple[str, Verdict | None]] = []
        for scale, deck in context.decks.by_scale.items():
            settled = context.now_ms - deck.changed_ms >= context.thresholds["settle_s"] * 1000
            if deck.sample is None or not deck.empty or deck.emptied_ms is None or blind or not settled:
                self._least.pop(scale, None)
                continue
            since, least = self._least.get(scale, (context.now_ms, abs(deck.sample.kg)))
            least = min(least, abs(deck.sample.kg))
            self._least[scale] = since, least
            limit = context.thresholds["over_e"] * deck.scale.e_kg
            if least <= limit:
                out.append((scale, None))
            elif context.now_ms - since >= context.thresholds["for_s"] * 1000:
                out.append((scale, _verdict(scale, deck.sample.kg, least)))
        return out


def _verdict(scale: str, kg: float, least_kg: float) -> Verdict:
    return Verdict(
        confidence=0.8,
        zh=f"车辆下秤后未回零,仍显示 {kg:,.0f} kg,请清理秤台并归零后再过磅。",
        en=f"The scale did not return to zero after a vehicle left: {kg:,.0f} kg; clear the deck and zero it.",
        numbers={"kg": kg, "least_kg": least_kg},
        evidence=(scale,),
    )


RULE = Rule(
    id="no_return_to_zero",
    version=1,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    zh="未回零",
    en="no return to zero",
    thresholds={"over_e": 2.0, "for_s": 5.0, "settle_s": 5.0},
    watch=ReturnWatch,
)
