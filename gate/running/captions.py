"""What is written beside the weight in the live picture: the vehicle on the deck, else the one last seen."""

from collections.abc import Iterable

from gate.records import Passage
from gate.scale.weighing import WeighingState
from geofence.movement import MovementKind
from vision.messages import Caption

SHOWN_AFTER_MS = 8_000  # how long a vehicle that is gone stays in the caption


class Captions:
    """Keeps the passages of the moment and says whose words belong into the picture."""

    def __init__(self, decks: frozenset[str]) -> None:
        self._decks = decks
        self._passages: dict[str, Passage] = {}

    def take(self, passages: Iterable[Passage], now_ms: int) -> None:
        """Learn of changed passages; closed ones are shown a little longer, then forgotten."""
        for passage in passages:
            self._passages[passage.id] = passage
        for passage in list(self._passages.values()):
            if passage.closed and now_ms - passage.end_ms > SHOWN_AFTER_MS:
                del self._passages[passage.id]

    def shown(self) -> Passage | None:
        """The vehicle on a deck; without one, the latest that has a plate."""
        on_deck = [p for p in self._passages.values() if self._is_on_deck(p)]
        read = [p for p in self._passages.values() if p.plate]
        return max(on_deck or read, key=lambda p: (p.start_ms, p.id), default=None)

    def caption(self, state: WeighingState | None) -> Caption:
        """The words for now. state: what the scale is doing; its stable weight stands in until the weighing ends."""
        passage = self.shown()
        if passage is None:
            return Caption()
        taken = passage.weights
        gross_kg = taken.gross_kg if taken else None
        if gross_kg is None and state is not None and self._is_on_deck(passage):
            gross_kg = state.stable_kg if state.start_ms is not None else None
        ticket = next((t.ticket for t in passage.tickets if t.state == "valid"), "")
        known = {"plate_colour": passage.plates[0].colour} if passage.plates else {}
        return Caption(
            plate=passage.plate,
            ticket=ticket,
            gross_kg=gross_kg,
            tare_kg=taken.tare_kg if taken else None,
            net_kg=taken.net_kg if taken else None,
            **known,
        )

    def _is_on_deck(self, passage: Passage) -> bool:
        zones = [m for m in passage.movements if m.shape in self._decks]
        return bool(zones) and zones[-1].kind is MovementKind.ENTERED and not passage.closed
