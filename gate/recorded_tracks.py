"""Where vehicles went in a stretch of a recorded day, out of the log of facts."""

from pathlib import Path
from typing import Any

from gate.daylog import day_of, read_facts
from gate.errors import FactError
from gate.facts import to_plain
from vision.facts import Sighting

LONGEST_MS = 3_600_000
MOST = 20_000  # sightings; a busy hour beyond that is cut off
_KEPT = ("t_ms", "camera", "vehicle", "kind", "score", "box", "ground")


def recorded_tracks(log: Path, from_ms: int, to_ms: int) -> list[dict[str, Any]]:
    """Sightings between two instants (UTC ms, an hour apart at most), oldest first, without their plates."""
    to_ms = min(to_ms, from_ms + LONGEST_MS)
    found: list[dict[str, Any]] = []
    for day in sorted({day_of(from_ms), day_of(to_ms)}):
        path = log / f"facts-{day}.jsonl"
        if path.exists():
            _gather(path, from_ms, to_ms, found)
    return found


def _gather(path: Path, from_ms: int, to_ms: int, found: list[dict[str, Any]]) -> None:
    try:
        for fact in read_facts(path):
            if fact.t_ms > to_ms or len(found) >= MOST:
                return
            if isinstance(fact, Sighting) and fact.t_ms >= from_ms:
                plain = to_plain(fact)
                found.append({name: plain[name] for name in _KEPT if name in plain})
    except FactError:
        return  # the line being written now
