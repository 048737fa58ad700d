"""Time as live cameras and scales of one site share it."""

import time
from typing import Protocol

_SLEW = 0.05  # how fast a clock that ran ahead is brought back, per unit of time
_STEP_MS = 2000  # a smaller difference is slewed, a larger one ahead is adopted at once


class Clock(Protocol):
    """Something that tells UTC milliseconds."""

    def now_ms(self) -> int: ...


class SystemClock:
    """UTC from the operating system that never runs backward.

    It runs on the monotonic clock. When the system time is set forward by more than two seconds it follows at
    once; smaller differences, and a system time set back, are approached at 5 %. Two processes of one machine
    using it agree.
    """

    def __init__(self) -> None:
        self._utc = float(time.time_ns() // 1_000_000)
        self._mono = time.monotonic()

    def now_ms(self) -> int:
        mono = time.monotonic()
        elapsed = (mono - self._mono) * 1000
        self._mono = mono
        self._utc = follow(self._utc + elapsed, time.time_ns() / 1e6, elapsed)
        return int(self._utc)


def follow(ours_ms: float, system_ms: float, elapsed_ms: float) -> float:
    """Our time moved toward the system's, never back further than the elapsed time allows."""
    ahead = system_ms - ours_ms
    if ahead > _STEP_MS:
        return system_ms
    limit = elapsed_ms * _SLEW
    return ours_ms + min(max(ahead, -limit), limit)


class StreamClock:
    """Maps a stream's own time stamps to UTC by when packets arrive.

    The stream's clock is trusted from one packet to the next, arrival for the long run: the least delay seen is
    taken as the path's own, later packets are merely late. A difference of more than a second is a break in the
    stream's time and starts the mapping anew.
    """

    SETTLE_MS = 2000.0  # while young, buffered packets may arrive late all at once: follow the least delay freely
    BREAK_MS = 1000.0
    MOST_LATE = 3  # packets in a row that may be late before it is the stream's time that broke
    FASTER_MS = 5.0  # per packet
    DRIFT = 0.001  # per unit of stream time

    def __init__(self) -> None:
        self._offset: float | None = None
        self._begun = 0.0
        self._pts = 0.0
        self._last = -(2**62)
        self._late = 0

    def offset_ms(self, pts_ms: float, arrival_ms: float) -> float:
        """What to add to stream time for UTC, after a packet with this time stamp arrived at this instant."""
        delay = arrival_ms - pts_ms
        offset = self._offset
        young = arrival_ms - self._begun < self.SETTLE_MS
        step_ms = pts_ms - self._pts
        goes_on = 0 < step_ms < self.BREAK_MS
        self._pts = pts_ms
        if offset is not None and delay - offset > self.BREAK_MS and goes_on and self._late < self.MOST_LATE:
            self._late += 1  # held back on its way: its own time is still right
            return offset
        self._late = 0
        if offset is None or (abs(delay - offset) > self.BREAK_MS and not (young and delay < offset)):
            self._begun = arrival_ms
            self._offset = delay
        elif delay < offset:
            self._offset = delay if young else max(delay, offset - self.FASTER_MS)
        else:
            self._offset = offset + min(delay - offset, self.DRIFT * max(0.0, step_ms))
        return self._offset

    def forward(self, t_ms: int) -> int:
        """This time, or one millisecond after the last where it would not be later."""
        self._last = max(t_ms, self._last + 1)
        return self._last
