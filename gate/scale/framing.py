"""Finding frames in a stream of bytes that may begin anywhere, be cut anywhere, and be damaged anywhere."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from gate.scale.reading import Reading


@dataclass(frozen=True, slots=True)
class Found:
    """A valid frame of `length` bytes; `reading` is None for one that says nothing of weight (a request)."""

    length: int
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Too few bytes to decide."""


@dataclass(frozen=True, slots=True)
class Bad:
    """No frame begins here."""


WAIT = Wait()
BAD = Bad()
Match = Found | Wait | Bad


class FrameParser(ABC):
    """Scans byte by byte: after a refused start the very next byte may begin a frame, so none is lost to resync.

    A refused stretch counts as one rejected frame, or as several where it is longer than the longest frame
    or holds several frame starts.
    """

    max_length: int
    filler: bytes = b""  # bytes that may stand between frames
    poll: bytes = b""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._refused_bytes = 0  # of the stretch now being refused
        self.rejected = 0

    def feed(self, data: bytes) -> list[Reading]:
        """Readings of the frames that became complete with `data`, oldest first."""
        self._buffer += data
        return self._drain(final=False)

    def finish(self) -> list[Reading]:
        """No more bytes will come: what waited for one is decided, the rest counts as rejected."""
        return self._drain(final=True)

    @abstractmethod
    def _next_start(self, buffer: bytes, at: int) -> int:
        """The next index at or after `at` where a frame may begin; len(buffer) for none."""

    @abstractmethod
    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        """Whether a frame begins at `at`. WAIT is taken as BAD when `final`."""

    def _drain(self, *, final: bool) -> list[Reading]:
        buffer = bytes(self._buffer)
        out: list[Reading] = []
        at = 0
        while at < len(buffer):
            start = self._next_start(buffer, at)
            if start > at:
                self._skip(buffer[at:start])
                at = start
                continue
            match = self._match(buffer, at, final=final)
            if isinstance(match, Found):
                self._refused_bytes = 0
                at += match.length
                if match.reading is not None:
                    out.append(match.reading)
            elif match is WAIT and not final:
                break
            else:
                self._refuse_start(buffer[at : at + 1])
                at += 1
        del self._buffer[:at]
        return out

    def _skip(self, skipped: bytes) -> None:
        refused = skipped if self._refused_bytes else skipped.lstrip(self.filler)
        if refused:
            self._refuse(refused)

    def _refuse(self, refused: bytes) -> None:
        before = -(-self._refused_bytes // self.max_length)
        self._refused_bytes += len(refused)
        self.rejected += -(-self._refused_bytes // self.max_length) - before

    def _refuse_start(self, refused: bytes) -> None:
        """A frame seemed to begin here: a rejected frame of its own."""
        self._refused_bytes = 0
        self._refuse(refused)
