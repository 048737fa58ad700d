"""Cloned plate (套牌): one plate on two vehicles, shown by the register or by its own history."""

from gate.fraud.passage_facts import known_plate
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity

# Colours that one vehicle may show in different light, or that registers name differently.
_ALIKE = frozenset(
    frozenset(pair.split())
    for pair in (
        "white grey", "grey black", "grey blue", "grey brown", "grey green", "black blue", "black brown", "black green",
        "red orange", "red brown", "orange yellow", "orange brown", "yellow brown", "yellow white", "green blue",
    )
)  # fmt: skip
# What no detector takes for the other: (registered, seen).
_UNLIKE_KINDS = frozenset(pair for heavy in ("tanker", "dump_truck") for pair in ((heavy, "car"), ("car", heavy)))


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
    contradiction = _unlike(passage, context, plate)
    if contradiction is not None:
        return _verdict(passage, *contradiction)
    together = [v for v in context.history.of(plate) if v.passage != passage.id and v.end_ms > passage.start_ms]
    if together:
        return _verdict(passage, "同一号牌同时出现在两辆车上", "the same plate was on another vehicle at the same time")
    return None


def _unlike(passage: Passage, context: Context, plate: str) -> tuple[str, str] | None:
    """How the vehicle's own colour or class contradicts the register; None where it does not, or might not."""
    look, body = passage.look, context.vehicles.body(plate)
    if look is not None and look.colour is not None and body and look.looks >= context.thresholds["least_looks"]:
        seen, sure = look.colour.value, look.colour_confidence >= context.thresholds["least_colour_confidence"]
        if sure and seen != body and frozenset((seen, body)) not in _ALIKE:
            return f"车身颜色 {seen} 与登记 {body} 不符", f"the vehicle is {seen}, registered {body}"
    kind, listed = passage.kind.value, context.vehicles.kind(plate)
    if listed and (listed, kind) in _UNLIKE_KINDS and passage.plates[0].frames >= context.thresholds["least_frames"]:
        return f"车型 {kind} 与登记 {listed} 不符", f"the vehicle is a {kind}, registered as {listed}"
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
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.PLATE, Signal.HISTORY}),
    zh="套牌",
    en="cloned plate",
    thresholds={
        "least_confidence": 0.9,
        "least_frames": 3.0,
        "least_colour_confidence": 0.85,
        "least_looks": 3.0,
    },
    judge=_judge,
)
