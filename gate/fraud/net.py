"""Gross, tare and net of a passage: by two weighings of the same plate, or by the tare on the register; and a net
against its ticket.
"""

from collections.abc import Mapping
from typing import Protocol

from gate.fraud.history import History
from gate.fraud.passage_facts import came_in, known_plate, left, weighed
from gate.records import Passage, WeightsTaken

TWO_WEIGHINGS_MS = 24 * 3_600_000  # an empty weighing older than a day is no tare for this load
EMPTY_SHARE = 0.6  # a tare is at most this share of the gross it belongs to


class Tares(Protocol):
    """A register that may know a plate's tare."""

    def tare_kg(self, plate: str) -> float | None: ...


def weights_taken(passage: Passage, history: History, register: Tares) -> WeightsTaken | None:
    """What the passage weighed, None without a stable weight.

    On the way in the weight is the tare; otherwise it is the gross, and the tare is looked for.
    """
    weighing = weighed(passage)
    if weighing is None or weighing.stable_kg is None:
        return None
    return weights_at(weighing.stable_kg, weighing.stable_ms, passage, history, register)


def weights_at(gross_kg: float, at_ms: int | None, passage: Passage, history: History, register: Tares) -> WeightsTaken:
    """What the passage weighs if a scale holds `gross_kg` of it, at the instant `at_ms`."""
    plate = known_plate(passage)
    if came_in(passage) is not None and left(passage) is None:
        return WeightsTaken(None, gross_kg, "weighed", at_ms)
    earlier = [
        (v.stable_kg, v.end_ms)
        for v in history.of(plate)
        if v.stable_kg is not None
        and not v.left
        and 0 <= passage.start_ms - v.end_ms <= TWO_WEIGHINGS_MS
        and v.stable_kg <= EMPTY_SHARE * gross_kg
    ]
    if earlier:
        return WeightsTaken(gross_kg, earlier[-1][0], "two_weighings", earlier[-1][1])
    tare_kg = register.tare_kg(plate) if plate else None
    return WeightsTaken(gross_kg, tare_kg, "register" if tare_kg is not None else "")


def over_ticket_kg(net_kg: float, tonnes: float, e_kg: float, limits: Mapping[str, float]) -> float:
    """By how much a net weight is over its ticket, 0 where that is noise (3 e) or within the tolerance.

    limits: thresholds of the rule `goods_differ`; either one passed is too much.
    """
    over_kg = net_kg - tonnes * 1000
    if tonnes <= 0 or over_kg <= 3 * e_kg:
        return 0.0
    within = over_kg <= limits["over_share"] * tonnes * 1000 and over_kg <= limits["over_kg"]
    return 0.0 if within else over_kg
