"""What a whole pass says of one plate: the readings of all its crops, weighed and voted character by character.

Frames of one pass resemble each other: the tenth blurred crop makes the same mistake as the ninth. So the votes' mean
is sharpened only slowly as they grow in number, and a voted confidence stays one a person can trust.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.facts import PlateReading
from vision.plates.grammar import BLANK, COLOURS, INDEX, PROVINCES, SLOTS, Scores, decode
from vision.plates.read import reading_of

MAX_VOTES = 48
EARLY_CONFIDENCE = 0.95
EARLY_FRAMES = 3
MOST_LOOKS = 4.0
PLACE_LOOKS = 1.5  # what many looks at one place are worth, in looks
_FLOOR = -12.0
# Pairs taken for each other, side by side.
_CONFUSED = "0D8B2Z5S1T4AUVMN6GPREFC9XYWH7L豫冀皖粤京琼苏赣浙湘挂学"


@dataclass(frozen=True, slots=True, eq=False)
class Ballot:
    """One crop's scores, the text they spell alone, and what they are worth: 1 for a good crop."""

    scores: Scores
    text: str
    weight: float
    corners: tuple[tuple[float, float], ...]


class PlateVote:
    """Joins the readings of one plate over a pass. Keeps the weightiest MAX_VOTES, however long a truck stands."""

    __slots__ = ("_ballots", "_result", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self._ballots: list[Ballot] = []
        self._result: PlateReading | None = None

    def add(self, reading: PlateReading, weight: float = 1.0) -> None:
        """One more reading. weight: how good its crop was, see `sharpness`; its confidence counts besides."""
        worth = weight * (0.05 + min(max(reading.confidence, 0.0), 1.0))
        self._cast(Ballot(scores_of(reading), reading.text, max(worth, 1e-6), reading.corners))

    def add_scores(self, scores: Scores, weight: float = 1.0, corners: tuple[tuple[float, float], ...] = ()) -> None:
        """One more crop, by all the network said of it: every character's rivals take part in the vote."""
        decoded = decode(scores)
        worth = weight * (0.05 + decoded.probability * scores.plate)
        self._cast(Ballot(scores, decoded.text, max(worth, 1e-6), corners))

    def result(self) -> PlateReading | None:
        """The plate as all votes see it, None before the first. Corners are those of the weightiest vote."""
        if self._result is None and self._ballots:
            self._result = _tally(self._ballots, self.seen)
        return self._result

    def early(self) -> PlateReading | None:
        """The result once it is sure enough to act on before the vehicle is gone, None until then."""
        said = self.result()
        sure = said is not None and self.seen >= EARLY_FRAMES and said.confidence >= EARLY_CONFIDENCE
        return said if sure else None

    def _cast(self, ballot: Ballot) -> None:
        self.seen += 1
        self._result = None
        self._ballots.append(ballot)
        if len(self._ballots) > MAX_VOTES:
            self._ballots.remove(min(self._ballots, key=lambda kept: kept.weight))


def combine(scores: Sequence[Scores], weights: NDArray[np.float64]) -> Scores:
    """Weighted mean in log space, sharpened by how many independent looks the votes amount to; the order is nothing."""
    shares = weights / weights.sum()
    power = independent_looks(weights)
    return Scores(
        _pool([part.text for part in scores], shares, power),
        _pool([part.colour for part in scores], shares, power),
        _pool([part.rows for part in scores], shares, power),
        float(sum(share * part.plate for share, part in zip(shares, scores, strict=True))),
        scores[int(weights.argmax())].corners,
    )


def without_repeats(ballots: Sequence[Ballot]) -> NDArray[np.float64]:
    """The votes' weights, those of one place shared: looks at a plate that stands still are one look, made again.

    A crop far worse than the best counts for little, however many there are of it: a plate far away is misread alike
    fifty times, and read once when it is near.
    """
    weights = np.array([b.weight for b in ballots])
    weights *= weights / weights.max()
    for place in _places(ballots):
        total = float(weights[place].sum())
        most = PLACE_LOOKS * float(weights[place].max())
        if total > most:
            weights[place] *= most / total
    return weights


def _places(ballots: Sequence[Ballot]) -> list[list[int]]:
    """Indices of votes whose plates lay at one place of the picture; votes without corners stand alone."""
    order = sorted((i for i, b in enumerate(ballots) if len(b.corners) == 4), key=lambda i: ballots[i].corners)
    places: list[list[int]] = []
    for i in order:
        corners = np.array(ballots[i].corners)
        near = (p for p in places if _same_place(np.array(ballots[p[0]].corners), corners))
        place = next(near, None)
        if place is None:
            places.append([i])
        else:
            place.append(i)
    return places


def _same_place(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    width = max(float(np.linalg.norm(a[1] - a[0])), 1.0)
    return float(np.abs(a - b).max()) < 0.2 * width


def independent_looks(weights: NDArray[np.float64]) -> float:
    """How many independent looks correlated ones are worth: 1 for one, 2 for three, 3 for seven, MOST_LOOKS at most.

    Counted by Kish's effective sample size, so that crops of little weight add little.
    """
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    return min(float(np.log2(1.0 + effective)), MOST_LOOKS)


def scores_of(said: PlateReading) -> Scores:
    """Scores that would be read as `said`. Most of each character's doubt goes to one rival, as it does in the network:
    to the runner-up's where that differs, else to the character it is usually taken for.
    """
    text = np.empty((SLOTS, len(INDEX)))
    for slot in range(SLOTS):
        character = said.text[slot] if slot < len(said.text) else BLANK
        known = said.char_confidences[slot] if slot < len(said.char_confidences) else max(said.confidence, 0.5)
        sure = float(np.clip(known, 1e-4, 1 - 1e-4))
        rival = said.second[slot] if said.second is not None and slot < len(said.second) else character
        if rival == character or rival not in INDEX:
            rival = _usual_rival(character)
        against = min(0.7 * (1 - sure), 0.9 * sure)
        rest = np.full(len(INDEX), (1 - sure - against) / (len(INDEX) - 2))
        rest[INDEX[rival]] = against
        rest[INDEX.get(character, 0)] = sure
        text[slot] = np.log(rest)
    colour = np.full(len(COLOURS), np.log(0.1 / (len(COLOURS) - 1)))
    colour[COLOURS.index(said.colour)] = np.log(0.9)
    rows = np.log(np.array([0.95, 0.05] if said.rows == 1 else [0.05, 0.95]))
    return Scores(text, colour, rows, 1.0, np.zeros((4, 2)))


def _usual_rival(character: str) -> str:
    place = _CONFUSED.find(character)
    if character and place >= 0:
        return _CONFUSED[place ^ 1]
    if character in PROVINCES and character:
        return PROVINCES[(PROVINCES.index(character) + 1) % len(PROVINCES)]
    return "8" if character else "1"


def sharpness(crop: NDArray[np.uint8]) -> float:
    """A BGR crop's weight in the vote: edge contrast by its own contrast, times its area; about 1 for a sharp one."""
    grey = cv2.cvtColor(cv2.resize(crop, (120, 48), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    edges = cv2.Laplacian(grey, cv2.CV_32F)
    contrast = float(edges.std()) / (float(grey.std()) + 8.0)
    return float(np.clip(contrast, 0.02, 1.5)) * float(np.clip((crop.shape[1] / 110) ** 2, 0.05, 1.5))


def _tally(cast: Sequence[Ballot], seen: int) -> PlateReading:
    # In an order of their own: where two texts tie, the last bit of a sum must not depend on who voted first.
    ballots = sorted(cast, key=lambda ballot: (-ballot.weight, ballot.text, ballot.corners))
    weights = without_repeats(ballots)
    together = combine([ballot.scores for ballot in ballots], weights)
    decoded = decode(together)
    # A pass that cannot agree with itself is not sure, whatever each crop believed.
    agreeing = np.array([ballot.text == decoded.text for ballot in ballots])
    agreement = float((weights * agreeing).sum() / weights.sum())
    return reading_of(decoded, together, ballots[0].corners, frames=seen, trust=0.5 + 0.5 * agreement**0.5)


def _pool(parts: Sequence[NDArray[np.float64]], shares: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    mixed = power * np.tensordot(shares, np.maximum(np.stack(parts), _FLOOR), axes=1)
    pooled: NDArray[np.float64] = mixed - np.logaddexp.reduce(mixed, axis=-1, keepdims=True)
    return pooled
