"""Text formats: frames given by a pattern, of fixed length or up to a terminator, found anywhere in the stream."""

import re
from abc import abstractmethod

from gate.scale.framing import BAD, WAIT, Found, FrameParser, Match
from gate.scale.reading import Reading
from gate.scale.units import to_kg

_CR_LF = re.compile(rb"\r\n")
ANY_END = re.compile(rb"[\r\n]")
UNIT = rb"kg| t|t | g|g |lb"  # in a field of two characters
NUMBER = rb" *[0-9]+(?:\.[0-9]*)?"  # spaces lead; no sign


class TextParser(FrameParser):
    """One rejected frame is a stretch up to its line's end, however many starts it seems to hold."""

    def _refuse(self, refused: bytes) -> None:
        for part in refused.splitlines(keepends=True):
            super()._refuse(part)
            if part.endswith(b"\n"):
                self._refused_bytes = 0

    def _refuse_start(self, refused: bytes) -> None:
        self._refuse(refused)


class FixedParser(TextParser):
    """Frames of `length` bytes that match `pattern` in full; a frame begins with one of `starts`."""

    starts: re.Pattern[bytes]
    length: int

    def __init__(self) -> None:
        super().__init__()
        self.max_length = self.length

    @abstractmethod
    def _read(self, frame: bytes) -> Reading | None:
        """The reading of `length` bytes, None where they are no frame."""

    def _next_start(self, buffer: bytes, at: int) -> int:
        found = self.starts.search(buffer, at)
        return found.start() if found else len(buffer)

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        frame = buffer[at : at + self.length]
        if len(frame) < self.length:
            return WAIT
        reading = self._read(frame)
        return BAD if reading is None else Found(self.length, reading)


class LineParser(TextParser):
    """Frames up to a line's end, no longer than `max_length` with it; a frame begins with one of `starts`.

    ends: CR LF, or for makers that do not say, CR or LF, and then also the stream's end.
    """

    starts: re.Pattern[bytes]
    ends: re.Pattern[bytes] = _CR_LF

    @abstractmethod
    def _read(self, line: bytes, raw: bytes) -> Reading | None:
        """The reading of a line, None where it is no frame. raw: the line with its end."""

    def _next_start(self, buffer: bytes, at: int) -> int:
        found = self.starts.search(buffer, at)
        return found.start() if found else len(buffer)

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        ending = self.ends.search(buffer, at, at + self.max_length)
        if ending is None:
            if len(buffer) - at >= self.max_length:
                return BAD
            if not final or self.ends is _CR_LF:
                return WAIT
        start, end = ending.span() if ending else (len(buffer), len(buffer))
        reading = self._read(buffer[at:start], buffer[at:end])
        return BAD if reading is None else Found(end - at, reading)


def signed_kg(sign: bytes, number: bytes, unit: bytes) -> float:
    """A sign (may be empty or a space), a NUMBER and a unit, in kilograms."""
    text = sign.decode().strip() + number.decode().strip().rstrip(".")
    return to_kg(text, unit.decode().strip())
