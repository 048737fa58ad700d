"""A whole day at a gate, put together from few pieces of physics, and how well the gate joined what it saw of it.

Every vehicle comes in by the entrance, empty, and leaves later over the scale, loaded: two passes through two gates. A
piece is one vehicle's drive, played once; passes of one kind share it, each with its own plates and its own time, and
the noise of eyes and cells is drawn for the day as a whole. What the cells carry adds up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from calibration_rigs.cast import vehicle_of
from calibration_rigs.equipment import BeamChange
from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.office import TICKETS, VEHICLES, write_registers
from calibration_rigs.scenario import Actor, MoveIn, Plates, Scenario
from calibration_rigs.staging import Judged, Played
from calibration_rigs.take import LOOK_S, Glimpse, Look, Take, film
from calibration_rigs.world import TIME_STEP_S
from gate.facts import canonical_json, fact_line, to_plain
from gate.records import Passage
from gate.site.areas import Name
from gate.site.load import load_site

SITE = Path(__file__).parent / "scenarios" / "site_yard.yaml"
LOADS = {"coal_semi_6": 31.0, "coal_semi_5": 25.0, "dumper_4": 15.5, "dumper_3": 12.0, "dumper_2": 7.0}  # model: t
SPEEDS_KMH = (11.0, 15.0)
SCALE_GAP_S, ENTRANCE_GAP_S = 42.0, 9.0  # least time between two vehicles at the scale and at the entrance
INSIDE_S = (900.0, 2_700.0)  # loading takes this long
PIECE_S = 75.0
COARSE = 5  # physics steps per step of a day's cells
AFTERGLOW_LOOKS = 12  # looks after a vehicle's last, in which tracks end
LEAST_LOOKS = 3  # a camera key seen less often is no part of a pass that must be joined

_OUT: tuple[str | tuple[float, float], ...] = ((-34, 66), (-13, 66), (-2.2, 53), "weigh_lane", (-2.2, -24))
_IN: tuple[str | tuple[float, float], ...] = ((8.6, -20), (8.6, 62), (0, 80))


@dataclass(frozen=True, slots=True)
class Pass:
    """One vehicle's pass. gross_kg: what it weighs on the scale, None where it does not cross it."""

    actor: Actor
    gross_kg: float | None

    @property
    def id(self) -> str:
        return self.actor.id


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it was, before anybody looked."""

    take: Take
    passes: tuple[Pass, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """How the passes of a day were joined.

    right: one passage holds a pass's sightings and nobody else's, its weighing, and its ticket where its plate could be
    read. unsure: not right, and the passages concerned say so. wrong: ids of the rest.
    """

    passes: int
    right: int
    unsure: int
    wrong: tuple[str, ...]
    false: dict[str, int]  # findings on an honest day, by rule

    @property
    def share(self) -> float:
        return self.right / self.passes if self.passes else 1.0


def make_day(passes: int, seed: int, unreadable: float = 0.0) -> Day:
    """A day of honest vehicles. unreadable: share of passes on which no plate can be read."""
    rng = np.random.default_rng((seed, 11))
    layout = layout_of(load_site(SITE))
    trucks = (passes + 1) // 2
    plans: list[Pass] = []
    entered_s = _spaced(rng, trucks, SCALE_GAP_S * 1.2, ENTRANCE_GAP_S)
    ready_s = np.sort(entered_s + rng.uniform(*INSIDE_S, trucks))
    leaves_s = np.maximum.accumulate(ready_s - SCALE_GAP_S * np.arange(trucks)) + SCALE_GAP_S * np.arange(trucks)
    for number in range(trucks):
        model = list(LOADS)[int(rng.integers(len(LOADS)))]
        plates = Plates(front=_plate(number), trailer=f"晋K{number % 10000:04d}挂" if "semi" in model else "")
        for way, at_s in (("in", entered_s[number]), ("out", leaves_s[number])):
            if len(plans) < passes:
                soiled = plates.model_copy(update={"grime": 1.0}) if rng.random() < unreadable else plates
                kmh = float(rng.choice(SPEEDS_KMH))
                plans.append(_plan(f"{way}{number}", model, soiled, out=way == "out", at_s=at_s, kmh=kmh))
    return Day(_together(layout, plans, seed), tuple(plans))


def compare(day: Day, played: Played, judged: Judged) -> Matching:
    """What the gate made of a day against what it was."""
    counts: dict[str, int] = {}
    for fact in played.facts:
        key = getattr(fact, "vehicle", "")
        counts[key] = counts.get(key, 0) + 1
    keys: dict[str, set[str]] = {p.id: set() for p in day.passes}
    for key, owner in played.owners.items():
        if counts.get(key, 0) >= LEAST_LOOKS:
            keys[owner].add(key)
    right, unsure, wrong = 0, 0, []
    for each in day.passes:
        mine = [p for p in judged.passages if keys[each.id] & set(p.vehicles)]
        if len(mine) == 1 and _is_right(each, mine[0], played.owners):
            right += 1
        elif mine and all(p.unsure for p in mine):
            unsure += 1
        else:
            wrong.append(each.id)
    false: dict[str, int] = {}
    for finding in judged.findings:
        if finding.state != "withdrawn":
            false[finding.rule] = false.get(finding.rule, 0) + 1
    return Matching(len(day.passes), right, unsure, tuple(wrong), false)


def keep(day: Day, played: Played, judged: Judged, out: Path) -> None:
    """Write a day as a site would have recorded it, so that `gatewarden judge` can judge it again: site.yaml, its
    registers, facts.jsonl, turns.jsonl and findings.jsonl.
    """
    out.mkdir(parents=True, exist_ok=True)
    take = day.take
    first = {a.plates.front: i for i, a in reversed(list(enumerate(take.scenario.actors))) if a.ticket != "none"}
    actors = tuple(take.scenario.actors[i] for i in first.values())
    once = take.scenario.model_copy(update={"actors": actors})
    issuer = write_registers(out, once, [take.vehicles[i] for i in first.values()], take.layout.site.id, take.start_ms)
    raw = yaml.safe_load(SITE.read_text("utf-8"))
    raw["registers"] = {"tickets": TICKETS, "issuers": [issuer], "vehicles": VEHICLES}
    (out / "site.yaml").write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), "utf-8")
    (out / "facts.jsonl").write_text("".join(fact_line(f) + "\n" for f in played.facts), "utf-8")
    for name, records in (("turns", judged.turns), ("findings", judged.findings)):
        lines = (canonical_json(to_plain(r)) + "\n" for r in records)
        (out / f"{name}.jsonl").write_text("".join(lines), "utf-8")


def _is_right(each: Pass, passage: Passage, owners: dict[str, str]) -> bool:
    if any(owners[key] != each.id for key in passage.vehicles):
        return False
    weights = [w.stable_kg for w in passage.weighings]
    if each.gross_kg is None:
        return not weights
    weighed = len(weights) == 1 and weights[0] is not None and abs(weights[0] - each.gross_kg) < 100
    readable = each.actor.plates.grime < 1
    ticketed = any(t.ticket == f"T-{each.actor.plates.front}" for t in passage.tickets)
    return weighed and (ticketed or not readable)


def _spaced(rng: np.random.Generator, count: int, mean_s: float, least_s: float) -> NDArray[np.float64]:
    return 5.0 + np.cumsum(least_s + rng.exponential(mean_s - least_s, count))


def _plate(number: int) -> str:
    """Plates of a fleet: many differ in one character only."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return f"皖K{number // 1000 % 10}{letters[number // 100 % 24]}{number % 1000:03d}"


def _plan(id_: str, model: str, plates: Plates, *, out: bool, at_s: float, kmh: float) -> Pass:
    start_s = round(at_s / LOOK_S) * LOOK_S
    to_deck = (MoveIn(to="deck", kmh=kmh), MoveIn(wait_s=8), MoveIn(to="end", kmh=kmh))
    actor = Actor(
        id=id_,
        model=model,
        cargo_t=LOADS[model] if out else 0,
        plates=plates,
        enters_s=start_s,
        path=_OUT if out else _IN,
        moves=to_deck if out else (MoveIn(to="end", kmh=kmh),),
        ticket=None if out else "none",
    )
    vehicle = vehicle_of(actor)
    gross_kg = sum(u.tare_kg for u in vehicle.units) + vehicle.cargo_kg
    return Pass(actor, gross_kg if out else None)


def _together(layout: Layout, plans: Sequence[Pass], seed: int) -> Take:
    """All passes in one take: what is seen side by side, what is carried added up."""
    pieces: dict[tuple[object, ...], Take] = {}
    seen: dict[int, dict[str, dict[str, Glimpse]]] = {}
    seconds = max(p.actor.enters_s for p in plans) + PIECE_S
    step_s = COARSE * TIME_STEP_S
    cells = {d.id: np.zeros(round(seconds / step_s) + 1) for d in layout.decks}
    name = Name(zh="一天", en="A day")
    for plan in plans:
        actor = plan.actor
        kind = _kind(actor)
        if kind not in pieces:
            solo = actor.model_copy(update={"enters_s": 0.0})
            pieces[kind] = film(Scenario(name=name, site=SITE, seconds=PIECE_S, actors=(solo,)), layout)
        piece, first = pieces[kind], round(actor.enters_s / LOOK_S)
        (solo_id,) = (v.id for v in piece.vehicles)
        last = max((i for i, look_ in enumerate(piece.looks) if any(look_.seen.values())), default=0)
        for i, look_ in enumerate(piece.looks[: last + AFTERGLOW_LOOKS]):
            moment = seen.setdefault(first + i, {})
            for camera, glimpses in look_.seen.items():
                if solo_id in glimpses:
                    moment.setdefault(camera, {})[actor.id] = glimpses[solo_id]
        for deck, kg in piece.cells_kg.items():
            coarse = kg[: len(kg) // COARSE * COARSE].reshape(-1, COARSE).mean(axis=1)
            at = round(actor.enters_s / step_s)
            cells[deck][at : at + len(coarse)] += coarse[: len(cells[deck]) - at]
    beams = _broken((p, change) for p in plans for change in pieces[_kind(p.actor)].beams)
    looks = tuple(Look(index * LOOK_S, seen[index]) for index in sorted(seen))
    actors = tuple(p.actor for p in plans)
    scenario = Scenario(name=name, site=SITE, seconds=seconds, seed=seed, actors=actors)
    vehicles = tuple(vehicle_of(a) for a in actors)
    some = next(iter(pieces.values()))
    return replace(some, scenario=scenario, vehicles=vehicles, looks=looks, cells_kg=cells, step_s=step_s, beams=beams)


def _kind(actor: Actor) -> tuple[object, ...]:
    return actor.model, actor.cargo_t, actor.moves, actor.path


def _broken(changes: Iterable[tuple[Pass, BeamChange]]) -> tuple[BeamChange, ...]:
    """What the light barriers of a day saw: one is free when nobody stands in it any more."""
    told = sorted(
        ((p.actor.enters_s + c.t_s, c.beam, p.id, c.by is not None) for p, c in changes), key=lambda one: one[0]
    )
    standing: dict[str, set[str]] = {}
    out: list[BeamChange] = []
    for t_s, beam, who, broken in told:
        those = standing.setdefault(beam, set())
        before = min(those, default=None)
        (those.add if broken else those.discard)(who)
        now = min(those, default=None)
        if now != before:
            out.append(BeamChange(t_s, beam, now))
    return tuple(out)
