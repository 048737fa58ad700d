"""Append-only logs of JSON lines, one file per UTC day."""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from gate.errors import FactError
from gate.facts import Fact, canonical_json, fact_line, from_plain, read_fact, to_plain
from gate.judging.follower import Turn
from gate.records import Finding, Passage

Record = TypeVar("Record")


class DayLog(Generic[Record]):
    """Appends records to DIRECTORY/NAME-YYYYMMDD.jsonl.

    A line half written by a killed process is cut off before the file is written again. Raises OSError when the disk
    refuses; nothing but the refused records is lost then.
    """

    def __init__(
        self, directory: Path, name: str, when_ms: Callable[[Record], int], line: Callable[[Record], str]
    ) -> None:
        self._directory, self._name = directory, name
        self._when_ms, self._line = when_ms, line
        directory.mkdir(parents=True, exist_ok=True)
        self._day = ""
        self._file: io.BufferedWriter | None = None

    def append(self, records: Iterable[Record]) -> None:
        """Write records in the order given and hand them to the operating system."""
        for record in records:
            day = day_of(self._when_ms(record))
            if day != self._day or self._file is None:
                self._turn(day)
            assert self._file is not None
            self._file.write(self._line(record).encode() + b"\n")
        if self._file is not None:
            self._file.flush()

    def files(self, since_ms: int) -> list[Path]:
        """Files of the days from an instant on, oldest first."""
        first = day_of(since_ms)
        found = sorted(self._directory.glob(f"{self._name}-????????.jsonl"))
        return [p for p in found if p.stem.removeprefix(f"{self._name}-") >= first]

    def close(self) -> None:
        """Force what was written to the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def _turn(self, day: str) -> None:
        self.close()
        path = self._directory / f"{self._name}-{day}.jsonl"
        mend(path)
        self._file = path.open("ab")
        self._day = day


def fact_log(directory: Path) -> DayLog[Fact]:
    """Every fact of a site."""
    return DayLog(directory, "facts", lambda f: f.t_ms, fact_line)


def passage_log(directory: Path) -> DayLog[Passage]:
    """Every closed passage of a site."""
    return DayLog(directory, "passages", lambda p: p.end_ms, lambda p: canonical_json(to_plain(p)))


def turn_log(directory: Path) -> DayLog[Turn]:
    """How a site's vehicles were followed, beside its facts."""
    return DayLog(directory, "turns", lambda t: t.t_ms, lambda t: canonical_json(to_plain(t)))


def day_of(t_ms: int) -> str:
    """The UTC day of an instant, YYYYMMDD."""
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y%m%d")


def mend(path: Path) -> None:
    """Cut off a last line that has no end: its writer was killed in the middle of it."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        at, tail = size, b""
        while at > 0 and b"\n" not in tail:
            step = min(65_536, at)
            at -= step
            file.seek(at)
            tail = file.read(step)
        end = at + tail.rfind(b"\n") + 1
        if end < size:
            file.truncate(end)


def read_facts(path: Path) -> Iterator[Fact]:
    """The facts of one log file in order. Raises FactError naming file and line."""
    yield from _read(path, read_fact)


def read_turns(path: Path) -> Iterator[Turn]:
    """The turns of one log file in order. Raises FactError naming file and line."""
    yield from _read(path, lambda line: from_plain(Turn, json.loads(line)))


def read_passages(path: Path) -> Iterator[Passage]:
    """The passages of one log file in order. Raises FactError naming file and line."""
    yield from _read(path, lambda line: from_plain(Passage, json.loads(line)))


def read_findings(path: Path) -> Iterator[Finding]:
    """The findings of one file in order. Raises FactError naming file and line."""
    yield from _read(path, lambda line: from_plain(Finding, json.loads(line)))


def _read(path: Path, parse: Callable[[str], Record]) -> Iterator[Record]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield parse(line)
            except (FactError, ValueError) as error:
                raise FactError(f"{path}:{number}: {error}") from error
