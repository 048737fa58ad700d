"""A weighing indicator: cells in, the display's steps out. What it sends is in `indicator_bytes`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

FILTER_S = 0.22  # time constant of each of the two low passes
ZERO_TRACK_E = 0.5  # what zero tracking swallows, as indicators are set by default
ZERO_TRACK_S = 2.0
STILL_S = 0.8  # a display that has stayed within one step for so long says that it is stable


@dataclass(frozen=True, slots=True)
class Shown:
    """One reading as sent. at_ms: since the run began; kg: what the display shows; raw: the frame's bytes in hex."""

    at_ms: int
    kg: float
    raw: str


@dataclass(frozen=True, slots=True)
class Display:
    """What an indicator shows. at_ms: since the run began; stable: whether its stability lamp is lit."""

    at_ms: int
    kg: float
    stable: bool


class Indicator:
    """Turns the cells' true sum into readings: noise, two low passes, zero tracking, rounding to e, a fixed rate.

    noise_kg: of each sample, before the filter. rate_hz: frames a second.
    """

    def __init__(self, e_kg: float, rng: np.random.Generator, noise_kg: float = 14.0, rate_hz: float = 10.0) -> None:
        self._e, self._rng, self._noise = e_kg, rng, noise_kg
        self._period_s = 1.0 / rate_hz
        self._first = self._second = self._zero = 0.0
        self._next_s = 0.0
        self._calm_s = 0.0
        self._level, self._level_s = 0.0, 0.0  # what the display has stayed at, and since when

    def feed(self, t_s: float, dt_s: float, kg: float) -> Iterator[Display]:
        """Take the cells' sum over the last dt_s; give what is shown when a frame falls due."""
        noisy = kg + self._noise * float(self._rng.standard_normal()) * (0.004 / dt_s) ** 0.5
        share = dt_s / (FILTER_S + dt_s)
        self._first += share * (noisy - self._first)
        self._second += share * (self._first - self._second)
        self._track_zero(dt_s)
        while self._next_s <= t_s + 1e-9:
            shown = round((self._second - self._zero) / self._e) * self._e
            shown = 0.0 if shown == 0 else shown
            if abs(shown - self._level) > 1.01 * self._e:
                self._level, self._level_s = shown, self._next_s
            stable = self._next_s - self._level_s >= STILL_S - 1e-9 or self._next_s < STILL_S
            yield Display(round(self._next_s * 1000), shown, stable)
            self._next_s += self._period_s

    def _track_zero(self, dt_s: float) -> None:
        rest = self._second - self._zero
        self._calm_s = self._calm_s + dt_s if abs(rest) < ZERO_TRACK_E * self._e else 0.0
        if self._calm_s > ZERO_TRACK_S:
            self._zero += rest * dt_s / ZERO_TRACK_S
