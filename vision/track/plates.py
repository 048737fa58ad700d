"""The plates of a vehicle: which reading belongs to which plate, voted over the pass."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.facts import PlateReading
from vision.plates.grammar import Scores

LIKELY, SURELY_A_PLATE = 0.5, 0.9  # confidence of a reading
LETTERS_LARGER = 1.4  # widths of a plate; the rules for trucks ask for letters two and a half times as high


class Vote(Protocol):
    """Joins what was read of one plate over a pass."""

    def add_scores(
        self, scores: Scores, weight: float = 1.0, corners: tuple[tuple[float, float], ...] = ()
    ) -> None: ...

    def result(self) -> PlateReading | None: ...


@dataclass(frozen=True, slots=True)
class PlateLook:
    """One look at one plate: what the reader says of it, its corners (4, 2), its crop and what that is worth."""

    t_ms: int
    corners: NDArray[np.float64]
    scores: Scores
    text: str
    crop: NDArray[np.uint8]
    weight: float


@dataclass(frozen=True, slots=True)
class PlateCrop:
    """The best look at one plate: a rectified BGR picture of it, and when it was seen."""

    text: str
    t_ms: int
    picture: NDArray[np.uint8]


class PlateSlot:
    """One plate that is being read again and again.

    moved: furthest from where it was first seen, in plate widths. score: of the last look, that it is a plate at all.
    beside: what else was read in one picture with it. above: those of them that are lower and much smaller, plates
    above which it stands in large letters.
    """

    __slots__ = (
        "_origin",
        "_vote",
        "above",
        "beside",
        "centre",
        "crop",
        "crop_ms",
        "first_ms",
        "frames",
        "moved",
        "score",
        "seen_ms",
        "speed",
        "weight",
        "width",
    )

    def __init__(self, vote: Vote, look: PlateLook) -> None:
        self._vote = vote
        self.first_ms = self.seen_ms = self.crop_ms = look.t_ms
        self.centre, self.width = look.corners.mean(axis=0), plate_width(look.corners)
        self.speed = np.zeros(2)
        self._origin = self.centre
        self.moved = 0.0
        self.frames = 0
        self.beside: set[PlateSlot] = set()
        self.above: set[PlateSlot] = set()
        self.crop, self.weight, self.score = look.crop, 0.0, 0.0

    @property
    def best(self) -> PlateReading | None:
        """The reading as voted so far."""
        return self._vote.result()

    @property
    def speed_widths_s(self) -> float:
        """How fast it moves, in its own widths a second."""
        return float(np.linalg.norm(self.speed)) / self.width

    @property
    def text(self) -> str:
        """The text as voted so far."""
        best = self.best
        return best.text if best is not None else ""

    @property
    def confidence(self) -> float:
        """How sure that text is, 0 to 1."""
        best = self.best
        return best.confidence if best is not None else 0.0

    @property
    def sure(self) -> bool:
        """Whether it rests on enough to be told: three looks, or two very good ones."""
        best = self.best
        return best is not None and (self.frames >= 3 or (self.frames == 2 and best.confidence > 0.9))

    def echoes(self, other: "PlateSlot") -> bool:
        """Whether both are one number: one plate read twice, or the plate and the large letters above it.

        In large letters more characters are taken for others, so what was read beside a plate may differ more.
        """
        edits = 3 if other in self.beside else 2
        return alike(self.text, other.text, edits)

    def stand_beside(self, other: "PlateSlot") -> None:
        """Both were read in one picture. On level ground what is nearer is lower: no plate is higher and larger."""
        self.beside.add(other)
        if self.width > LETTERS_LARGER * other.width and self.centre[1] < other.centre[1] - other.width / 3:
            self.above.add(other)
        else:
            self.above.discard(other)

    @property
    def letters(self) -> bool:
        """Whether it is no plate but the number in large letters above one."""
        return any(
            plate.confidence >= LIKELY and (self.echoes(plate) or self.confidence < SURELY_A_PLATE)
            for plate in self.above
        )

    def near(self, t_ms: int, centre: NDArray[np.float64], width: float) -> bool:
        """Whether a plate found at this place continues this one."""
        ahead_s = (t_ms - self.seen_ms) / 1000
        if ahead_s > 0.8 or not 0.6 < width / self.width < 1.67:
            return False
        away = np.linalg.norm(centre - (self.centre + self.speed * ahead_s)) / self.width
        return bool(away < (0.8 if self.frames > 1 else 2.0))

    def add(self, look: PlateLook) -> None:
        """Another look at it; the best one's picture is kept."""
        places = tuple((round(float(x), 1), round(float(y), 1)) for x, y in look.corners)
        self._vote.add_scores(look.scores, look.weight, places)
        centre = look.corners.mean(axis=0)
        if look.t_ms > self.seen_ms:
            self.speed = (centre - self.centre) / ((look.t_ms - self.seen_ms) / 1000)
        self.centre, self.width, self.seen_ms = centre, plate_width(look.corners), look.t_ms
        self.score = look.scores.plate
        self.frames += 1
        self.moved = max(self.moved, float(np.linalg.norm(centre - self._origin)) / self.width)
        worth = look.weight * look.scores.plate
        if worth > self.weight:
            self.crop, self.crop_ms, self.weight = look.crop, look.t_ms, worth


class PlateSlots:
    """All plates of one vehicle: a reading joins the plate it lies on or reads almost like, or begins another.

    What reads like a plate that was seen elsewhere just now is not that plate: trucks carry their number once more in
    large letters on the tail, in whose lettering characters are taken for others.
    """

    ELSEWHERE_MS = 400
    MOST = 6  # a vehicle has at most three plates; more are misreadings, the oldest weakest goes

    def __init__(self, new_vote: Callable[[], Vote]) -> None:
        self._new_vote = new_vote
        self.slots: list[PlateSlot] = []

    def add(self, look: PlateLook) -> None:
        """Take in one look at a plate."""
        centre, width = look.corners.mean(axis=0), plate_width(look.corners)
        slot = next((s for s in self.slots if s.near(look.t_ms, centre, width)), None)
        if slot is None:
            lost = (s for s in self.slots if look.t_ms - s.seen_ms > self.ELSEWHERE_MS)
            slot = next((s for s in lost if s.best is not None and alike(s.best.text, look.text)), None)
        if slot is None:
            slot = PlateSlot(self._new_vote(), look)
            self.slots.append(slot)
            if len(self.slots) > self.MOST:
                self.drop(min(self.slots[:-1], key=lambda s: (s.frames, s.seen_ms)))
        slot.add(look)
        for other in self.slots:
            if other is not slot and other.seen_ms == look.t_ms:
                slot.stand_beside(other)
                other.stand_beside(slot)

    def near(self, look: PlateLook) -> bool:
        """Whether a look continues one of these plates by its place."""
        centre, width = look.corners.mean(axis=0), plate_width(look.corners)
        return any(s.near(look.t_ms, centre, width) for s in self.slots)

    def contradiction(self) -> PlateSlot | None:
        """The later of two plates that no vehicle carries together, both read well; None where there are none.

        A vehicle has one plate of one row in front, and a tractor's trailer another; two different plates of one row,
        neither a trailer's, are two vehicles'.
        """
        well = [
            s
            for s in self.slots
            if s.frames >= 3 and not s.letters and (b := s.best) is not None
            if b.confidence > SURELY_A_PLATE and b.rows == 1 and b.text[-1] != "挂"
        ]
        well.sort(key=lambda s: s.first_ms)
        for later in reversed(well):
            if any(not later.echoes(s) and s.first_ms < later.first_ms for s in well):
                return later
        return None

    def drop(self, slot: PlateSlot) -> None:
        """Let go of a plate: it is another vehicle's, or none."""
        self.slots.remove(slot)
        for other in slot.beside:
            other.beside.discard(slot)
            other.above.discard(slot)
        slot.beside.clear()
        slot.above.clear()

    def readings(self, *, final: bool = False) -> tuple[PlateReading, ...]:
        """Best reading per plate, the one with most looks first; at the end also what was seen only once or twice.

        Beside a likely plate an unlikely one is a writing, or a misreading from far away.
        """
        told = [s for s in self.slots if not s.letters and (s.sure or (final and s.frames > 0))]
        told.sort(key=lambda s: (-s.frames, s.first_ms))
        out: list[PlateSlot] = []
        for slot in told:
            if (slot.sure or not out) and not any(slot.echoes(o) for o in out):
                out.append(slot)
        if any(s.confidence >= LIKELY for s in out):
            out = [s for s in out if s.confidence >= LIKELY]
        return tuple(s.best for s in out if s.best is not None)

    def crops(self) -> list[PlateCrop]:
        """The best picture of each plate that is told of."""
        return [
            PlateCrop(s.best.text, s.crop_ms, s.crop)
            for s in self.slots
            if s.best is not None and not s.letters and (s.sure or len(self.slots) == 1)
        ]


def plate_width(corners: NDArray[np.float64]) -> float:
    """Mean length of the upper and lower edge, in pixels."""
    top = np.linalg.norm(corners[1] - corners[0])
    bottom = np.linalg.norm(corners[2] - corners[3])
    return max((float(top) + float(bottom)) / 2, 1.0)


def alike(a: str, b: str, edits: int = 2) -> bool:
    """Whether two texts may be readings of one plate: at most so many edits apart."""
    if abs(len(a) - len(b)) > edits:
        return False
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1] <= edits
