"""How a source is doing, in numbers."""

from collections import deque
from dataclasses import dataclass, field

HOUR_MS = 3_600_000


@dataclass(slots=True)
class Health:
    """Counts a source keeps while it runs; `numbers` is what the site shows."""

    frames: int = 0
    skipped: int = 0
    decode_errors: int = 0
    last_frame_ms: int | None = None
    clock_offset_ms: float | None = None
    _recent: deque[int] = field(default_factory=lambda: deque(maxlen=64))
    _reconnects: deque[int] = field(default_factory=lambda: deque(maxlen=1000))

    def frame(self, t_ms: int) -> None:
        """A picture came at this time."""
        self.frames += 1
        self.last_frame_ms = t_ms
        self._recent.append(t_ms)

    def reconnected(self, t_ms: int) -> None:
        """The stream was lost and came back."""
        self._reconnects.append(t_ms)

    def numbers(self, now_ms: int) -> dict[str, float]:
        """Frames per second, pictures skipped, damaged, reconnects in the last hour, age of the last picture.

        clock_offset_ms: how far the camera's own clock is ahead of this machine's; left out where it does not tell.
        """
        span = self._recent[-1] - self._recent[0] if len(self._recent) > 1 else 0
        alive = self.last_frame_ms is not None and now_ms - self.last_frame_ms < 2000
        clock = {} if self.clock_offset_ms is None else {"clock_offset_ms": self.clock_offset_ms}
        return {
            "fps": round((len(self._recent) - 1) * 1000 / span, 2) if span and alive else 0.0,
            "frames": float(self.frames),
            "skipped": float(self.skipped),
            "decode_errors": float(self.decode_errors),
            "reconnects_hour": float(sum(1 for t in self._reconnects if now_ms - t < HOUR_MS)),
            "last_frame_age_ms": float(now_ms - self.last_frame_ms) if self.last_frame_ms is not None else -1.0,
            **clock,
        }
