"""What is remembered of plates across passages: enough for the rules, bounded in size."""

from collections import OrderedDict
from dataclasses import dataclass

from gate.passage.plates import known
from gate.records import Passage, Severity

PLATES_LIMIT = 50_000  # plates kept; the longest unseen is forgotten first
VISITS_LIMIT = 50  # visits kept per plate


@dataclass(frozen=True, slots=True)
class PastVisit:
    """One closed visit of a plate. stable_kg: its last stable weight, None when it was not weighed."""

    passage: str
    start_ms: int
    end_ms: int
    kind: str
    colour: str
    stable_kg: float | None
    left: bool
    worst: Severity | None


class History:
    """Past visits by plate, newest last."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, list[PastVisit]] = OrderedDict()

    def of(self, plate: str) -> list[PastVisit]:
        """The visits remembered of a plate, oldest first."""
        return list(self._visits.get(plate, ()))

    def note(self, passage: Passage, worst: Severity | None) -> None:
        """Remember a closed passage and its gravest finding; without a sure plate there is nobody to remember."""
        plate = known(passage.plates)
        if not plate:
            return
        stable = [w.stable_kg for w in passage.weighings if w.stable_kg is not None]
        visit = PastVisit(
            passage.id,
            passage.start_ms,
            passage.end_ms,
            passage.kind.value,
            next(p.colour.value for p in passage.plates if p.text == plate),
            stable[-1] if stable else None,
            any(m.direction == "out" for m in passage.movements),
            worst,
        )
        visits = self._visits.setdefault(plate, [])
        visits.append(visit)
        del visits[:-VISITS_LIMIT]
        self._visits.move_to_end(plate)
        while len(self._visits) > PLATES_LIMIT:
            self._visits.popitem(last=False)
