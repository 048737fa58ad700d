"""The line of a weighbridge: cells, whatever tampers with them, the indicator, and whatever tampers with its bytes."""

import numpy as np

from calibration_rigs.indicator import Indicator, Shown, yaohua_frame
from calibration_rigs.layout import Deck
from calibration_rigs.scenario import Scenario, Trick
from calibration_rigs.world import TIME_STEP_S


class ScaleLine:
    """What comes out of a scale's indicator, tricks included, when it is told what the cells carry at each step."""

    def __init__(self, scenario: Scenario, deck: Deck, seed: int, step_s: float = TIME_STEP_S) -> None:
        self._scenario, self._step_s = scenario, step_s
        self._indicator = Indicator(deck.e_kg, np.random.default_rng((seed, *deck.id.encode())))

    def feed(self, t_s: float, cells_kg: float) -> list[Shown]:
        """Take the cells' sum of the step that began at t_s; give the readings sent meanwhile."""
        kg = self._tricked(t_s, cells_kg)
        return [s for f in self._indicator.feed(t_s, self._step_s, kg) for s in self._sent(t_s, f)]

    def _tricked(self, t_s: float, kg: float) -> float:
        for trick in self._now(t_s):
            if trick.kind in ("remote", "load"):
                kg += trick.kg
            elif trick.kind == "drift":
                end_s = min(trick.to_s, self._scenario.seconds)
                kg += trick.kg * (t_s - trick.from_s) / (end_s - trick.from_s)
        return kg

    def _sent(self, t_s: float, shown: Shown) -> list[Shown]:
        for trick in self._now(t_s):
            if trick.kind == "unplug":
                return []
            if trick.kind in ("simulator", "frozen"):
                return [_read_as(shown, trick.kg)]
            if trick.kind == "step" and trick.kg > 0:
                return [_read_as(shown, round(shown.kg / trick.kg) * trick.kg)]
        return [shown]

    def _now(self, t_s: float) -> list[Trick]:
        return [k for k in self._scenario.tricks if k.from_s <= t_s < k.to_s]


def _read_as(shown: Shown, kg: float) -> Shown:
    return Shown(shown.at_ms, kg, yaohua_frame(kg).hex())
