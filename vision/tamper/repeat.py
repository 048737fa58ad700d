"""Pictures that repeat: a frozen camera, or a recording played in a loop."""

from collections import deque


class Repeats:
    """Knows every picture of the last minutes by its print.

    A real sensor is never twice the same: pictures that are exactly those of some seconds ago, one after the other,
    come from a recording. Where the camera has no noise at all (a drawn or heavily compressed picture) neither can
    be told, and nothing is said.
    """

    def __init__(self, memory_ms: int = 600_000) -> None:
        self._memory_ms = memory_ms
        self._times: dict[int, int] = {}
        self._order: deque[tuple[int, int]] = deque()
        self._last = 0
        self._last_ms = 0
        self._fresh = self._same = 0.0
        self.frozen_ms = 0
        self.looped_ms = 0
        self._lag_ms: int | None = None

    @property
    def noisy(self) -> bool:
        """Whether this camera's pictures normally differ from each other."""
        return self._fresh + self._same > 50 and self._fresh > 0.9 * (self._fresh + self._same)

    def take(self, t_ms: int, mark: int) -> None:
        """The next picture's print. `frozen_ms` and `looped_ms` say for how long it has been so."""
        gap = t_ms - self._last_ms if self._last_ms else 0
        self._last_ms = t_ms
        before = self._times.get(mark)
        if mark == self._last:
            self.frozen_ms += gap
            if self.frozen_ms < 1000:
                self._same += 1
            return
        self.frozen_ms, self._last = 0, mark
        lag = None if before is None else t_ms - before
        if lag is not None and lag > 1500 and self._lag_ms is not None and abs(lag - self._lag_ms) <= 120:
            self.looped_ms += gap
        else:
            self.looped_ms = 0
            self._fresh += before is None
            self._same += before is not None
        self._lag_ms = lag
        if self._fresh + self._same > 2000:
            self._fresh, self._same = self._fresh / 2, self._same / 2
        self._times[mark] = t_ms
        self._order.append((t_ms, mark))
        while self._order and t_ms - self._order[0][0] > self._memory_ms:
            old_ms, old = self._order.popleft()
            if self._times.get(old) == old_ms:
                del self._times[old]
