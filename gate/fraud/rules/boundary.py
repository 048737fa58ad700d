"""Boundary (虚拟边界): a vehicle crosses the virtual fence where there is no gate."""

from gate.fraud.passage_facts import plate_or_unread
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from geofence.movement import MovementKind


def _judge(passage: Passage, context: Context) -> Verdict | None:
    crossed = [m for m in passage.movements if m.kind is MovementKind.CROSSED and m.gate is None]
    if not crossed:
        return None
    zh, en = plate_or_unread(passage)
    last = crossed[-1]
    way_zh, way_en = ("驶出", "out over") if last.direction == "out" else ("驶入", "in over")
    return Verdict(
        confidence=0.9,
        zh=f"{zh} 从无门处越过边界“{last.shape}”{way_zh},请到现场查看。",
        en=f"{en} went {way_en} boundary {last.shape} where there is no gate; look on the spot.",
        numbers={"crossings": float(len(crossed))},
        evidence=passage.vehicles,
    )


RULE = Rule(
    id="boundary",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.ZONE}),
    zh="虚拟边界",
    en="boundary",
    judge=_judge,
)
