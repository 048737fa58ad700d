"""Restricted goods vehicle refuelled: a goods vehicle at the pump that is not on the site's register."""

from gate.fraud.passage_facts import known_plate, zones_of
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.visit import GOODS_VEHICLES
from gate.records import Passage, Severity
from geofence.movement import MovementKind


def _judge(passage: Passage, context: Context) -> Verdict | None:
    plate = known_plate(passage)
    pumps = zones_of(context.site, "refuel")
    stopped = any(m.kind is MovementKind.ENTERED and m.shape in pumps for m in passage.movements)
    if not stopped or not plate or passage.kind not in GOODS_VEHICLES or context.vehicles.lists(plate):
        return None
    return Verdict(
        confidence=passage.plates[0].confidence,
        zh=f"货车 {plate} 不在本站登记名单内却在加油区,请停止加油并核查。",
        en=f"Goods vehicle {plate} is at the pump but not on this site's register; stop the refuelling and check.",
        evidence=passage.vehicles,
    )


RULE = Rule(
    id="restricted_refuel",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE, Signal.ZONE}),
    zh="限制车辆加油",
    en="restricted goods vehicle refuelled",
    judge=_judge,
)
