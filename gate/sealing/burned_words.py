"""What is written into each picture of a clip that is sealed: plate, ticket and weights, none before it was known."""

from collections.abc import Sequence

from gate.facts import Fact, WeightSample
from gate.records import Passage, WeightsTaken
from gate.scale.stability import Stability
from gate.site.devices import Scale
from gate.site.model import Site
from vision.facts import PlateColour, PlateReading, Sighting
from vision.overlay import OverlayState, WeightAt, WeightTimeline
from vision.source import Frame


class BurnedWords:
    """The words of one camera's clip. passage: None where no vehicle was, and the weight is all there is to say."""

    def __init__(self, passage: Passage | None, facts: Sequence[Fact], site: Site, camera: str) -> None:
        self._site = site.name.in_language(site.language)
        self._camera = next(c.name.in_language(site.language) for c in site.cameras if c.id == camera)
        scale = _scale_shown(site, passage)
        self._weights = timeline(facts, scale) if scale else WeightTimeline()
        self._vehicle = passage is not None
        self._plate: PlateReading | None = None
        self._read_ms = self._ticket_ms = self._taken_ms = 2**62
        self._ticket = ""
        self._taken: WeightsTaken | None = None
        if passage is not None:
            self._know(passage, facts)

    def _know(self, passage: Passage, facts: Sequence[Fact]) -> None:
        """The vehicle's plate, ticket and weights, each with the instant from which it was known."""
        if passage.plates:
            read = (f.t_ms for f in facts if isinstance(f, Sighting) and f.vehicle in passage.vehicles and f.plates)
            self._plate, self._read_ms = passage.plates[0], next(read, passage.end_ms)
        ticket = next((t for t in passage.tickets if t.state == "valid"), None)
        if ticket is not None:
            self._ticket, self._ticket_ms = ticket.ticket, ticket.t_ms
        taken_ms = next((w.stable_ms for w in reversed(passage.weighings) if w.stable_ms is not None), None)
        if taken_ms is not None:
            self._taken, self._taken_ms = passage.weights, taken_ms

    def __call__(self, frame: Frame) -> OverlayState:
        """The state of one frame."""
        t_ms = frame.t_ms
        weight = self._weights.at(t_ms)
        plate = self._plate if t_ms >= self._read_ms else None
        taken = self._taken if t_ms >= self._taken_ms else None
        return OverlayState(
            t_ms=t_ms,
            site=self._site,
            camera=self._camera,
            plate=plate.text if plate else "",
            plate_colour=plate.colour if plate else PlateColour.YELLOW,
            ticket=self._ticket if t_ms >= self._ticket_ms else "",
            weight_kg=weight.kg if weight else None,
            stable=weight.stable if weight else None,
            gross_kg=taken.gross_kg if taken else None,
            tare_kg=taken.tare_kg if taken else None,
            net_kg=taken.net_kg if taken else None,
            vehicle=self._vehicle,
        )


def timeline(facts: Sequence[Fact], scale: Scale) -> WeightTimeline:
    """One scale's readings by time, each with whether the weight was stable then."""
    weights, stability = WeightTimeline(), Stability(scale.e_kg)
    for fact in facts:
        if isinstance(fact, WeightSample) and fact.scale == scale.id:
            may = fact.stable is not False and not fact.overload
            weights.add(
                WeightAt(fact.t_ms, fact.kg, stability.update(fact.t_ms, fact.kg, may_be_stable=may) is not None)
            )
    return weights


def _scale_shown(site: Site, passage: Passage | None) -> Scale | None:
    """The scale the vehicle was weighed on, else the site's first."""
    used = {w.scale for w in passage.weighings} if passage else set()
    return next((s for s in site.scales if s.id in used), site.scales[0] if site.scales else None)
