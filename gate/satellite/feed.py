"""Where positions come from: a recording, or a platform that sends them over MQTT or TCP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import structlog

from gate.errors import FactError, LineError, SiteError
from gate.facts import Position
from gate.lines.line import Line, LineLost
from gate.lines.mqtt_line import MqttLine
from gate.lines.opening import open_line
from gate.satellite.report import read_report
from gate.site.devices import Positions
from vision.facts import DeviceState

DEVICE = "positions"
LINE_LIMIT = 65_536  # bytes of one line; what is longer is no report
LATE_MS = 60_000  # a report kept back for longer tells where a vehicle was, not where it is
RETRY_S = 5.0
_log = structlog.get_logger(__name__)


def replay_positions(positions: Positions, base: Path) -> Iterator[Position]:
    """The positions of a recording in order of time. Raises SiteError naming file, line and what was expected."""
    kind, _, name = positions.address.partition(":")
    if kind != "replay":
        raise SiteError(f"positions: replay needs replay:FILE.jsonl, got {positions.address!r}")
    path, found = base / name, []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"positions: {path}: cannot be read as JSON lines: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                found.append(read_report(line, positions.datum))
        except FactError as error:
            raise SiteError(f"{path}:{number}: {error}") from error
    yield from sorted(found, key=lambda p: p.t_ms)


def position_line(positions: Positions) -> Line:
    """The line positions come over, not yet open. Raises SiteError for an address that is no such line."""
    try:
        return open_line(positions.address)
    except LineError as error:
        raise SiteError(f"positions: {error}; a recording is replay:FILE.jsonl") from error


class LivePositions:
    """Positions as they are reported. A broken line is opened again; what cannot be read is counted and left out."""

    def __init__(self, positions: Positions, now_ms: Callable[[], int]) -> None:
        self._positions, self._now_ms = positions, now_ms
        self._line = position_line(positions)
        self._rest = b""
        self.refused = 0

    async def facts(self) -> AsyncIterator[Position | DeviceState]:
        """Positions, and the state of the line where it changes."""
        state = ""
        try:
            while True:
                try:
                    await self._line.open()
                    if state != "ok":
                        state = "ok"
                        yield DeviceState(self._now_ms(), DEVICE, state)
                    while True:
                        for position in self.take(await self._line.receive()):
                            yield position
                except LineLost as error:
                    if state != "lost":
                        state = "lost"
                        yield DeviceState(self._now_ms(), DEVICE, state, str(error))
                    self._rest = b""
                    await self._line.close()
                    await asyncio.sleep(RETRY_S)
        finally:
            await self._line.close()

    def take(self, data: bytes) -> list[Position]:
        """The positions of some bytes: over MQTT a message is whole lines, over TCP lines come in any pieces."""
        whole = data + b"\n" if isinstance(self._line, MqttLine) else self._rest + data
        *lines, self._rest = whole.split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            self._rest = b""
        now_ms, out = self._now_ms(), []
        for line in lines:
            try:
                if line.strip():
                    position = read_report(line, self._positions.datum)
                    if now_ms - position.t_ms > LATE_MS or position.t_ms - now_ms > LATE_MS:
                        raise FactError(f"position: {(now_ms - position.t_ms) / 1000:.0f} s old")
                    out.append(position)
            except FactError as error:
                self.refused += 1
                if self.refused & (self.refused - 1) == 0:  # the 1st, 2nd, 4th, 8th …
                    _log.warning("position left out", why=str(error), so_far=self.refused)
        return out
