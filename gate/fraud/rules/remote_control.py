"""Remote control (遥控作弊): a device adds an offset to the weight while the vehicle stands still."""

from collections.abc import Iterator
from statistics import median

from gate.facts import Weighing
from gate.fraud.passage_facts import e_kg, plate_or_unread, weighed
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from geofence.movement import Movement, MovementKind

FILTER_REST = 0.03  # of a step that a filter of some tenths of a second still lacks after a window
Curve = tuple[tuple[int, float], ...]


def _judge(passage: Passage, context: Context) -> Verdict | None:
    weighing = weighed(passage)
    if weighing is None:
        return None
    jumps = [
        _largest_jump(_between(weighing, start, end), context.thresholds["window_ms"], e_kg(passage, context.site))
        for start, end in _still(passage, weighing, context)
    ]
    jump_kg = max(jumps, key=abs, default=0.0)
    if abs(jump_kg) < context.thresholds["jump_e"] * e_kg(passage, context.site):
        return None
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.85,
        zh=f"{zh} 静止称重时读数突变 {jump_kg:+,.0f} kg,疑似遥控作弊,请扣车并检查传感器与接线盒。",
        en=f"The weight of {en} jumped by {jump_kg:+,.0f} kg while it stood still; a device may be adding an offset. "
        "Hold it and check cells and junction box.",
        numbers={"jump_kg": jump_kg, "stable_kg": weighing.stable_kg or 0.0},
        evidence=passage.vehicles,
    )


def _still(passage: Passage, weighing: Weighing, context: Context) -> Iterator[tuple[int, int]]:
    """Spans in which the vehicle stood on the deck, less the time its springs and the indicator's filter need.

    Once any camera sees it move, or its foremost point off the deck, axles may roll off: nothing is told from there on.
    """
    settle_ms = round(context.thresholds["settle_s"] * 1000)
    deck = next(s.deck for s in context.site.scales if s.id == weighing.scale)
    since: int | None = None
    for movement in passage.movements:
        if movement.kind is MovementKind.STOPPED:
            since = movement.t_ms
        elif since is not None and (movement.kind is MovementKind.MOVED_OFF or _left(movement, deck)):
            yield max(since, weighing.start_ms) + settle_ms, movement.t_ms - settle_ms
            since = None
        if _left(movement, deck) and movement.t_ms > weighing.start_ms:
            return


def _left(movement: Movement, deck: str) -> bool:
    return movement.kind is MovementKind.LEFT and movement.shape == deck


def _between(weighing: Weighing, start_ms: int, end_ms: int) -> Curve:
    return tuple(s for s in weighing.curve if start_ms <= s[0] <= end_ms)


def _largest_jump(curve: Curve, window_ms: float, division_kg: float) -> float:
    """The largest difference between two flat stretches a window apart; what swings on both sides is no plateau.

    Flat is within two divisions, or within what an indicator's filter still lacks of a large jump.
    """
    best = 0.0
    for i, (t_ms, _) in enumerate(curve):
        before = [kg for t, kg in curve[max(0, i - 40) : i + 1] if t_ms - t <= window_ms / 2]
        after = [kg for t, kg in curve[i : i + 80] if window_ms <= t - t_ms <= 1.5 * window_ms]
        if len(before) < 3 or len(after) < 3:
            continue
        jump_kg = median(after) - median(before)
        flat_kg = max(2 * division_kg, FILTER_REST * abs(jump_kg))
        if max(max(before) - min(before), max(after) - min(after)) <= flat_kg:
            best = max(best, jump_kg, key=abs)
    return best


RULE = Rule(
    id="remote_control",
    version=2,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    zh="遥控作弊",
    en="remote control",
    thresholds={"jump_e": 10.0, "window_ms": 1400.0, "settle_s": 0.7},
    judge=_judge,
)
