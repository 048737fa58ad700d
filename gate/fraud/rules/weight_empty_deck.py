"""Weight with empty deck: the scale reads a load while the cameras see nobody on the deck."""

from collections.abc import Sequence

from gate.facts import Fact
from gate.fraud.deck import Deck
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from gate.site.model import Site


class EmptyDeckWatch:
    """Speaks when a deck has read over the limit for long enough with nobody on it."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        watched = cameras_of_decks(context.site)
        out: list[tuple[str, Verdict | None]] = []
        for scale, deck in context.decks.by_scale.items():
            sample = deck.sample
            settled = context.now_ms - deck.changed_ms >= context.thresholds["settle_s"] * 1000
            blind = bool(watched & context.decks.cameras_dark)
            if sample is None or blind or not deck.empty or not settled or not self._loaded(deck, context):
                self._since.pop(scale, None)
                out.append((scale, None))
                continue
            since = self._since.setdefault(scale, context.now_ms)
            if context.now_ms - since >= context.thresholds["for_s"] * 1000:
                out.append((scale, _verdict(scale, sample.kg, (context.now_ms - since) / 1000)))
        return out

    @staticmethod
    def _loaded(deck: Deck, context: Context) -> bool:
        return deck.sample is not None and abs(deck.sample.kg) > context.thresholds["over_e"] * deck.scale.e_kg


def cameras_of_decks(site: Site) -> set[str]:
    """Cameras whose loss makes deck occupancy unknown: with deck zones on the ground, all that have a plane."""
    return {c.id for c in site.cameras if c.points} or {c.id for c in site.cameras}


def _verdict(scale: str, kg: float, held_s: float) -> Verdict:
    return Verdict(
        confidence=0.85,
        zh=f"空秤显示 {kg:,.0f} kg 已 {held_s:.0f} 秒,请检查秤台、传感器与干扰装置。",
        en=f"The empty deck has read {kg:,.0f} kg for {held_s:.0f} s; check deck, cells and interference.",
        numbers={"kg": kg, "held_s": round(held_s, 1)},
        evidence=(scale,),
    )


RULE = Rule(
    id="weight_empty_deck",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    zh="空秤有重",
    en="weight with empty deck",
    thresholds={"over_e": 4.0, "for_s": 2.0, "settle_s": 6.0},
    watch=EmptyDeckWatch,
)
