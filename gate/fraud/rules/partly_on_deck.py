"""Partly on the deck (未完全上磅): an axle off the deck lowers the weight."""

from statistics import median

from gate.fraud.passage_facts import plate_or_unread, weighed
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.records import Passage, Severity
from geofence.deck import OnDeck


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    weighing = weighed(passage)
    if weighing is None or weighing.stable_ms is None:
        return None
    held_ms = round(context.thresholds["for_s"] * 1000)
    seen = context.decks.between(weighing.scale, weighing.stable_ms - held_ms, weighing.stable_ms)
    mine = [v for o in seen for v in o.vehicles if set(v.vehicles) & set(passage.vehicles)]
    off_m = context.thresholds["off_m"]
    over = [v for v in mine if v.partly_off(off_m, context.thresholds["sigmas"])]
    if len(mine) < context.thresholds["least_looks"]:
        return UNKNOWN
    if len(over) < len(mine):
        return None
    amount_m = median(_off(v) for v in over)
    front = sum(v.off_end_m > v.off_start_m for v in over) * 2 >= len(over)
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.8,
        zh=f"{zh} 未完全上磅,{'前' if front else '后'}端超出秤台约 {amount_m:.1f} 米,请移车复磅。",
        en=f"{en} is not wholly on the deck: about {amount_m:.1f} m hangs over its {'far' if front else 'near'} end; "
        "move it and re-weigh.",
        numbers={"off_m": round(amount_m, 2), "kg": weighing.stable_kg or 0.0},
        evidence=passage.vehicles,
    )


def _off(vehicle: OnDeck) -> float:
    return max(vehicle.off_start_m, vehicle.off_end_m)


RULE = Rule(
    id="partly_on_deck",
    version=1,
    severity=Severity.WARNING,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    zh="未完全上磅",
    en="partly on the deck",
    thresholds={"off_m": 0.2, "sigmas": 2.0, "for_s": 1.0, "least_looks": 3.0},
    judge=_judge,
)
