"""Who is on each deck and what its scale reads, kept from the facts for the rules that watch decks."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from gate.facts import Fact, WeightSample
from gate.site.model import Scale, Site
from geofence.deck import Occupancy
from geofence.movement import Movement, MovementKind
from vision.facts import DeviceState, Sighting

UNSEEN_MS = 20_000  # a key on the deck unseen this long, with the scale back at zero, is gone
OCCUPANCIES_LIMIT = 3_000  # ten minutes at five looks a second


@dataclass(slots=True)
class Deck:
    """One deck at the latest instant. occupants: vehicle key to the instant last seen there."""

    scale: Scale
    occupants: dict[str, int] = field(default_factory=dict)
    sample: WeightSample | None = None
    seen: deque[Occupancy] = field(default_factory=lambda: deque(maxlen=OCCUPANCIES_LIMIT))
    emptied_ms: int | None = None
    changed_ms: int = 0

    @property
    def empty(self) -> bool:
        return not self.occupants


class Decks:
    """Every deck of a site, fed with facts in order of time."""

    def __init__(self, site: Site) -> None:
        self.by_scale = {s.id: Deck(s) for s in site.scales}
        self._by_zone = {s.deck: self.by_scale[s.id] for s in site.scales}
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
            elif isinstance(fact, DeviceState):
                (self.cameras_dark.discard if fact.state == "ok" else self.cameras_dark.add)(fact.device)

    def between(self, scale: str, start_ms: int, end_ms: int) -> list[Occupancy]:
        """What the cameras saw on a scale's deck in a span not long past, oldest first."""
        seen = self.by_scale[scale].seen if scale in self.by_scale else ()
        return [o for o in seen if start_ms <= o.t_ms <= end_ms]

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
