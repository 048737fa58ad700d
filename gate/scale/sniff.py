"""Finding out what an indicator sends: each format is tried on the bytes heard, each port setting in turn.

A format is believed for what it explains: the share of bytes in frames it accepts, weighed by how many ways a frame
could have been refused. "Sure" means that a second format explains far less.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gate.lines.line import Line
from gate.lines.serial_line import PortSettings, SerialLine
from gate.scale.indicators.registry import FORMATS, indicator

BAUDS = (9600, 4800, 2400, 19200, 1200, 600, 38400, 57600, 115200)
FRAMINGS = ((8, "N"), (7, "E"), (7, "O"), (8, "E"))
LISTEN_S = 2.0
LEAST_FRAMES = 3
SURE = 0.9
QUESTIONS = (indicator("mt-sics").poll, indicator("yaohua-command").poll, indicator("modbus").poll)
# Bits by which a frame of the format differs from noise of its length; more means harder to match by chance.
_STRENGTH = {"yaohua": 60, "yaohua-command": 70, "toledo": 60, "modbus": 40, "modbus-tcp": 40, "ascii": 8}
_STRENGTH_OTHERS = 50
_VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {
    "yaohua": ({}, {"last_digit": "tenths"}, {"length": 11}),
    "yaohua-reversed": ({}, {"mark": "after", "length": 6}),
    "rinstrum": ({}, {"format": 2}, {"format": 3}),
}


@dataclass(frozen=True, slots=True)
class Guess:
    """One format on the bytes heard. explained: share of the bytes in accepted frames. sure: 0 to 1."""

    indicator: str
    settings: dict[str, Any]
    frames: int
    rejected: int
    explained: float
    sure: float
    example_kg: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a port settings gave. baud, bytesize, parity: None for lines that have none."""

    baud: int | None
    bytesize: int | None
    parity: str | None
    heard_bytes: int
    guesses: tuple[Guess, ...]

    @property
    def best(self) -> Guess | None:
        """The likeliest format, None where none explains anything."""
        return self.guesses[0] if self.guesses else None


def guess_format(data: bytes) -> tuple[Guess, ...]:
    """Formats that explain some of the bytes, likeliest first. A frame cut at either end counts for nothing."""
    tried = [_try(f.name, settings, data) for f in FORMATS for settings in _VARIANTS.get(f.name, ({},))]
    scored = sorted(((_score(g), g) for g in tried if g.frames), key=lambda s: -s[0])
    out = []
    for i, (score, guess) in enumerate(scored):
        rival = max((s for j, (s, g) in enumerate(scored) if j != i), default=0.0)
        enough = min(1.0, guess.frames / LEAST_FRAMES)
        sure = guess.explained * enough * score / (score + rival / 2)
        out.append(replace(guess, sure=round(sure, 3)))
    return tuple(out)


async def listen(line: Line, seconds: float, say: bytes = b"") -> bytes:
    """What a line says in some seconds, asked with `say` first. Raises LineLost when it cannot be opened."""
    heard = bytearray()
    await line.open()
    try:
        if say:
            await line.send(say)
        async with asyncio.timeout(seconds):
            while True:
                heard += await line.receive()
    except TimeoutError:
        return bytes(heard)
    finally:
        await line.close()


async def sniff_port(path: Path, seconds: float = LISTEN_S, *, ask: bool = False) -> AsyncIterator[Found]:
    """Listen on a serial port at each setting in turn; ends once a format explains what is heard. Raises LineLost.

    ask: where nothing is heard, also ask as the formats do that speak only when asked. Without that, nothing is sent.
    """
    for baud in BAUDS:
        for bytesize, parity in FRAMINGS:
            port = PortSettings(path, baud, bytesize, parity)
            data = await listen(SerialLine(port), seconds)
            for question in QUESTIONS if ask and not data else ():
                data = data or await listen(SerialLine(port), seconds / 2, question)
            found = Found(baud, bytesize, parity, len(data), guess_format(data))
            yield found
            if found.best is not None and found.best.explained >= SURE and found.best.frames >= LEAST_FRAMES:
                return
            if not data and not ask:
                break  # silence has no parity


def best_of(found: Iterable[Found]) -> Found | None:
    """The setting with the surest format."""
    with_guess = [f for f in found if f.best is not None]
    return max(with_guess, key=lambda f: f.best.sure if f.best else 0.0, default=None)


def address_of(found: Found, path: Path) -> str:
    """The site file's address for a port found."""
    return f"serial:{path}?baud={found.baud}&bytesize={found.bytesize}&parity={found.parity}"


def _try(name: str, settings: dict[str, Any], data: bytes) -> Guess:
    parser = indicator(name, settings)
    readings = [*parser.feed(data), *parser.finish()]
    between = sum(data.count(byte) for byte in getattr(parser, "filler", b""))
    taken = sum(len(r.raw) for r in readings) + between
    cut = 2 * int(getattr(parser, "max_length", 0))  # a frame at either end may be cut
    weights = [r.kg for r in readings if r.kg is not None]
    explained = min(1.0, taken / max(1, len(data) - cut))
    return Guess(name, settings, len(readings), parser.rejected, explained, 0.0, weights[-1] if weights else None)


def _score(guess: Guess) -> float:
    return guess.explained**4 * _STRENGTH.get(guess.indicator, _STRENGTH_OTHERS)
