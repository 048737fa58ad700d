"""Bypass (绕道): a goods vehicle leaves without crossing the scale."""

from gate.fraud.passage_facts import plate_or_unread, weighed
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.passage.visit import GOODS_VEHICLES
from gate.records import Passage, Severity
from gate.site.shapes import site_topology
from geofence.bypass import Departure, Topology, bypasses, departures
from geofence.movement import MovementKind


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    if passage.kind not in GOODS_VEHICLES or weighed(passage):
        return None
    topology = site_topology(context.site)
    leaving = departures(passage.movements, topology)
    if not leaving or _came_back(passage, leaving[-1]):
        return None
    if _still_weighing(passage, context):
        return UNKNOWN
    out = leaving[-1]
    seen_inside = [b.inside_ms for b in bypasses(passage.movements, (), topology) if b.departure == out]
    inside_s = (out.t_ms - (seen_inside[0] if seen_inside else passage.start_ms)) / 1000
    zh, en = plate_or_unread(passage)
    through_zh, through_en = _through(out, topology)
    unstable = bool(passage.weighings)
    return Verdict(
        confidence=0.9 if not unstable else 0.7,
        zh=f"{zh} 未过磅{through_zh}离开,{'上磅但无稳定重量' if unstable else '未上磅'},请拦停复磅。",
        en=f"{en} left {through_en} "
        f"{'with no stable weight taken' if unstable else 'without crossing the scale'}; stop it and weigh it.",
        numbers={"inside_s": round(inside_s, 1), "weighings": float(len(passage.weighings))},
        evidence=passage.vehicles,
    )


def _came_back(passage: Passage, out: Departure) -> bool:
    """Whether it crossed inwards after it left."""
    return any(m.kind is MovementKind.CROSSED and m.direction == "in" and m.t_ms > out.t_ms for m in passage.movements)


def _through(out: Departure, topology: Topology) -> tuple[str, str]:
    """By which gate, boundary or exit, in Chinese and English."""
    if out.through in topology.exits:
        return f"从出口“{out.through}”", f"by the exit {out.through}"
    if out.gate is None:
        return f"从“{out.through}”无门处", f"over {out.through}, where there is no gate,"
    if out.gate_use == "entrance":
        return f"从入口“{out.gate}”", f"through the entrance {out.gate}"
    return f"从“{out.gate}”", f"through {out.gate}"


def _still_weighing(passage: Passage, context: Context) -> bool:
    """Whether it was on a deck whose scale is still loaded: its nose may pass the gate while its rear is weighed."""
    decks = {s.deck for s in context.site.scales if s.id in context.weighing}
    return not passage.closed and any(m.shape in decks for m in passage.movements)


RULE = Rule(
    id="bypass",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE, Signal.ZONE, Signal.WEIGHT}),
    zh="绕道",
    en="bypass",
    judge=_judge,
)
