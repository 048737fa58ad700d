"""The recent facts of a site, kept at hand for evidence and captions."""

from collections import deque
from collections.abc import Iterable

from gate.facts import Fact

KEEP_MS = 30 * 60_000
LIMIT = 400_000  # facts; a storm of them shortens the window rather than filling the memory


class FactWindow:
    """Facts of the last half hour, in the order they came."""

    def __init__(self, keep_ms: int = KEEP_MS) -> None:
        self._keep_ms = keep_ms
        self._facts: deque[Fact] = deque(maxlen=LIMIT)

    def add(self, facts: Iterable[Fact]) -> None:
        """Take facts in; those too old are dropped."""
        self._facts.extend(facts)
        if self._facts:
            oldest = self._facts[-1].t_ms - self._keep_ms
            while self._facts[0].t_ms < oldest:
                self._facts.popleft()

    def between(self, start_ms: int, end_ms: int) -> list[Fact]:
        """The facts of a span, both ends included."""
        return [f for f in self._facts if start_ms <= f.t_ms <= end_ms]
