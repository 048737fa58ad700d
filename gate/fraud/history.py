"""What is remembered of plates across passages: enough for the rules, bounded in size."""

from collections import OrderedDict
from dataclasses import dataclass

from gate.fraud.passage_facts import known_plate, left
from gate.passage.plates import KNOWN_CONFIDENCE, is_trailer
from gate.records import Passage, Severity

PLATES_LIMIT = 50_000  # plates kept; the longest unseen is forgotten first
VISITS_LIMIT = 50  # visits kept per plate


@dataclass(frozen=True, slots=True)
class PastVisit:
    """One closed visit of a plate. stable_kg: its last stable weight, None when it was not weighed.

    left: it crossed the fence outward, at a site without one that it drove off. trailer: the plate behind it, "" where
    none was read.
    """

    passage: str
    start_ms: int
    end_ms: int
    kind: str
    colour: str
    stable_kg: float | None
    left: bool
    worst: Severity | None
    trailer: str = ""


class History:
    """Past visits by plate, newest last."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, list[PastVisit]] = OrderedDict()

    def of(self, plate: str) -> list[PastVisit]:
        """The visits remembered of a plate, oldest first."""
        return list(self._visits.get(plate, ()))

    def note(self, passage: Passage, worst: Severity | None, *, fenced: bool = True) -> None:
        """Remember a closed passage and its gravest finding; without a sure plate there is nobody to remember.

        fenced: the site has boundaries, over which alone one leaves.
        """
        plate = known_plate(passage)
        if not plate:
            return
        gone = left(passage) is not None
        stable = [w.stable_kg for w in passage.weighings if w.stable_kg is not None]
        visit = PastVisit(
            passage.id,
            passage.start_ms,
            passage.end_ms,
            passage.kind.value,
            passage.plates[0].colour.value,
            stable[-1] if stable else None,
            gone or (not fenced and any(m.direction == "out" for m in passage.movements)),
            worst,
            next((p.text for p in passage.plates if is_trailer(p) and p.confidence >= KNOWN_CONFIDENCE), ""),
        )
        visits = self._visits.setdefault(plate, [])
        visits.append(visit)
        del visits[:-VISITS_LIMIT]
        self._visits.move_to_end(plate)
        while len(self._visits) > PLATES_LIMIT:
            self._visits.popitem(last=False)
