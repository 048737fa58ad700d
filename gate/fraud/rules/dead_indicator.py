"""Dead or swapped indicator: frames stop, the format changes, or a reading stands still while vehicles come and go."""

from collections.abc import Sequence

from gate.facts import Fact, WeightSample
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from vision.facts import DeviceState


class IndicatorWatch:
    """Speaks of a scale whose line is down, and of one whose reading ignores what rolls over its deck.

    A still truck's reading, rounded to e, repeats for as long as it stands, so standing still alone proves nothing; a
    reading other than zero that outlasts a vehicle's coming or going does.
    """

    def __init__(self) -> None:
        self._same_since: dict[str, tuple[float, int]] = {}
        self._down: dict[str, DeviceState] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        for fact in facts:
            if isinstance(fact, WeightSample):
                kg, since = self._same_since.get(fact.scale, (fact.kg, fact.t_ms))
                self._same_since[fact.scale] = (kg, since) if kg == fact.kg else (fact.kg, fact.t_ms)
            elif isinstance(fact, DeviceState) and fact.device in context.decks.by_scale:
                if fact.state in ("ok", "ended"):
                    self._down.pop(fact.device, None)
                else:
                    self._down.setdefault(fact.device, fact)
        return [(scale, self._verdict(scale, context)) for scale in context.decks.by_scale]

    def _verdict(self, scale: str, context: Context) -> Verdict | None:
        down = self._down.get(scale)
        if down is not None and context.now_ms - down.t_ms >= context.thresholds["gap_s"] * 1000:
            return Verdict(
                confidence=0.95,
                zh=f"称重仪表“{scale}”数据中断({down.detail or down.state}),请检查接线和仪表。",
                en=f"Indicator {scale} gives no readings ({down.detail or down.state}); check its line and power.",
                evidence=(scale,),
            )
        return self._frozen(scale, context)

    def _frozen(self, scale: str, context: Context) -> Verdict | None:
        deck = context.decks.by_scale[scale]
        if scale not in self._same_since or deck.changed_ms == 0:
            return None
        kg, since = self._same_since[scale]
        still_s = context.thresholds["still_s"]
        outlasted = since + still_s * 1000 <= deck.changed_ms <= context.now_ms - still_s * 1000
        if abs(kg) <= 4 * deck.scale.e_kg or not outlasted:
            return None
        return Verdict(
            confidence=0.9,
            zh=f"称重仪表“{scale}”读数固定在 {kg:,.0f} kg,车辆上下秤时无变化,疑似被冻结或替换。",
            en=f"Indicator {scale} stays at {kg:,.0f} kg while vehicles come and go; frozen or replaced by a device.",
            numbers={"kg": kg, "same_s": (context.now_ms - since) / 1000},
            evidence=(scale,),
        )


RULE = Rule(
    id="dead_indicator",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT}),
    zh="仪表失联或被替换",
    en="dead or swapped indicator",
    thresholds={"gap_s": 2.0, "still_s": 10.0},
    watch=IndicatorWatch,
)
