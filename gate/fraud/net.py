"""Net weight of a passage: by two weighings of the same plate, or by the tare on the register."""

from dataclasses import dataclass

from gate.fraud.passage_facts import known_plate, left, weighed
from gate.fraud.rule import Context
from gate.records import Passage

TWO_WEIGHINGS_MS = 24 * 3_600_000  # an empty weighing older than a day is no tare for this load
EMPTY_SHARE = 0.6  # a tare is at most this share of the gross it belongs to


@dataclass(frozen=True, slots=True)
class Net:
    """Net = gross - tare, kg. source: "two_weighings" or "register". e_kg: of the scale that weighed."""

    gross_kg: float
    tare_kg: float
    source: str
    e_kg: float

    @property
    def net_kg(self) -> float:
        return self.gross_kg - self.tare_kg


def net_weight(passage: Passage, context: Context) -> Net | None:
    """The net weight of a loaded vehicle on its way out, None while gross or tare is missing."""
    gross, plate = weighed(passage), known_plate(passage)
    if gross is None or gross.stable_kg is None or not plate or left(passage) is None:
        return None
    e_kg = next((s.e_kg for s in context.site.scales if s.id == gross.scale), 20.0)
    earlier = [
        v.stable_kg
        for v in context.history.of(plate)
        if v.stable_kg is not None
        and not v.left
        and passage.start_ms - v.end_ms <= TWO_WEIGHINGS_MS
        and v.stable_kg <= EMPTY_SHARE * gross.stable_kg
    ]
    if earlier:
        return Net(gross.stable_kg, earlier[-1], "two_weighings", e_kg)
    tare_kg = context.vehicles.tare_kg(plate)
    if tare_kg is not None:
        return Net(gross.stable_kg, tare_kg, "register", e_kg)
    return None
