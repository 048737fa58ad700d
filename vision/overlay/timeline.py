"""The weight at an instant: what the scale said then, or nothing."""

from bisect import bisect_left, insort
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class WeightAt:
    """One reading of the scale, as far as the picture needs it."""

    t_ms: int
    kg: float
    stable: bool | None = None


class WeightTimeline:
    """Readings by time. A look-up never gives a reading further away than the tolerance: no stale numbers."""

    def __init__(self, tolerance_ms: int = 100, keep_ms: int = 600_000) -> None:
        self.tolerance_ms = tolerance_ms
        self._keep_ms = keep_ms
        self._samples: list[WeightAt] = []

    def add(self, sample: WeightAt) -> None:
        """Take in a reading; those older than the newest by more than keep_ms are forgotten."""
        insort(self._samples, sample)
        oldest = self._samples[-1].t_ms - self._keep_ms
        if self._samples[0].t_ms < oldest - self._keep_ms // 10:
            del self._samples[: bisect_left(self._samples, oldest, key=lambda s: s.t_ms)]

    def at(self, t_ms: int) -> WeightAt | None:
        """The reading nearest to an instant, the earlier of two equally near; None when none is near enough."""
        right = bisect_left(self._samples, t_ms, key=lambda s: s.t_ms)
        near = self._samples[max(0, right - 1) : right + 1]
        best = min(near, key=lambda s: abs(s.t_ms - t_ms), default=None)
        return best if best is not None and abs(best.t_ms - t_ms) <= self.tolerance_ms else None
