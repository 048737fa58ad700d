"""Partly on the deck (未完全上磅): an axle off the deck lowers the weight."""

from statistics import median

from gate.facts import Weighing
from gate.fraud.passage_facts import plate_or_unread, weighed
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.records import Passage, Severity
from geofence.deck import OnDeck, Standing


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    weighing = weighed(passage)
    if weighing is None or weighing.stable_ms is None:
        return None
    limits = context.thresholds
    held_ms = round(limits["for_s"] * 1000)
    seen = context.decks.between(weighing.scale, weighing.stable_ms - held_ms, weighing.stable_ms)
    mine = [v for o in seen for v in o.vehicles if set(v.vehicles) & set(passage.vehicles)]
    standings = [v.standing(limits["off_m"], limits["sigmas"]) for v in mine]
    if standings and len(mine) >= limits["least_looks"] and all(s is Standing.OVER for s in standings):
        return _hangs_over(passage, weighing, mine)
    if Standing.ON in standings:
        return None
    deck = context.decks.by_scale[weighing.scale]
    span = weighing.stable_ms - held_ms, weighing.stable_ms
    broken = deck.broken(*span)
    if broken and all(len(o.vehicles) < 2 for o in seen):
        return _in_the_beam(passage, weighing, broken)
    if len(mine) < limits["least_looks"]:
        return UNKNOWN
    if deck.all_free(*span):
        return None
    missing_kg = _fuller_kg(weighing) - (weighing.stable_kg or 0.0)
    alone = all(len(o.vehicles) < 2 for o in context.decks.between(weighing.scale, weighing.start_ms, weighing.t_ms))
    return _axle_off(passage, weighing, missing_kg) if alone and missing_kg > limits["axle_kg"] else None


def _fuller_kg(weighing: Weighing) -> float:
    """The heaviest plateau while it rolled over the deck."""
    return max((s.to_kg for s in weighing.steps), default=0.0)


def _hangs_over(passage: Passage, weighing: Weighing, mine: list[OnDeck]) -> Verdict:
    amount_m = median(_off(v) for v in mine)
    far = sum(v.off_end_m > v.off_start_m for v in mine) * 2 >= len(mine)
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.8,
        zh=f"{zh} 未完全上磅,{'前' if far else '后'}端超出秤台约 {amount_m:.1f} 米,请移车复磅。",
        en=f"{en} is not wholly on the deck: about {amount_m:.1f} m hangs over its {'far' if far else 'near'} end; "
        "move it and re-weigh.",
        numbers={"off_m": round(amount_m, 2), "kg": weighing.stable_kg or 0.0},
        evidence=passage.vehicles,
    )


def _in_the_beam(passage: Passage, weighing: Weighing, broken: tuple[str, ...]) -> Verdict:
    """No camera can tell, but it stood in the light barrier at an end while its weight was taken."""
    zh, en = plate_or_unread(passage)
    names = "、".join(broken), ", ".join(broken)
    return Verdict(
        confidence=0.75,
        zh=f"{zh} 取重时遮挡秤台端部光幕 {names[0]},可能未完全上磅,请移车复磅。",
        en=f"{en} stood in the light barrier {names[1]} at the deck's end while its weight was taken; it may not be "
        "wholly on the deck. Move it and re-weigh.",
        numbers={"kg": weighing.stable_kg or 0.0},
        evidence=(*passage.vehicles, *broken),
    )


def _axle_off(passage: Passage, weighing: Weighing, missing_kg: float) -> Verdict:
    """The cameras cannot tell, but rolling over the deck the vehicle weighed an axle more."""
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.8,
        zh=f"{zh} 未完全上磅:取重时比其驶过秤台时少 {missing_kg:,.0f} kg,有车轴在秤台外,请复磅。",
        en=f"{en} was not wholly on the deck: it weighed {missing_kg:,.0f} kg less than while it rolled over; "
        "an axle stood beside the deck. Re-weigh it.",
        numbers={"missing_kg": missing_kg, "kg": weighing.stable_kg or 0.0},
        evidence=passage.vehicles,
    )


def _off(vehicle: OnDeck) -> float:
    return max(vehicle.off_start_m, vehicle.off_end_m)


RULE = Rule(
    id="partly_on_deck",
    version=3,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    helped_by=frozenset({Signal.BEAM}),
    zh="未完全上磅",
    en="partly on the deck",
    thresholds={"off_m": 0.2, "sigmas": 2.0, "for_s": 1.0, "least_looks": 3.0, "axle_kg": 1500.0},
    judge=_judge,
)
