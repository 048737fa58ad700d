"""Recorded light barriers: a CSV file played as if it came from the line, the same facts each time.

Columns: `at_ms` (milliseconds after the recording's start) or `t_ms` (UTC milliseconds); `beam`, its id in the site
file; `broken`, 1 or 0. One file may hold many.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from gate.errors import SiteError
from gate.facts import BeamState
from gate.site.devices import Beam

_BROKEN = {"1": True, "0": False}


def replay_beams(beams: Sequence[Beam], base: Path, start_ms: int) -> Iterator[BeamState]:
    """What recorded barriers said, in order of time; `start_ms` is what `at_ms` counts from, `base` the site's folder.

    Barriers without an address say nothing. Raises SiteError for any other address, and naming file, line and column
    for a file that cannot be read.
    """
    files: dict[Path, set[str]] = {}
    for beam in beams:
        kind, _, path = beam.address.partition(":")
        if beam.address and kind != "replay":
            raise SiteError(f"light barrier {beam.id!r}: replay needs replay:FILE.csv, got {beam.address!r}")
        if beam.address:
            files.setdefault(base / path, set()).add(beam.id)
    facts = [fact for path, wanted in files.items() for fact in _rows(path, wanted, start_ms)]
    yield from sorted(facts, key=lambda fact: fact.t_ms)


def _rows(path: Path, wanted: set[str], start_ms: int) -> Iterator[BeamState]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = set(rows.fieldnames or ())
            if not columns & {"at_ms", "t_ms"} or not {"beam", "broken"} <= columns:
                raise SiteError(f"{path}: expected columns at_ms or t_ms, beam and broken, got {sorted(columns)}")
            for row in rows:
                fact = _fact(row, start_ms, f"{path}:{rows.line_num}")
                if fact.beam in wanted:
                    yield fact
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SiteError(f"{path}: cannot be read as a recording of light barriers: {error}") from error


def _fact(row: dict[str, str | None], start_ms: int, where: str) -> BeamState:
    column = "t_ms" if row.get("t_ms") else "at_ms"
    try:
        t_ms = int(row.get(column) or "") + (start_ms if column == "at_ms" else 0)
    except ValueError as error:
        raise SiteError(f"{where}: {column}: expected whole milliseconds, got {row.get(column)!r}") from error
    broken = _BROKEN.get((row.get("broken") or "").strip())
    if broken is None:
        raise SiteError(f"{where}: broken: expected 1 or 0, got {row.get('broken')!r}")
    return BeamState(t_ms, row.get("beam") or "", broken)
