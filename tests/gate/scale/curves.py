"""A truck on a deck, simply: axles roll on, the body bounces, the indicator filters and rounds to e."""

import math

import numpy as np

from gate.facts import WeightSample
from gate.site.devices import Scale

SCALE = Scale(id="s1", deck="deck", address="replay:none.csv")
RATE_HZ = 10
DECK_M = 18.0


def truck(
    axles_kg: list[float], at_m: list[float], *, speed: float = 1.4, stand_s: float = 8.0, seed: int = 0
) -> list[WeightSample]:
    """Samples of one passage over the deck, from empty to empty; speed in m/s."""
    rng = np.random.default_rng(seed)
    step_s, filter_s, e_kg = 0.02, 0.25, SCALE.e_kg
    length = max(at_m)
    seconds = 3 + (length + 1) / speed + stand_s + (DECK_M + length) / speed + 4
    front, shown, out = -3 * speed, 0.0, []
    phase = rng.uniform(0, 6)
    for i in range(int(seconds / step_s)):
        t_s = i * step_s
        standing = front >= length + 1 and stand_s > 0
        stand_s -= step_s if standing else 0
        front += 0 if standing else speed * step_s
        load = sum(
            kg * min(max((front - m) / 0.3, 0), 1) * min(max((DECK_M - front + m) / 0.3, 0), 1)
            for kg, m in zip(axles_kg, at_m, strict=True)
        )
        load *= 1 if standing else 1 + 0.02 * math.sin(2 * math.pi * 2.2 * t_s + phase)
        shown += (load - shown) * step_s / filter_s
        if i % int(1 / RATE_HZ / step_s) == 0:
            noise = rng.normal(0, 4) if load > 500 else 0
            out.append(WeightSample(round(t_s * 1000), SCALE.id, float(round((shown + noise) / e_kg) * e_kg)))
    return out
