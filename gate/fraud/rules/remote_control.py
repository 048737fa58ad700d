"""Remote control (遥控作弊): a device adds an offset while the vehicle stands still and wholly on the deck."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from gate.facts import Weighing
from gate.fraud.passage_facts import e_kg, plate_or_unread, weighed
from gate.fraud.rule import UNKNOWN, Context, Rule, Signal, Unknown, Verdict
from gate.records import Passage, Severity
from geofence.deck import OnDeck, Standing
from geofence.movement import Movement, MovementKind

FILTER_REST = 0.03  # of a step that a filter of some tenths of a second still lacks after a window
Curve = tuple[tuple[int, float], ...]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Jump:
    """A change of weight between two flat stretches. before, after: when each began and ended."""

    kg: float
    before: Span
    after: Span


def _judge(passage: Passage, context: Context) -> Verdict | Unknown | None:
    weighing = weighed(passage)
    if weighing is None:
        return None
    least_kg = context.thresholds["jump_e"] * e_kg(passage, context.site)
    jumps = [
        jump
        for start, end in _still(passage, weighing, context)
        if _spread_kg(curve := _between(weighing, start, end)) >= least_kg
        for jump in _jumps(curve, context.thresholds["window_ms"], e_kg(passage, context.site))
        if abs(jump.kg) >= least_kg
    ]
    seen = context.decks.by_scale[weighing.scale].seen
    if jumps and seen and seen[0].t_ms > min(j.before[0] for j in jumps):
        return UNKNOWN  # what was seen then is not kept any more
    told = [j.kg for j in jumps if not _rolled(j, passage, weighing.scale, context)]
    return _told(passage, weighing, max(told, key=abs)) if told else None


def _told(passage: Passage, weighing: Weighing, jump_kg: float) -> Verdict:
    zh, en = plate_or_unread(passage)
    return Verdict(
        confidence=0.85,
        zh=f"{zh} 静止称重时读数突变 {jump_kg:+,.0f} kg,疑似遥控作弊,请扣车并检查传感器与接线盒。",
        en=f"The weight of {en} jumped by {jump_kg:+,.0f} kg while it stood still; a device may be adding an offset. "
        "Hold it and check cells and junction box.",
        numbers={"jump_kg": jump_kg, "stable_kg": weighing.stable_kg or 0.0},
        evidence=passage.vehicles,
    )


def _rolled(jump: _Jump, passage: Passage, scale: str, context: Context) -> bool:
    """Whether an axle on or over an edge explains a jump: the vehicle rolled, or did not stand wholly on the deck."""
    deck, limits = context.decks.by_scale[scale], context.thresholds
    before, after = (_looks(passage, scale, span, context) for span in (jump.before, jump.after))
    if deck.broken(*jump.before) or deck.broken(*jump.after):
        return True
    return (
        _hangs_over(before, limits["off_m"])
        or _hangs_over(after, limits["off_m"])
        or _moved(before, after, limits["still_m"])
    )


def _looks(passage: Passage, scale: str, span: Span, context: Context) -> list[OnDeck]:
    seen = context.decks.between(scale, *span)
    return [v for o in seen for v in o.vehicles if set(v.vehicles) & set(passage.vehicles)]


def _moved(before: list[OnDeck], after: list[OnDeck], still_m: float) -> bool:
    """Whether its better seen end lay elsewhere after, by more than a threshold and more than one sigma of it."""
    if not before or not after:
        return False
    by_start = before[0].sigma_start_m <= before[0].sigma_end_m
    ends = [[v.start_m if by_start else v.end_m for v in looks] for looks in (before, after)]
    sigma_m = median(min(v.sigma_start_m, v.sigma_end_m) for v in before)
    return abs(median(ends[1]) - median(ends[0])) > max(still_m, sigma_m)


def _hangs_over(looks: list[OnDeck], off_m: float) -> bool:
    """Whether most looks show it over an end for sure."""
    over = sum(v.standing(off_m) is Standing.OVER for v in looks)
    return over * 2 > len(looks)


def _still(passage: Passage, weighing: Weighing, context: Context) -> Iterator[Span]:
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


def _jumps(curve: Curve, window_ms: float, division_kg: float) -> Iterator[_Jump]:
    """Differences between flat stretches a window apart; what swings on both sides is no plateau.

    Flat is within two divisions, or within what an indicator's filter still lacks of a large jump.
    """
    for i, (t_ms, _) in enumerate(curve):
        before = [(t, kg) for t, kg in curve[max(0, i - 40) : i + 1] if t_ms - t <= window_ms / 2]
        after = [(t, kg) for t, kg in curve[i : i + 80] if window_ms <= t - t_ms <= 1.5 * window_ms]
        if len(before) < 3 or len(after) < 3:
            continue
        jump_kg = median(kg for _, kg in after) - median(kg for _, kg in before)
        flat_kg = max(2 * division_kg, FILTER_REST * abs(jump_kg))
        if max(_spread_kg(before), _spread_kg(after)) <= flat_kg:
            yield _Jump(jump_kg, (before[0][0], t_ms), (after[0][0], after[-1][0]))


def _spread_kg(stretch: Sequence[tuple[int, float]]) -> float:
    return max((kg for _, kg in stretch), default=0.0) - min((kg for _, kg in stretch), default=0.0)


RULE = Rule(
    id="remote_control",
    version=3,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.WEIGHT, Signal.ZONE}),
    helped_by=frozenset({Signal.BEAM}),
    zh="遥控作弊",
    en="remote control",
    thresholds={"jump_e": 10.0, "window_ms": 1400.0, "settle_s": 0.7, "still_m": 0.5, "off_m": 0.2},
    judge=_judge,
)
