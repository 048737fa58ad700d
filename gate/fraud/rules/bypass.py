"""Bypass (绕道): a goods vehicle leaves without crossing the scale."""

from gate.fraud.passage_facts import came_in, left, plate_or_unread, weighed
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.passage.visit import GOODS_VEHICLES
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    out = left(passage)
    if out is None or passage.kind not in GOODS_VEHICLES or weighed(passage):
        return None
    if _still_weighing(passage, context):
        return UNKNOWN
    entered = came_in(passage)
    inside_s = (out.t_ms - (entered.t_ms if entered else passage.start_ms)) / 1000
    through = out.gate or out.shape
    zh, en = plate_or_unread(passage)
    unstable = bool(passage.weighings)
    return Verdict(
        confidence=0.9 if not unstable else 0.7,
        zh=f"{zh} 未过磅从“{through}”离开,{'上磅但无稳定重量' if unstable else '未上磅'},请拦停复磅。",
        en=f"{en} left through {through} "
        f"{'with no stable weight taken' if unstable else 'without crossing the scale'}; stop it and weigh it.",
        numbers={"inside_s": round(inside_s, 1), "weighings": float(len(passage.weighings))},
        evidence=passage.vehicles,
    )


def _still_weighing(passage: Passage, context: Context) -> bool:
    """Whether it was on a deck whose scale is still loaded: its nose may pass the gate while its rear is weighed."""
    decks = {s.deck for s in context.site.scales if s.id in context.weighing}
    return not passage.closed and any(m.shape in decks for m in passage.movements)


RULE = Rule(
    id="bypass",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE, Signal.ZONE, Signal.WEIGHT}),
    zh="绕道",
    en="bypass",
    judge=_judge,
)
