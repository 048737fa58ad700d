"""A unit or decimal place that changed under a standing load: the weight goes from rest to rest by a telling factor."""

from gate.scale.stability import Stability

FACTORS = {
    10.0: "decimal place",
    100.0: "decimal place",
    1000.0: "decimal place, or kilograms for tonnes",
    2.2046226218: "pounds for kilograms",
}
LEAST_E = 50.0  # a smaller weight is too coarse to tell one factor from another
TOLERANCE = 0.002
CHANGE_MS = 1_500  # from the last reading of the old level to a stable second of the new


class FactorWatch:
    """Told every weight of one scale in order of time; answers once when all weights seem multiplied or divided."""

    def __init__(self, e_kg: float) -> None:
        self._e_kg = e_kg
        self._stability = Stability(e_kg)
        self._level: tuple[int, float] | None = None  # when last seen, kg

    def update(self, t_ms: int, kg: float) -> str | None:
        """What may have changed, in words, or None."""
        stable_kg = self._stability.update(t_ms, kg)
        before = self._level
        if stable_kg is None:
            return None
        self._level = (t_ms, stable_kg)
        if before is None or abs(stable_kg - before[1]) <= self._e_kg or not 0 <= t_ms - before[0] <= CHANGE_MS:
            return None
        large, small = max(stable_kg, before[1]), min(stable_kg, before[1])
        if small <= 0 or large < LEAST_E * self._e_kg:
            return None
        tolerance = TOLERANCE + self._e_kg / 2 / small if small >= self._e_kg else TOLERANCE
        for factor, meaning in FACTORS.items():
            if abs(large / small / factor - 1) <= min(tolerance, 0.01):
                return f"{before[1]:g} kg became {stable_kg:g} kg at rest, a factor of {factor:g}: {meaning}"
        return None
