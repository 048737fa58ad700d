"""Unlisted tanker (黑油罐车): a tanker whose plate is not on the register, or that is outside its area or hours."""

from gate.fraud.area_watch import AreaWatch
from gate.fraud.passage_facts import known_plate
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.records import Passage, Severity
from vision.facts import VehicleClass


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    plate = known_plate(passage)
    if passage.kind is not VehicleClass.TANKER or not plate or context.vehicles.lists(plate, VehicleClass.TANKER.value):
        return None
    if passage.plates[0].confidence < context.thresholds["least_confidence"] and not passage.closed:
        return UNKNOWN
    return Verdict(
        confidence=passage.plates[0].confidence,
        zh=f"罐车 {plate} 不在登记名单内,请拦停核查。",
        en=f"Tanker {plate} is not on the register; stop and check it.",
        numbers={"plate_confidence": round(passage.plates[0].confidence, 3)},
        evidence=passage.vehicles,
    )


RULE = Rule(
    id="unlisted_tanker",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.VEHICLE, Signal.PLATE}),
    zh="黑油罐车",
    en="unlisted tanker",
    thresholds={"least_confidence": 0.8, "astray_s": 120.0},
    judge=_judge,
    watch=AreaWatch,
)
