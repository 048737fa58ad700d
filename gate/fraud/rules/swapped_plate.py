"""Swapped plate: plates read on one vehicle disagree with each other."""

from collections.abc import Mapping
from itertools import combinations

from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.plates import distance, is_trailer
from gate.records import Passage, Severity
from vision.facts import PlateReading


def _judge(passage: Passage, context: Context) -> Verdict | None:
    least = context.thresholds
    read = [p for p in passage.plates if p.frames >= least["least_frames"] and not is_trailer(p)]
    pair = next(((a, b) for a, b in combinations(read, 2) if _disagree(a, b, least)), None)
    if pair is None:
        return None
    a, b = pair
    return Verdict(
        confidence=min(a.confidence, b.confidence),
        zh=f"同一车辆前后号牌不一致:{a.text} 与 {b.text},请核对车辆。",
        en=f"One vehicle carries two plates, {a.text} and {b.text}; check the vehicle.",
        numbers={"confidence_a": round(a.confidence, 3), "confidence_b": round(b.confidence, 3)},
        evidence=passage.vehicles,
    )


def _disagree(a: PlateReading, b: PlateReading, least: Mapping[str, float]) -> bool:
    """Two plates, and not one with a character misread: the less sure they are, the more they must differ."""
    sure = min(a.confidence, b.confidence)
    differ = distance(a.text, b.text)
    if sure >= least["sure_confidence"]:
        return differ >= least["sure_distance"]
    return sure >= least["least_confidence"] and differ >= least["unsure_distance"]


RULE = Rule(
    id="swapped_plate",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE}),
    zh="换牌",
    en="swapped plate",
    thresholds={
        "least_confidence": 0.6,
        "sure_confidence": 0.9,
        "sure_distance": 2.0,
        "unsure_distance": 3.0,
        "least_frames": 3.0,
    },
    judge=_judge,
)
