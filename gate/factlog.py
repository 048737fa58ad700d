"""The append-only log of a site's facts, one file per UTC day."""

import io
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from gate.errors import FactError
from gate.facts import Fact, fact_line, read_fact


class FactLog:
    """Appends facts to DIRECTORY/facts-YYYYMMDD.jsonl; a line half written by a killed process is cut off first."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._directory.mkdir(parents=True, exist_ok=True)
        self._day = ""
        self._file: io.BufferedWriter | None = None

    def append(self, facts: Iterable[Fact]) -> None:
        """Write facts in the order given. Raises OSError when the disk refuses."""
        for fact in facts:
            day = datetime.fromtimestamp(fact.t_ms / 1000, UTC).strftime("%Y%m%d")
            if day != self._day:
                self._turn(day)
            assert self._file is not None
            self._file.write(fact_line(fact).encode() + b"\n")
        if self._file is not None:
            self._file.flush()

    def sync(self) -> None:
        """Force what was written to the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None
            self._day = ""

    def _turn(self, day: str) -> None:
        self.close()
        path = self._directory / f"facts-{day}.jsonl"
        mend(path)
        self._file = path.open("ab")
        self._day = day


def mend(path: Path) -> None:
    """Cut off a last line that has no end: its writer was killed in the middle of it."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        at, tail = size, b""
        while at > 0 and b"\n" not in tail:
            step = min(4096, at)
            at -= step
            file.seek(at)
            tail = file.read(step)
        end = at + tail.rfind(b"\n") + 1
        if end < size:
            file.truncate(end)


def read_facts(path: Path) -> Iterator[Fact]:
    """The facts of one log file in order. Raises FactError naming file and line."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield read_fact(line)
            except FactError as error:
                raise FactError(f"{path}:{number}: {error}") from error
