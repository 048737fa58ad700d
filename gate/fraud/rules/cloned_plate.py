"""Cloned plate (套牌): one plate on two vehicles, shown by the register or by its own history."""

from gate.fraud.passage_facts import known_plate
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    plate = known_plate(passage)
    if not plate or passage.plates[0].confidence < context.thresholds["least_confidence"]:
        return None
    colour = passage.plates[0].colour.value
    listed = context.vehicles.colour(plate)
    if listed and listed != colour and passage.plates[0].frames >= context.thresholds["least_frames"]:
        return _verdict(
            passage, f"号牌颜色 {colour} 与登记 {listed} 不符", f"plate colour {colour}, registered {listed}"
        )
    together = [v for v in context.history.of(plate) if v.passage != passage.id and v.end_ms > passage.start_ms]
    if together:
        return _verdict(passage, "同一号牌同时出现在两辆车上", "the same plate was on another vehicle at the same time")
    return None


def _verdict(passage: Passage, zh: str, en: str) -> Verdict:
    plate = passage.plate
    return Verdict(
        confidence=passage.plates[0].confidence,
        zh=f"{plate} 涉嫌套牌:{zh},请扣留核查车架号。",
        en=f"{plate} may be a cloned plate: {en}; hold it and check the chassis number.",
        evidence=passage.vehicles,
    )


RULE = Rule(
    id="cloned_plate",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE, Signal.HISTORY}),
    zh="套牌",
    en="cloned plate",
    thresholds={"least_confidence": 0.9, "least_frames": 3.0},
    judge=_judge,
)
