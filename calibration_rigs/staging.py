"""A scenario played without pictures: the facts a gate would have had, and what the gate makes of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration_rigs.equipment import BeamOutputs
from calibration_rigs.logs import RunLogs
from calibration_rigs.register import StagedTickets, history_of, vehicle_register
from calibration_rigs.scenario import Scenario
from calibration_rigs.take import Take, take
from calibration_rigs.tracks import Flaws, Watcher
from gate.facts import BeamState, Fact, Operation, fact_line
from gate.judging.follower import Turn
from gate.judging.gatehouse import Gatehouse
from gate.records import Finding, Passage
from gate.scale.replay import RecordedRow, recorded_facts
from vision.facts import DeviceState

QUIET_S = 25.0  # after the end, so that passages close


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A run's source facts in order of time. owners: by camera key, which vehicle's it is in truth."""

    take: Take
    facts: tuple[Fact, ...]
    owners: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the gate concluded. raised: rules that spoke; standing: those that had not taken it back at the end.

    turns: how its vehicles were followed.
    """

    raised: frozenset[str]
    standing: frozenset[str]
    findings: tuple[Finding, ...]
    passages: tuple[Passage, ...]
    turns: tuple[Turn, ...] = ()


def play(
    path: Path, out: Path | None = None, seed: int | None = None, progress: Callable[[float], None] | None = None
) -> Played:
    """Run a scenario in physics and look at it with simulated eyes.

    With `out`, writes facts.jsonl (source facts), weights.csv, beams.csv and truth.jsonl. seed: instead of the
    scenario's own. Raises ScenarioError or SiteImpossible.
    """
    if out is None:
        return look(take(path, progress=progress), seed)
    out.mkdir(parents=True, exist_ok=True)
    taken = take(path, out / "truth.jsonl", progress)
    played = look(taken, seed)
    logs = RunLogs(out, taken.layout)
    logs.add(taken.readings(_seed(taken, seed)), taken.beams)
    logs.close()
    (out / "facts.jsonl").write_text("".join(fact_line(f) + "\n" for f in played.facts), "utf-8")
    return played


def look(taken: Take, seed: int | None = None, flaws: Flaws | None = None) -> Played:
    """What cameras and scales would have said of a take. seed: of their noise; the scenario's own unless given."""
    number = _seed(taken, seed)
    rng = np.random.default_rng((number, 7))
    watchers = {name: Watcher(taken, name, flaws or Flaws(), rng) for name in taken.layout.views}
    facts = [
        *_seen(taken, watchers),
        *_weighed(taken, number),
        *_crossed(taken),
        *_told(taken.scenario, taken.start_ms),
    ]
    owners = {key: who for watcher in watchers.values() for key, who in watcher.owners.items()}
    return Played(taken, tuple(sorted(facts, key=lambda f: f.t_ms)), owners)


def judge(played: Played) -> Judged:
    """Put a run's facts before the gate, with the registers its scenario names."""
    taken = played.take
    site, scenario = taken.layout.site, taken.scenario
    scale = site.scales[0].id if site.scales else ""
    history = history_of(scenario, site.id, scale, taken.start_ms)
    house = Gatehouse(site, StagedTickets(taken), vehicle_register(taken), history)
    end_ms = taken.start_ms + round((scenario.seconds + QUIET_S) * 1000)
    outcomes = [house.take(played.facts), house.tick(end_ms), house.finish(end_ms)]
    findings = [f for o in outcomes for f in o.findings]
    last = {f.id: f for f in findings}
    standing = frozenset(f.rule for f in last.values() if f.state != "withdrawn")
    raised = frozenset(f.rule for f in findings)
    closed = tuple(p for o in outcomes for p in o.passages if p.closed)
    return Judged(raised, standing, tuple(last.values()), closed, tuple(t for o in outcomes for t in o.turns))


def _seed(taken: Take, seed: int | None) -> int:
    return taken.scenario.seed if seed is None else seed


def _seen(taken: Take, watchers: dict[str, Watcher]) -> Iterator[Fact]:
    yield from (DeviceState(taken.start_ms, name, "ok") for name in watchers)
    dark: set[str] = set()
    events = sorted(taken.scenario.devices, key=lambda e: e.at_s)
    t_ms = taken.start_ms
    for moment in taken.looks:
        t_ms = taken.start_ms + round(moment.t_s * 1000)
        while events and events[0].at_s <= moment.t_s:
            event = events.pop(0)
            (dark.discard if event.state == "ok" else dark.add)(event.device)
        for name, watcher in watchers.items():
            if name not in dark:
                yield from watcher.see(moment.seen.get(name, {}), t_ms)
    for watcher in watchers.values():
        yield from watcher.end(t_ms)


def _weighed(taken: Take, seed: int) -> Iterator[Fact]:
    readings = taken.readings(seed)
    for scale in taken.layout.site.scales:
        rows = (RecordedRow(taken.start_ms + r.at_ms, bytes.fromhex(r.raw), None) for r in readings[scale.id])
        for fact in recorded_facts(scale, rows, taken.start_ms):
            if not (isinstance(fact, DeviceState) and fact.state == "ended"):  # a run's end is no event of a gate's
                yield fact


def _crossed(taken: Take) -> Iterator[Fact]:
    """What light barriers said: free at first, then broken, free."""
    yield from (BeamState(taken.start_ms, light.id, broken=False) for light in taken.layout.lights)
    for at_s, beam, broken in BeamOutputs().of(taken.beams):
        yield BeamState(taken.start_ms + round(at_s * 1000), beam, broken)


def _told(scenario: Scenario, start_ms: int) -> Iterator[Fact]:
    """What devices and people's doings say of themselves."""
    for event in scenario.devices:
        yield DeviceState(start_ms + round(event.at_s * 1000), event.device, event.state)
    for done in scenario.operations:
        at_ms = start_ms + round(done.at_s * 1000)
        yield Operation(at_ms, done.actor, done.action, done.target, done.detail)
