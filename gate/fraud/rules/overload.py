"""Overload (超限): gross weight over the road limit for the vehicle's axles (GB 1589 total mass limits)."""

from gate.fraud.passage_facts import e_kg, known_plate, plate_or_unread, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity

LIMIT_T = {2: 18.0, 3: 25.0, 4: 31.0, 5: 43.0, 6: 49.0}


def _judge(passage: Passage, context: Context) -> Verdict | None:
    weighing, plate = weighed(passage), known_plate(passage)
    listed = context.vehicles.axles(plate) if plate else None
    seen, sure = _seen(passage, context)
    axles = listed or seen
    if weighing is None or weighing.stable_kg is None or axles not in LIMIT_T:
        return None
    limit_t = context.thresholds[f"limit_t_{axles}_axles"]
    over_kg = weighing.stable_kg - limit_t * 1000
    if over_kg <= 3 * e_kg(passage, context.site):
        return None
    zh, en = plate_or_unread(passage)
    by_zh, by_en = ("", "") if listed else ("(镜头所见)", " as the camera counts them")
    kg = f"{weighing.stable_kg:,.0f} kg"
    return Verdict(
        confidence=0.95 if listed else min(0.95, sure),
        zh=f"{zh} 总重 {kg},超过 {axles} 轴车{by_zh}限值 {limit_t:g} t {over_kg:,.0f} kg,请卸载。",
        en=f"{en} weighs {kg}, {over_kg:,.0f} kg over the {limit_t:g} t limit for {axles} axles{by_en}; unload it.",
        numbers={"gross_kg": weighing.stable_kg, "over_kg": over_kg, "axles": float(axles), "limit_t": limit_t},
        evidence=passage.vehicles,
    )


def _seen(passage: Passage, context: Context) -> tuple[int | None, float]:
    """The axles its cameras counted and how sure they were, where that is sure enough to stand in for the register."""
    look = passage.look
    if look is None or look.axles is None or look.axles_confidence < context.thresholds["least_axles_confidence"]:
        return None, 0.0
    return look.axles, look.axles_confidence


RULE = Rule(
    id="overload",
    version=2,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.PLATE}),
    zh="超限",
    en="overload",
    thresholds={f"limit_t_{axles}_axles": limit_t for axles, limit_t in LIMIT_T.items()}
    | {"least_axles_confidence": 0.9},
    judge=_judge,
)
