"""Unread plate (遮挡/污损): a goods vehicle passes whole and its plate cannot be read, or may be one of several."""

from gate.fraud.passage_facts import known_plate
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.passage.plates import is_trailer
from gate.passage.visit import GOODS_VEHICLES
from gate.records import Passage, Severity


def _judge(passage: Passage, context: Context) -> Verdict | None:
    lasted_s = (passage.end_ms - passage.start_ms) / 1000
    if not passage.closed or passage.kind not in GOODS_VEHICLES or known_plate(passage):
        return None
    if lasted_s < context.thresholds["least_pass_s"] or not _was_looked_at(passage, context):
        return None
    best = max((p.confidence for p in passage.plates if not is_trailer(p)), default=0.0)
    guess = passage.plate or "—"
    if passage.alike:
        return _doubtful(passage, guess, best, lasted_s)
    return Verdict(
        confidence=1.0 - best,
        zh=f"货车通过 {lasted_s:.0f} 秒,号牌无法识别(最佳读数 {guess},置信度 {best:.0%}),请人工核对是否遮挡或污损。",
        en=f"A goods vehicle passed for {lasted_s:.0f} s with its plate unread (best {guess}, {best:.0%}); "
        "check it for a hidden or dirty plate.",
        numbers={"best_confidence": round(best, 3), "pass_s": round(lasted_s, 1)},
        evidence=passage.vehicles,
    )


def _doubtful(passage: Passage, guess: str, best: float, lasted_s: float) -> Verdict:
    """It was read, but a plate one character off came in, or has the ticket for its load, and this one did not."""
    others = ", ".join(passage.alike[:3])
    return Verdict(
        confidence=0.5,
        zh=f"货车号牌存疑:读作 {guess},但此处应有的是仅差一个字符的 {others},请人工核对号牌。",
        en=f"A goods vehicle was read as {guess}, but {others}, one character off, is expected; check its plate.",
        numbers={"best_confidence": round(best, 3), "pass_s": round(lasted_s, 1)},
        evidence=passage.vehicles,
    )


def _was_looked_at(passage: Passage, context: Context) -> bool:
    """Whether it went where plates are read: over a deck or through a gate; or showed one, at a site with neither."""
    decks = {s.deck for s in context.site.scales}
    if not decks and not any(b.gates for b in context.site.boundaries):
        return bool(passage.plates)
    return any(m.gate is not None or m.shape in decks for m in passage.movements)


RULE = Rule(
    id="unread_plate",
    version=3,
    severity=Severity.WARNING,
    needs=frozenset({Signal.PLATE, Signal.VEHICLE}),
    zh="遮挡/污损",
    en="unread plate",
    thresholds={"least_pass_s": 4.0},
    judge=_judge,
)
