"""The gatehouse: one site's whole chain from facts to findings, pure. Replay, live run and judging again all use it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from gate.facts import CodeRead, Fact, Position, Weighing, WeightSample
from gate.fraud.history import History
from gate.fraud.judge import Judge
from gate.fraud.net import weights_at, weights_taken
from gate.fraud.rule import Vehicles
from gate.judging.follower import FenceFollower, Follower, Turn
from gate.judging.outline import Outlines
from gate.judging.ticket_desk import TicketDesk, Tickets
from gate.passage.book import PassageBook
from gate.passage.presented import Presented
from gate.records import Finding, Passage
from gate.satellite.guard import SatelliteGuard
from gate.scale.weighing import WeighingMachine, WeighingState
from gate.site.model import Site
from geofence.movement import Movement
from vision.facts import Sighting

TICK_MS = 1_000
_T_MS = attrgetter("t_ms")
CLOCK_BACK_MS = 10_000  # the clock was set back by more than this: visits open by the old one end
LONGEST_SILENCE_MS = 600_000  # after a longer one the clock has jumped or the system was off: nothing to judge


@dataclass(slots=True)
class Outcome:
    """What some facts led to. facts: those taken and those derived from them, in order. turns: how the vehicles were
    followed, for judging the same facts again.
    """

    facts: list[Fact] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)


class Gatehouse:
    """Everything the gate knows and concludes, fed with source facts in order of time.

    The same facts give the same outcome each time: no clock is read, nothing depends on the order of hashes.
    follower: says where the vehicles went; a fence of the site's shapes unless given.
    """

    def __init__(
        self,
        site: Site,
        tickets: Tickets,
        vehicles: Vehicles,
        history: History | None = None,
        follower: Follower | None = None,
    ) -> None:
        self._site = site
        self._follower = follower or FenceFollower(site)
        self._satellite = SatelliteGuard(site, vehicles)
        self._machines = {s.id: WeighingMachine(s) for s in site.scales}
        shapes = bool(site.zones or site.boundaries or site.lanes)
        self._book = PassageBook(site.id, {s.id: s.deck for s in site.scales}, shapes_matter=shapes)
        self._vehicles = vehicles
        self._history = history or History()
        self._judge = Judge(site, vehicles, self._history)
        self._desk = TicketDesk(site.id, tickets, vehicles, self._history)
        self._presented = Presented(site, self._desk, self._book)
        self._outlines = Outlines({c.id: c.size for c in site.cameras})
        self._unjudged: list[Fact] = []
        self._now_ms: int | None = None

    def take(self, facts: Iterable[Fact]) -> Outcome:
        """Take source facts, oldest first; facts of one instant may come in any order."""
        outcome = Outcome()
        for t_ms, instant in groupby(sorted(facts, key=_T_MS), key=_T_MS):
            now = list(instant)
            self._advance(t_ms - 1, outcome)
            self._instant(t_ms, sorted(now, key=_about) if len(now) > 1 else now, outcome)
        outcome.turns += self._follower.take_turns()
        return outcome

    def tick(self, t_ms: int) -> Outcome:
        """Time has passed without facts."""
        outcome = Outcome()
        self._advance(t_ms, outcome)
        outcome.turns += self._follower.take_turns()
        return outcome

    def finish(self, t_ms: int) -> Outcome:
        """No more facts will come: end what is open."""
        outcome = Outcome()
        weighings = [w for machine in self._machines.values() for w in machine.flush()]
        movements = self._follower.close(t_ms)
        self._derive(movements, weighings, outcome)
        self._conclude(t_ms, self._book.finish(), outcome)
        outcome.turns += self._follower.take_turns()
        return outcome

    @property
    def scales(self) -> Mapping[str, WeighingState]:
        """What each scale is doing now, by scale id."""
        return {name: machine.state for name, machine in self._machines.items()}

    def wants_code(self, camera: str, now_ms: int) -> bool:
        """Whether a goods vehicle with no valid ticket is before a camera."""
        return any(not self._desk.ticketed(p) for p in self._book.unticketed(camera, now_ms))

    def net_kg(self, passage: Passage, gross_kg: float) -> float | None:
        """The net weight of a vehicle if the scale holds `gross_kg` of it, None while its tare is not known."""
        return weights_at(gross_kg, None, passage, self._history, self._vehicles).net_kg

    def remember(self, passage: Passage) -> None:
        """Learn of a passage closed before this gatehouse was made: its plate's history and its used-up ticket."""
        self._history.note(passage, passage.gravest, fenced=bool(self._site.boundaries))
        self._desk.settle(passage, passage.end_ms)
        self._desk.forget(passage.id)

    def _advance(self, t_ms: int, outcome: Outcome) -> None:
        """Look at every whole second that has passed, so that silence is judged alike in a live run and a replay."""
        if self._now_ms is not None and self._now_ms - t_ms > CLOCK_BACK_MS:
            self._clock_set_back(t_ms, outcome)
        if self._now_ms is None or t_ms - self._now_ms > LONGEST_SILENCE_MS:
            self._now_ms = t_ms - t_ms % TICK_MS
        while self._now_ms + TICK_MS <= t_ms:
            self._now_ms += TICK_MS
            movements = self._follower.expire(self._now_ms)
            self._derive(movements, [], outcome)
            self._note(self._satellite.expire(self._now_ms), outcome)
            self._conclude(self._now_ms, self._book.changed(self._now_ms), outcome)

    def _clock_set_back(self, t_ms: int, outcome: Outcome) -> None:
        """End what is open by the old clock; whoever is still there is seen anew."""
        self._derive(self._follower.close(t_ms), [], outcome)
        self._conclude(t_ms, self._book.finish(), outcome)
        self._judge.forget_decks()
        self._now_ms = None

    def _instant(self, t_ms: int, facts: list[Fact], outcome: Outcome) -> None:
        """Weights alone are judged with the next whole second; anything else at once."""
        outcome.facts += facts
        self._unjudged += facts
        weighings = [w for f in facts if isinstance(f, WeightSample) for w in self._weigh(f)]
        others = [f for f in facts if not isinstance(f, WeightSample)]
        if not others and not weighings:
            return
        if others:
            movements = self._movements(t_ms, [f for f in others if isinstance(f, Sighting)])
            self._note(self._satellite.take(t_ms, [f for f in others if isinstance(f, Position)]), outcome)
            self._derive(movements, weighings, outcome)
        else:
            self._derive([], weighings, outcome)
        outcome.facts += self._presented.take(t_ms, [f for f in others if isinstance(f, CodeRead)])
        self._conclude(t_ms, self._book.changed(t_ms), outcome)

    def _weigh(self, sample: WeightSample) -> list[Weighing]:
        machine = self._machines.get(sample.scale)
        return machine.update(sample) if machine else []

    def _movements(self, t_ms: int, sightings: list[Sighting]) -> list[Movement]:
        """What the vehicles seen at an instant did, and the visits their sightings belong to."""
        movements: list[Movement] = []
        for camera, seen in groupby(sightings, key=lambda s: s.camera):
            batch = list(seen)
            self._book.see([self._outlines.placed(s) for s in batch])
            movements += self._follower.look(t_ms, camera, batch)
            for sighting in batch:
                if not self._book.link(sighting.vehicle, self._follower.known_as(sighting.vehicle)):
                    self._follower.part(camera, sighting.vehicle)
        return movements

    def _note(self, facts: Sequence[Fact], outcome: Outcome) -> None:
        """Derived facts that belong to no visit."""
        self._unjudged += facts
        outcome.facts += facts

    def _derive(self, movements: Sequence[Movement], weighings: Sequence[Weighing], outcome: Outcome) -> None:
        for movement in movements:
            self._book.move(movement)
        for weighing in weighings:
            self._book.weigh(weighing)
        derived: list[Fact] = [*movements, *weighings]
        self._unjudged += derived
        outcome.facts += derived

    def _conclude(self, t_ms: int, passages: list[Passage], outcome: Outcome) -> None:
        """Judge what has come since the last time, and the passages it changed."""
        facts, self._unjudged = self._unjudged, []
        for gone, into in self._book.take_merged():
            self._desk.merge(gone, into, t_ms)
        ticketed = []
        for each in passages:
            served, told = self._desk.serve(each, t_ms)
            outcome.facts += told
            ticketed.append(self._with_weights(served))
        looked = any(isinstance(f, Sighting) for f in facts)
        decks = [self._follower.occupancy(t_ms, s.deck) for s in self._site.scales] if looked else []
        loaded = frozenset(name for name, m in self._machines.items() if m.state.start_ms is not None)
        outcome.findings += self._judge.take(facts, ticketed, t_ms, decks, loaded)
        for passage in ticketed:
            self._desk.settle(passage, t_ms)
            if passage.closed:
                self._desk.forget(passage.id)
        outcome.passages += [replace(p, gravest=self._judge.gravest(p.id)) if p.closed else p for p in ticketed]

    def _with_weights(self, passage: Passage) -> Passage:
        taken = weights_taken(passage, self._history, self._vehicles)
        return replace(passage, weights=taken) if taken else passage


def _about(fact: Fact) -> tuple[str, str, str]:
    """The order of facts of one instant: by kind and the thing they are about."""
    about = getattr(fact, "vehicle", "") or getattr(fact, "scale", "") or getattr(fact, "device", "")
    return type(fact).__name__, getattr(fact, "camera", ""), about
