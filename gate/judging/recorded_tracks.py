"""Where vehicles went in a stretch of a recorded day, out of the log of facts."""

import re
from pathlib import Path
from typing import Any

from gate.errors import FactError
from gate.facts import read_fact, to_plain
from gate.judging.daylog import day_of

LONGEST_MS = 3_600_000
MOST = 20_000  # sightings; a busy hour beyond that is cut off
_SIGHTING, _T_MS = b'"fact":"Sighting"', re.compile(rb'"t_ms":(\d{1,15})')
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
    """Only lines of the stretch are parsed: a day has a million."""
    with path.open("rb") as file:
        for line in file:
            t_ms = _T_MS.search(line) if _SIGHTING in line else None
            if t_ms is None or int(t_ms[1]) < from_ms:
                continue
            if int(t_ms[1]) > to_ms or len(found) >= MOST:
                return
            try:
                plain = to_plain(read_fact(line.decode()))
            except (FactError, UnicodeDecodeError):
                return  # the line being written now
            found.append({name: plain[name] for name in _KEPT if name in plain})
