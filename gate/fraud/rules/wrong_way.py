"""Wrong way (逆行): against a lane, out through an entrance or in through an exit."""

from gate.fraud.passage_facts import plate_or_unread
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from gate.site.model import Site
from geofence.movement import Movement, MovementKind


def _judge(passage: Passage, context: Context) -> Verdict | None:
    against = [m for m in passage.movements if m.kind is MovementKind.AGAINST_LANE]
    misused = [m for m in passage.movements if _misuses_gate(m, context.site)]
    if not against and not misused:
        return None
    zh, en = plate_or_unread(passage)
    distance_m = max((m.distance_m or 0.0 for m in against), default=0.0)
    if misused:
        gate = misused[-1].gate
        what_zh, what_en = f"从“{gate}”逆向通过", f"went through {gate} the wrong way"
    else:
        lane = against[-1].shape
        what_zh, what_en = f"在车道“{lane}”逆行 {distance_m:.1f} 米", f"drove {distance_m:.1f} m against lane {lane}"
    return Verdict(
        confidence=0.9,
        zh=f"{zh} {what_zh},请拦停。",
        en=f"{en} {what_en}; stop it.",
        numbers={
            "against_m": round(distance_m, 2),
            "against_s": max((m.duration_ms or 0 for m in against), default=0) / 1000,
        },
        evidence=passage.vehicles,
    )


def _misuses_gate(movement: Movement, site: Site) -> bool:
    if movement.kind is not MovementKind.CROSSED or movement.gate is None:
        return False
    use = next((g.use for b in site.boundaries for g in b.gates if g.id == movement.gate), "both")
    return (use, movement.direction) in (("entrance", "out"), ("exit", "in"))


RULE = Rule(
    id="wrong_way",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.ZONE}),
    zh="逆行",
    en="wrong way",
    judge=_judge,
)
