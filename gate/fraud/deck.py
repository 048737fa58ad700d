"""Who is on each deck and what its scale reads, kept from the facts for the rules that watch decks."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from gate.facts import BeamState, Fact, WeightSample
from gate.site.devices import Scale
from gate.site.model import Site
from geofence.deck import Occupancy
from geofence.movement import Movement, MovementKind
from vision.facts import DeviceState, Sighting

ENDS = 2
BEAM_CHANGES_LIMIT = 200
UNSEEN_MS = 20_000  # a key on the deck unseen this long, with the scale back at zero, is gone
OCCUPANCIES_LIMIT = 3_000  # ten minutes at five looks a second


@dataclass(slots=True)
class Deck:
    """One deck at the latest instant. occupants: vehicle key to the instant last seen there.

    beams: by light barrier at its ends, its last changes (instant, broken), oldest first.
    """

    scale: Scale
    occupants: dict[str, int] = field(default_factory=dict)
    sample: WeightSample | None = None
    seen: deque[Occupancy] = field(default_factory=lambda: deque(maxlen=OCCUPANCIES_LIMIT))
    emptied_ms: int | None = None
    changed_ms: int = 0
    beams: dict[str, deque[tuple[int, bool]]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.occupants

    def broken(self, start_ms: int, end_ms: int) -> tuple[str, ...]:
        """The light barriers that something stood in for the whole of a span."""
        return tuple(b for b, changes in self.beams.items() if _held(changes, start_ms, end_ms, broken=True))

    def all_free(self, start_ms: int, end_ms: int) -> bool:
        """Whether both ends have light barriers, and nothing stood in any for the whole of a span."""
        free = (_held(changes, start_ms, end_ms, broken=False) for changes in self.beams.values())
        return len(self.beams) >= ENDS and all(free)

    def passed(self, since_ms: int) -> tuple[str, ...]:
        """The light barriers that something went through: broken since an instant, and free again."""
        return tuple(
            b
            for b, changes in self.beams.items()
            if not changes[-1][1] and any(t >= since_ms and on for t, on in changes)
        )


class Decks:
    """Every deck of a site, fed with facts in order of time."""

    def __init__(self, site: Site) -> None:
        self.by_scale = {s.id: Deck(s) for s in site.scales}
        self._by_zone = {s.deck: self.by_scale[s.id] for s in site.scales}
        self._by_beam = {b.id: self.by_scale[b.scale] for b in site.beams if b.scale is not None}
        self.cameras_dark: set[str] = set()

    def take(self, facts: Iterable[Fact], occupancies: Iterable[Occupancy] = ()) -> None:
        """Bring the decks up to date with an instant's facts and what the cameras saw on the decks."""
        for occupancy in occupancies:
            self._look(self._by_zone[occupancy.deck], occupancy)
        for fact in facts:
            if isinstance(fact, Sighting):
                self._see(fact)
            elif isinstance(fact, Movement):
                self._move(fact)
            elif isinstance(fact, WeightSample) and fact.scale in self.by_scale:
                self._weigh(fact)
            elif isinstance(fact, BeamState) and fact.beam in self._by_beam:
                changes = self._by_beam[fact.beam].beams.setdefault(fact.beam, deque(maxlen=BEAM_CHANGES_LIMIT))
                changes.append((fact.t_ms, fact.broken))
            elif isinstance(fact, DeviceState):
                if fact.device in self._by_beam and fact.state != "ok":
                    self._by_beam[fact.device].beams.pop(fact.device, None)  # what it was is not what it is
                (self.cameras_dark.discard if fact.state == "ok" else self.cameras_dark.add)(fact.device)

    def between(self, scale: str, start_ms: int, end_ms: int) -> list[Occupancy]:
        """What the cameras saw on a scale's deck in a span not long past, oldest first."""
        found: list[Occupancy] = []
        for occupancy in reversed(self.by_scale[scale].seen if scale in self.by_scale else ()):
            if occupancy.t_ms < start_ms:
                break
            if occupancy.t_ms <= end_ms:
                found.append(occupancy)
        return found[::-1]

    @staticmethod
    def _look(deck: Deck, occupancy: Occupancy) -> None:
        """A vehicle whose nose, and with it its ground point, has left the deck may still have its rear there."""
        deck.seen.append(occupancy)
        if occupancy.vehicles:
            deck.changed_ms = occupancy.t_ms
            if deck.empty:
                deck.emptied_ms = occupancy.t_ms

    def _see(self, sighting: Sighting) -> None:
        for deck in self.by_scale.values():
            if sighting.vehicle in deck.occupants:
                deck.occupants[sighting.vehicle] = sighting.t_ms

    def _move(self, movement: Movement) -> None:
        deck = self._by_zone.get(movement.shape)
        if deck is None:
            return
        if movement.kind is MovementKind.ENTERED:
            self._enter(deck, movement.vehicle, movement.t_ms)
        elif movement.kind is MovementKind.LEFT:
            self._leave(deck, movement.vehicle, movement.t_ms)

    def _weigh(self, sample: WeightSample) -> None:
        deck = self.by_scale[sample.scale]
        deck.sample = sample
        if abs(sample.kg) <= 2 * deck.scale.e_kg:
            for key in [k for k, seen in deck.occupants.items() if sample.t_ms - seen > UNSEEN_MS]:
                self._leave(deck, key, sample.t_ms)

    @staticmethod
    def _enter(deck: Deck, key: str, t_ms: int) -> None:
        deck.occupants[key] = deck.changed_ms = t_ms

    @staticmethod
    def _leave(deck: Deck, key: str, t_ms: int) -> None:
        if deck.occupants.pop(key, None) is None:
            return
        deck.changed_ms = t_ms
        if deck.empty:
            deck.emptied_ms = t_ms


def _held(changes: Iterable[tuple[int, bool]], start_ms: int, end_ms: int, *, broken: bool) -> bool:
    """Whether a light barrier is known to have been so for the whole of a span."""
    at_start: bool | None = None
    for t_ms, state in changes:
        if t_ms <= start_ms:
            at_start = state
        elif t_ms <= end_ms and state is not broken:
            return False
    return at_start is broken
