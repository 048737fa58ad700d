"""The line of a weighbridge: cells, whatever tampers with them, the indicator, and whatever tampers with its bytes."""

from dataclasses import replace

import numpy as np

from calibration_rigs.indicator import Display, Indicator, Shown
from calibration_rigs.indicator_bytes import speech_of
from calibration_rigs.layout import Deck
from calibration_rigs.scenario import Scenario, Trick
from calibration_rigs.world import TIME_STEP_S
from gate.site.devices import Scale


class ScaleLine:
    """What comes out of a scale's indicator, tricks included, when it is told what the cells carry at each step.

    Raises ScaleError for an indicator or settings the gate does not know.
    """

    def __init__(self, scenario: Scenario, scale: Scale, deck: Deck, seed: int, step_s: float = TIME_STEP_S) -> None:
        self._scenario, self._step_s = scenario, step_s
        self._indicator = Indicator(deck.e_kg, np.random.default_rng((seed, *deck.id.encode())))
        self._speech = speech_of(scale)

    def feed(self, t_s: float, cells_kg: float) -> list[Shown]:
        """Take the cells' sum of the step that began at t_s; give the readings sent meanwhile.

        A weight that the indicator's format cannot tell is not sent.
        """
        kg = self._tricked(t_s, cells_kg)
        shown = [d for display in self._indicator.feed(t_s, self._step_s, kg) for d in self._sent(t_s, display)]
        frames = [(display, self._speech.frame(display.kg, display.stable)) for display in shown]
        return [Shown(display.at_ms, display.kg, raw.hex()) for display, raw in frames if raw]

    def _tricked(self, t_s: float, kg: float) -> float:
        for trick in self._now(t_s):
            if trick.kind in ("remote", "load"):
                kg += trick.kg
            elif trick.kind == "drift":
                end_s = min(trick.to_s, self._scenario.seconds)
                kg += trick.kg * (t_s - trick.from_s) / (end_s - trick.from_s)
        return kg

    def _sent(self, t_s: float, display: Display) -> list[Display]:
        for trick in self._now(t_s):
            if trick.kind == "unplug":
                return []
            if trick.kind in ("simulator", "frozen"):
                return [replace(display, kg=trick.kg, stable=True)]
            if trick.kind == "step" and trick.kg > 0:
                return [replace(display, kg=round(display.kg / trick.kg) * trick.kg)]
        return [display]

    def _now(self, t_s: float) -> list[Trick]:
        return [k for k in self._scenario.tricks if k.from_s <= t_s < k.to_s]
