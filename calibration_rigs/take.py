"""One take of a scenario: its physics played once, to be looked at and weighed with as many seeds as one likes.

Physics does not know the seed. What a camera misses, how its boxes tremble and what noise an indicator's cells add are
drawn afterwards, from what every camera had of every vehicle and from what the cells carried at every step.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.equipment import BeamChange
from calibration_rigs.indicator import Shown
from calibration_rigs.layout import Deck, Layout, layout_of
from calibration_rigs.logs import start_of
from calibration_rigs.scale_line import ScaleLine
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.truth import Box, box_of, plate_in, tick_record
from calibration_rigs.vehicle import Vehicle
from calibration_rigs.world import TIME_STEP_S

LOOK_S = 0.2  # between two looks of a camera without pictures


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a camera had of one vehicle at one instant, had it perfect eyes.

    box: in pixels. reach_m: from the camera over the ground. plate_px: the width of each of its plates that faces the
    camera and lies within the picture, by the plate's place among the vehicle's.
    """

    box: Box
    reach_m: float
    plate_px: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Look:
    """One instant: what each camera had of each vehicle."""

    t_s: float
    seen: Mapping[str, Mapping[str, Glimpse]]


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A scenario as physics played it. cells_kg: by deck, the cells' true sum after every step of step_s.

    beams: what changed at the light barriers, in order of time.
    """

    scenario: Scenario
    layout: Layout
    vehicles: tuple[Vehicle, ...]
    start_ms: int
    looks: tuple[Look, ...]
    cells_kg: Mapping[str, NDArray[np.float64]]
    step_s: float = TIME_STEP_S
    beams: tuple[BeamChange, ...] = ()

    def readings(self, seed: int) -> dict[str, list[Shown]]:
        """What the indicator of each scale sends, by scale id."""
        return {
            deck.scale: [
                shown
                for step, kg in enumerate(self.cells_kg[deck.id].tolist())
                for shown in line.feed(step * self.step_s, kg)
            ]
            for deck, line in self._lines(seed)
        }

    def _lines(self, seed: int) -> list[tuple[Deck, ScaleLine]]:
        scale_on = self.layout.scale_on
        return [(d, ScaleLine(self.scenario, scale_on(d), d, seed, self.step_s)) for d in self.layout.decks]


def take(path: Path, truth: Path | None = None, progress: Callable[[float], None] | None = None) -> Take:
    """Play a scenario's physics once. truth: a file to write truth.jsonl to. Raises ScenarioError or SiteImpossible."""
    scenario, site = load_scenario(path)
    return film(scenario, layout_of(site), truth, progress)


def film(
    scenario: Scenario, layout: Layout, truth: Path | None = None, progress: Callable[[float], None] | None = None
) -> Take:
    """Play a scenario that is no file; see `take`. Raises ScenarioError."""
    simulation = Simulation(scenario, layout)
    start_ms = start_of(layout.site)
    looks: list[Look] = []
    cells: dict[str, list[float]] = {d.id: [] for d in layout.decks}
    beams: list[BeamChange] = []
    with ExitStack() as stack:
        log: IO[str] | None = stack.enter_context(truth.open("w", encoding="utf-8")) if truth else None
        for tick in simulation.ticks(LOOK_S):
            looks.append(Look(tick.t_s, {n: _glimpses(simulation, tick, v) for n, v in layout.views.items()}))
            for deck, carried in tick.cells_kg.items():
                cells[deck] += carried
            beams += tick.beam_changes
            if log is not None:
                log.write(json.dumps(tick_record(simulation, tick, start_ms), ensure_ascii=False) + "\n")
            if progress is not None:
                progress(tick.t_s / scenario.seconds)
    carried_kg = {deck: np.array(kg) for deck, kg in cells.items()}
    seen = tuple(looks)
    return Take(scenario, layout, simulation.vehicles, start_ms, seen, carried_kg, TIME_STEP_S, tuple(beams))


def _glimpses(simulation: Simulation, tick: Tick, view: View) -> dict[str, Glimpse]:
    out = {}
    vehicles = {v.id: v for v in simulation.vehicles}
    for truth in tick.vehicles:
        box = box_of(simulation, truth.id, view)
        if box is None:
            continue
        corners = {n: plate_in(simulation, truth.id, plate, view) for n, plate in enumerate(vehicles[truth.id].plates)}
        widths = {n: float(np.linalg.norm(c[1] - c[0])) for n, c in corners.items() if c is not None}
        reach_m = float(np.hypot(truth.x - view.centre[0], truth.y - view.centre[1]))
        out[truth.id] = Glimpse(box, reach_m, widths)
    return out
