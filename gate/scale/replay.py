"""Recorded weights: a CSV file played as if it came from the line, the same facts each time.

Columns: `at_ms` (milliseconds after the recording's start) or `t_ms` (UTC milliseconds); and `raw` (the bytes as hex)
or `kg` with optional `stable`, `net`, `overload` (1, 0 or empty).
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.errors import ScaleError
from gate.scale.indicators.registry import indicator
from gate.scale.reading import Indicator, Reading
from gate.scale.sampler import Sampler, ScaleFact
from gate.site.devices import Scale

_FLAGS = {"": None, "1": True, "0": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """What came in at one time: bytes, or a reading already parsed."""

    t_ms: int
    data: bytes
    reading: Reading | None


def replay_scale(scale: Scale, path: Path, start_ms: int) -> Iterator[ScaleFact]:
    """The facts of a recorded scale; `start_ms` is what `at_ms` counts from.

    Raises ScaleError naming file, line, column and what was expected.
    """
    return recorded_facts(scale, read_recording(path, start_ms), start_ms)


def recorded_facts(scale: Scale, rows: Iterable[RecordedRow], start_ms: int) -> Iterator[ScaleFact]:
    """The facts of rows already read, in their order; the last one says that the recording ended."""
    parser = indicator(scale.indicator, scale.settings)
    sampler = Sampler(scale)
    last_ms = start_ms
    for row in rows:
        last_ms = row.t_ms
        readings = parser.feed(row.data) if row.reading is None else [row.reading]
        yield from sampler.frames(row.t_ms, readings, parser.rejected)
    yield from _end(parser, sampler, last_ms)


def _end(parser: Indicator, sampler: Sampler, last_ms: int) -> Iterator[ScaleFact]:
    rest = parser.finish()
    if rest:
        yield from sampler.frames(last_ms, rest, parser.rejected)
    yield from sampler.ended(last_ms)


def read_recording(path: Path, start_ms: int) -> Iterator[RecordedRow]:
    """The rows of a recording, in the file's order. Raises ScaleError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = set(rows.fieldnames or ())
            if not columns & {"at_ms", "t_ms"} or not columns & {"raw", "kg"}:
                raise ScaleError(
                    f"{path}: expected columns 'at_ms' or 't_ms', and 'raw' or 'kg', got {sorted(columns)}"
                )
            for row in rows:
                yield _row(row, start_ms, f"{path}:{rows.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScaleError(f"{path}: cannot be read as a recording of weights: {error}") from error


def _row(row: dict[str, str | None], start_ms: int, where: str) -> RecordedRow:
    column = "t_ms" if row.get("t_ms") else "at_ms"
    try:
        t_ms = int(row.get(column) or "") + (start_ms if column == "at_ms" else 0)
    except ValueError as error:
        raise ScaleError(f"{where}: {column}: expected whole milliseconds, got {row.get(column)!r}") from error
    if row.get("raw"):
        try:
            return RecordedRow(t_ms, bytes.fromhex(row["raw"] or ""), None)
        except ValueError as error:
            raise ScaleError(f"{where}: raw: expected bytes as hex, got {row['raw']!r:.60}") from error
    stable, net, overload = (_flag(row, name, where) for name in ("stable", "net", "overload"))
    return RecordedRow(t_ms, b"", Reading(_kg(row, where), net, stable, overload=overload))


def _kg(row: dict[str, str | None], where: str) -> float:
    try:
        kg = float(row.get("kg") or "")
        if abs(kg) < 1e9:  # also refuses NaN and infinity
            return kg
    except ValueError:
        pass
    raise ScaleError(f"{where}: kg: expected a number of kilograms, got {row.get('kg')!r}")


def _flag(row: dict[str, str | None], name: str, where: str) -> bool | None:
    text = (row.get(name) or "").strip().lower()
    if text not in _FLAGS:
        raise ScaleError(f"{where}: {name}: expected 1, 0 or nothing, got {text!r}")
    return _FLAGS[text]
