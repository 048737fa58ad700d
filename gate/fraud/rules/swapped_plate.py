"""Swapped plate: plates read on one vehicle disagree with each other."""

from itertools import combinations

from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.plates import SAME_PLATE, distance, is_trailer
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    least, frames = context.thresholds["least_confidence"], context.thresholds["least_frames"]
    sure = [p for p in passage.plates if p.confidence >= least and p.frames >= frames and not is_trailer(p)]
    pair = next(((a, b) for a, b in combinations(sure, 2) if distance(a.text, b.text) > SAME_PLATE), None)
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


RULE = Rule(
    id="swapped_plate",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE}),
    zh="换牌",
    en="swapped plate",
    thresholds={"least_confidence": 0.9, "least_frames": 3.0},
    judge=_judge,
)
