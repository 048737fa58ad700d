"""Whether a weight may be taken: all samples of the last second within one interval e, and no motion told."""

from collections import deque
from statistics import median_low

WINDOW_MS = 1_000
LEAST_SAMPLES = 3
LARGEST_GAP_MS = 1_000  # a second with a hole in it proves nothing
_ROUNDING_KG = 1e-6


class Stability:
    """Judges the newest second of samples of one scale; samples come in order of time."""

    def __init__(self, e_kg: float) -> None:
        self._most_kg = e_kg + _ROUNDING_KG
        self._samples: deque[tuple[int, float]] = deque()

    def update(self, t_ms: int, kg: float, *, may_be_stable: bool = True) -> float | None:
        """The stable weight, kg (a value that was read), or None. may_be_stable: the indicator tells no motion."""
        samples = self._samples
        if not may_be_stable or (samples and not 0 <= t_ms - samples[-1][0] <= LARGEST_GAP_MS):
            samples.clear()
        if not may_be_stable:
            return None
        samples.append((t_ms, kg))
        while len(samples) > LEAST_SAMPLES and t_ms - samples[1][0] >= WINDOW_MS:
            samples.popleft()
        first_ms, first_kg = samples[0]
        if len(samples) < LEAST_SAMPLES or t_ms - first_ms < WINDOW_MS or abs(kg - first_kg) > self._most_kg:
            return None
        values = [kg for _, kg in samples]
        least = min(values)
        spread = max(values) - least
        return None if spread > self._most_kg else median_low(values) if spread else least

    @property
    def since_ms(self) -> int:
        """When the second began that was judged last; 0 before any sample."""
        return self._samples[0][0] if self._samples else 0

    def reset(self) -> None:
        """Forget what was seen: the clock or the line changed."""
        self._samples.clear()
