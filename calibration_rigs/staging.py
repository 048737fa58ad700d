"""A scenario played without pictures: the facts a gate would have had, and what the gate makes of them."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.register import StagedTickets, history_of, vehicle_register
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.simulation import Simulation
from calibration_rigs.tracks import Flaws, Watcher
from calibration_rigs.truth import tick_record
from calibration_rigs.weights import WeightLogs, start_of
from gate.facts import Fact, Operation, fact_line
from gate.gatehouse import Gatehouse
from gate.records import Finding, Passage
from gate.scale.replay import replay_scale
from gate.site.model import Site
from vision.facts import DeviceState, Sighting

LOOK_S = 0.2  # between two looks of a camera without pictures
QUIET_S = 25.0  # after the end, so that passages close


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A run's source facts in order of time. simulation: as it ended."""

    simulation: Simulation
    facts: tuple[Fact, ...]
    start_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the gate concluded. raised: rules that spoke; standing: those that had not taken it back at the end."""

    raised: frozenset[str]
    standing: frozenset[str]
    findings: tuple[Finding, ...]
    passages: tuple[Passage, ...]


def play(
    path: Path, out: Path | None = None, seed: int | None = None, progress: Callable[[float], None] | None = None
) -> Played:
    """Run a scenario in physics and look at it with simulated eyes.

    With `out`, writes facts.jsonl (source facts), weights.csv and truth.jsonl. seed: instead of the scenario's own.
    Raises ScenarioError or SiteImpossible.
    """
    scenario, site = load_scenario(path)
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    layout = layout_of(site)
    simulation = Simulation(scenario, layout)
    start_ms = start_of(site)
    with tempfile.TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        facts = _seen(simulation, start_ms, folder, out is not None, progress)
        facts += _weights(scenario, site, layout, folder, start_ms)
    facts += _told(scenario, start_ms)
    facts.sort(key=lambda f: f.t_ms)
    if out is not None:
        (out / "facts.jsonl").write_text("".join(fact_line(f) + "\n" for f in facts), "utf-8")
    return Played(simulation, tuple(facts), start_ms)


def judge(played: Played) -> Judged:
    """Put a run's facts before the gate, with the registers its scenario names."""
    simulation = played.simulation
    site, scenario = simulation.layout.site, simulation.scenario
    scale = site.scales[0].id if site.scales else ""
    history = history_of(scenario, site.id, scale, played.start_ms)
    house = Gatehouse(site, StagedTickets(simulation), vehicle_register(simulation), history)
    end_ms = played.start_ms + round((scenario.seconds + QUIET_S) * 1000)
    outcomes = [house.take(played.facts), house.tick(end_ms), house.finish(end_ms)]
    findings = [f for o in outcomes for f in o.findings]
    last = {f.id: f for f in findings}
    standing = frozenset(f.rule for f in last.values() if f.state != "withdrawn")
    raised = frozenset(f.rule for f in findings)
    return Judged(raised, standing, tuple(last.values()), tuple(p for o in outcomes for p in o.passages if p.closed))


def _seen(
    simulation: Simulation, start_ms: int, folder: Path, keep_truth: bool, progress: Callable[[float], None] | None
) -> list[Fact]:
    scenario, layout = simulation.scenario, simulation.layout
    rng = np.random.default_rng((scenario.seed, 7))
    watchers = {name: Watcher(simulation, name, Flaws(), rng) for name in layout.views}
    weights = WeightLogs(folder, [d.scale for d in layout.decks])
    truth = (folder / "truth.jsonl").open("w", encoding="utf-8") if keep_truth else None
    facts: list[Fact] = [DeviceState(start_ms, name, "ok") for name in layout.views]
    dark: set[str] = set()
    events = sorted(scenario.devices, key=lambda e: e.at_s)
    t_ms = start_ms
    try:
        for tick in simulation.ticks(LOOK_S):
            t_ms = start_ms + round(tick.t_s * 1000)
            weights.add(tick.shown)
            while events and events[0].at_s <= tick.t_s:
                event = events.pop(0)
                (dark.discard if event.state == "ok" else dark.add)(event.device)
            for name, watcher in watchers.items():
                seen: list[Sighting] = list(watcher.see(tick, t_ms)) if name not in dark else []
                facts += seen
            if truth is not None:
                truth.write(json.dumps(tick_record(simulation, tick, start_ms), ensure_ascii=False) + "\n")
            if progress is not None:
                progress(tick.t_s / scenario.seconds)
    finally:
        weights.close()
        if truth is not None:
            truth.close()
    for watcher in watchers.values():
        facts += watcher.end(t_ms)
    return facts


def _weights(scenario: Scenario, site: Site, layout: Layout, folder: Path, start_ms: int) -> list[Fact]:
    one = len(layout.decks) == 1
    facts: list[Fact] = []
    for scale in site.scales:
        facts += replay_scale(scale, folder / ("weights.csv" if one else f"weights_{scale.id}.csv"), start_ms)
    # The end of a run is no event of the gate's life.
    return [f for f in facts if not (isinstance(f, DeviceState) and f.state == "ended")]


def _told(scenario: Scenario, start_ms: int) -> list[Fact]:
    """What devices and people's doings say of themselves."""
    facts: list[Fact] = [DeviceState(start_ms + round(e.at_s * 1000), e.device, e.state) for e in scenario.devices]
    facts += [
        Operation(start_ms + round(o.at_s * 1000), o.actor, o.action, o.target, o.detail) for o in scenario.operations
    ]
    return facts
