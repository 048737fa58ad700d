"""The plate reader: from plate crops to text, colour and rows, each character with its probability."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.card import Card
from vision.engine import Engine
from vision.errors import ModelError
from vision.facts import PlateReading
from vision.plates.crop import Picture, as_bgr, fit, rectify, unrectify
from vision.plates.grammar import ALPHABET, Decoded, Scores, decode

PLATE_THRESHOLD = 0.5
# A text this unlikely is only believed to be a plate's when the whole looks like nothing else.
TEXT_FLOOR = 0.03
PLATE_SURE = 0.995
# Under this confidence a reading says that there is a plate nobody can read, not what it says.
WORKING_CONFIDENCE = 0.2
_BATCH = 32
# A crop read less surely than this is looked at again, straightened by the corners it was read with, cut closely and a
# little wider; and where doubt is left, by the corners that all these looks found, shifted to each side. The mean of
# all looks is what was read.
_DOUBT = 0.95
# For each round: the least share of the plate threshold; margin, shift along and shift down in parts of the plate.
_ROUNDS = (
    (0.5, ((-0.02, 0.0, 0.0), (0.06, 0.0, 0.0))),
    (1.0, ((0.03, -0.02, 0.0), (0.03, 0.02, 0.0), (0.03, 0.0, -0.05), (0.03, 0.0, 0.05))),
)


class PlateReader:
    """Reads plate crops with one network; one instance is cheap to keep and safe to share between threads."""

    def __init__(self, engine: Engine, card: Card, *, second_look: bool = True) -> None:
        if tuple(card.classes) != ALPHABET:
            raise ModelError(f"{card.file}: the card's alphabet is not this grammar's ({len(ALPHABET)} characters)")
        self._engine = engine
        self._plate_threshold = float(card.settings.get("plate_threshold", PLATE_THRESHOLD))
        self._text_floor = float(card.settings.get("text_floor", TEXT_FLOOR))
        self._second_look = second_look

    def read(self, crops: Sequence[NDArray[Any]]) -> list[PlateReading | None]:
        """One reading a crop, in order; None where the crop shows no plate.

        crops: pictures of one plate each, tilted or straight, loosely or tightly cut: BGR uint8, or grey, or 16-bit.
        The reading's corners are pixels of its crop. Raises PictureError for a crop that is no picture.
        """
        pictures = [as_bgr(crop, f"crop {index}") for index, crop in enumerate(crops)]
        return [
            self.judge(scores, (picture.shape[1], picture.shape[0]))
            for scores, picture in zip(self.scores(pictures), pictures, strict=True)
        ]

    def scores(self, crops: Sequence[Picture]) -> list[Scores]:
        """What the network says of each BGR crop, before the grammar; for votes over a pass."""
        found = self._run(crops)
        if self._second_look:
            self._look_again(crops, found)
        return found

    def judge(self, scores: Scores, size_px: tuple[int, int]) -> PlateReading | None:
        """Scores of one crop, `size_px` wide and high, as a reading; None where it shows no plate."""
        if scores.plate < self._plate_threshold:
            return None
        decoded = decode(scores)
        if decoded.probability < self._text_floor and scores.plate < PLATE_SURE:
            return None
        places = scores.corners * np.array(size_px, np.float64)
        return reading_of(decoded, scores, tuple((float(x), float(y)) for x, y in places))

    def _run(self, crops: Sequence[Picture]) -> list[Scores]:
        found: list[Scores] = []
        for start in range(0, len(crops), _BATCH):
            batch = np.stack([fit(crop) for crop in crops[start : start + _BATCH]])
            text, colour, rows, plate, corners = self._engine.run(batch)
            found += [
                Scores(
                    text[i].astype(np.float64),
                    colour[i].astype(np.float64),
                    rows[i].astype(np.float64),
                    float(plate[i, 0]),
                    corners[i].reshape(4, 2).astype(np.float64),
                )
                for i in range(len(batch))
            ]
        return found

    def _look_again(self, crops: Sequence[Picture], found: list[Scores]) -> None:
        """Straightens what was read with doubt, while there is any and it is a plate; keeps the mean of all looks."""
        looks = [[scores] for scores in found]
        places = [[_places(scores, crop)] for scores, crop in zip(found, crops, strict=True)]
        for share, cuts in _ROUNDS:
            least = share * self._plate_threshold
            doubtful = [i for i, s in enumerate(found) if s.plate >= least and decode(s).probability < _DOUBT]
            ways = [
                (i, _shifted(np.mean(places[i], axis=0), along, down), margin)
                for i in doubtful
                for margin, along, down in cuts
            ]
            straight = [rectify(crops[i], quad, _rows(found[i]), margin=margin) for i, quad, margin in ways]
            for (i, quad, margin), seen in zip(ways, self._run(straight), strict=True):
                looks[i].append(seen)
                places[i].append(unrectify(seen.corners, quad, margin=margin))
            for i in doubtful:
                found[i] = _mean(looks[i])


def reading_of(
    decoded: Decoded, scores: Scores, corners: tuple[tuple[float, float], ...], *, frames: int = 1, trust: float = 1.0
) -> PlateReading:
    """A decoded plate as the fact other rooms know. trust: a factor on its confidence."""
    return PlateReading(
        text=decoded.text,
        colour=decoded.kind.colour,
        rows=decoded.kind.rows,
        confidence=decoded.probability * min(scores.plate, 1.0) * trust,
        char_confidences=decoded.characters,
        second=decoded.second,
        corners=corners,
        frames=frames,
    )


def _rows(scores: Scores) -> int:
    return int(scores.rows.argmax()) + 1


def _places(scores: Scores, crop: Picture) -> NDArray[np.float64]:
    """The corners (4, 2) in pixels of the crop."""
    places: NDArray[np.float64] = scores.corners * np.array([crop.shape[1], crop.shape[0]], np.float64)
    return places


def _shifted(corners: NDArray[np.float64], along: float, down: float) -> NDArray[np.float64]:
    """A plate's corners (4, 2), moved by parts of its own length and height."""
    top_left, top_right, bottom_right, bottom_left = corners
    length = (top_right - top_left + bottom_right - bottom_left) / 2
    height = (bottom_left - top_left + bottom_right - top_right) / 2
    shifted: NDArray[np.float64] = corners + along * length + down * height
    return shifted


def _mean(looks: Sequence[Scores]) -> Scores:
    """The looks' mean, of texts in log space; where the plate is, is the first look's word."""

    def log_mean(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        mixed = np.mean(parts, axis=0)
        normal: NDArray[np.float64] = mixed - np.logaddexp.reduce(mixed, axis=-1, keepdims=True)
        return normal

    return Scores(
        log_mean([look.text for look in looks]),
        log_mean([look.colour for look in looks]),
        log_mean([look.rows for look in looks]),
        float(np.mean([look.plate for look in looks])),
        looks[0].corners,
    )
