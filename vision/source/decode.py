"""Decoding that outlives damage: bad packets are counted and passed over, never raised."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av


class Decoder:
    """Pictures out of one stream's packets. errors: packets or pictures that were damaged, counted."""

    def __init__(self, stream: Any) -> None:
        self._context = stream.codec_context
        self._context.thread_count = 1
        self._base: Fraction = stream.time_base
        self._waiting = True
        self.errors = 0

    def decode(self, packet: Any) -> Iterator[Any]:
        """The pictures this packet completes, damaged ones left out; None drains what is left."""
        if packet is not None and self._waiting:
            self._waiting = not packet.is_keyframe
            if self._waiting:
                return
        try:
            frames = self._context.decode(packet)
        except (av.error.FFmpegError, EOFError, ValueError):
            self.errors += 1
            return
        for frame in frames:
            if frame.is_corrupt:
                self.errors += 1
                continue
            yield frame

    def time_ms(self, stamp: int | None) -> float | None:
        """A time stamp of the stream in milliseconds."""
        return None if stamp is None else float(stamp * self._base * 1000)
