"""Training crops for the plate reader: rendered plates, real ones seen again, and things that are no plate."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthesis.backgrounds import Backgrounds
from models.synthesis.glyphs import Glyphs
from models.synthesis.layout import cells
from models.synthesis.paint import Plate, paint
from models.synthesis.real import Labelled, corrections, load, measured_texts, read_labels
from models.synthesis.texts import draw_kind, draw_text
from models.synthesis.view import View, cut_off, nudge, photograph, recut
from models.synthesis.weather import degrade
from vision.plates.crop import fit, read_picture
from vision.plates.grammar import COLOURS, INDEX, SLOTS

Picture = NDArray[np.uint8]
UNKNOWN = -1
_CUT_OFF = 0.05  # of all plates stand half outside the picture
_RECUT = 0.35  # of the drawn ones are straightened by corners found nearly right


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One training crop with its truth; UNKNOWN or NaN where nothing is known.

    image: (64, 160, 3) uint8 BGR. text: (8,) indices into ALPHABET. corners: (4, 2), centres: (8, 2) fractions.
    """

    image: Picture
    text: NDArray[np.int64]
    colour: int
    rows: int
    plate: bool
    corners: NDArray[np.float32]
    centres: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each source is drawn; the rest is rendered."""

    real: float = 0.35
    negative: float = 0.12


class CropSource:
    """Draws samples; the same generator state gives the same sample.

    data: the data folder, None to render with the machine's fonts alone. held_out: real texts kept for validation.
    """

    def __init__(self, data: Path | None, seed: int, mix: Mix | None = None, *, validation: bool = True) -> None:
        rng = np.random.default_rng((seed, 7))
        self.mix = mix or Mix()
        self._glyphs = Glyphs(data / "plates" / "glyphs" if data is not None else None)
        self._backgrounds = Backgrounds(data, rng)
        self._forbidden = measured_texts(data) if data is not None else frozenset()
        training = self._training_crops(data)
        self.held_out = [crop for crop in training if validation and _held_out(crop.text)]
        kept = [crop for crop in training if not (validation and _held_out(crop.text))]
        self._real = [(crop, load(crop)) for crop in kept]
        self._real_odds = _odds(kept)
        self._negatives = [read_picture(path) for path in training_negatives(data)]

    def _training_crops(self, data: Path | None) -> list[Labelled]:
        if data is None or not (data / "plates" / "train.csv").is_file():
            return []
        return [crop for crop in read_labels(data / "plates", "train") if crop.text not in self._forbidden]

    def draw(self, rng: np.random.Generator) -> Sample:
        """One sample."""
        share = rng.random()
        if share < self.mix.negative:
            return self._negative(rng)
        if share < self.mix.negative + self.mix.real and self._real:
            return self._real_again(rng)
        return self.rendered(rng)

    def rendered(self, rng: np.random.Generator) -> Sample:
        """A rendered plate of some kind, seen by some camera."""
        plate, view = self._view(rng)
        seen = cut_off(view.crop, rng) if rng.random() < _CUT_OFF else view.crop
        crop, coloured = degrade(seen, rng, strength=rng.uniform(0.35, 1.0))
        colour = COLOURS.index(plate.kind.colour) if coloured else UNKNOWN
        corners, centres = view.corners.astype(np.float32), _centres(plate, view)
        if rng.random() < _RECUT:
            crop, warp = recut(crop, view.corners, plate.kind.rows, rng)
            corners, centres = _moved(corners, warp), _moved(centres, warp)
        return Sample(fit(crop), encode(plate.text), colour, plate.kind.rows - 1, True, corners, centres)

    def _view(self, rng: np.random.Generator) -> tuple[Plate, View]:
        kind = draw_kind(rng)
        plate = Plate(kind, draw_text(rng, kind, self._forbidden))
        return plate, photograph(paint(plate, self._glyphs, rng), rng, self._backgrounds.patch(rng), *kind.size_mm)

    def _real_again(self, rng: np.random.Generator) -> Sample:
        labelled, picture = self._real[int(rng.choice(len(self._real), p=self._real_odds))]
        crop = nudge(picture, rng) if rng.random() < 0.9 else picture
        coloured = True
        if rng.random() < _CUT_OFF:
            crop = cut_off(crop, rng)
        if rng.random() < 0.75:
            crop, coloured = degrade(crop, rng, strength=rng.uniform(0.3, 0.8))
        known = labelled.colour is not None and coloured
        colour = COLOURS.index(labelled.colour) if known and labelled.colour is not None else UNKNOWN
        return Sample(fit(crop), encode(labelled.text), colour, labelled.rows - 1, True, *_nowhere())

    def _negative(self, rng: np.random.Generator) -> Sample:
        manner = rng.random()
        if manner < 0.35 and self._negatives:
            crop = self._negatives[int(rng.integers(len(self._negatives)))]
        elif manner < 0.65:
            crop = self._backgrounds.patch(rng)
        elif manner < 0.85:
            crop = photograph(self._backgrounds.board(rng), rng, self._backgrounds.patch(rng), 440, 160).crop
        else:
            crop = _half(self._view(rng)[1].crop, rng)
        if rng.random() < 0.7:
            crop = degrade(crop, rng, strength=0.6)[0]
        return Sample(fit(crop), encode(""), UNKNOWN, UNKNOWN, False, *_nowhere())


def encode(text: str) -> NDArray[np.int64]:
    """A text as (8,) indices into ALPHABET, blanks after its end."""
    return np.array([INDEX[character] for character in text] + [0] * (SLOTS - len(text)), np.int64)


def training_negatives(data: Path | None) -> list[Path]:
    """The half of not_plates that may train (even numbers), less the plates found among them; the odd half measures."""
    found = sorted((data / "plates" / "not_plates").glob("*.*")) if data is not None else []
    plates = corrections()
    return [path for path in found[::2] if f"not_plates/{path.name}" not in plates]


def _half(crop: Picture, rng: np.random.Generator) -> Picture:
    """Too little of a plate to be one: under a third of it, or upside down."""
    if rng.random() < 0.3:
        return np.ascontiguousarray(crop[::-1, ::-1])
    width = crop.shape[1]
    keep = max(int(width * rng.uniform(0.12, 0.33)), 8)
    start = int(rng.integers(0, width - keep + 1))
    return np.ascontiguousarray(crop[:, start : start + keep])


def _centres(plate: Plate, view: View) -> NDArray[np.float32]:
    width, height = plate.kind.size_mm
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(source, view.corners.astype(np.float32))
    middles = [[c.x_mm + c.width_mm / 2, c.y_mm + c.height_mm / 2] for c in cells(plate.kind, plate.text)]
    centres = np.full((SLOTS, 2), np.nan, np.float32)
    centres[: len(middles)] = cv2.perspectiveTransform(np.array([middles], np.float32), warp)[0]
    return centres


def _moved(points: NDArray[np.float32], warp: NDArray[np.float64]) -> NDArray[np.float32]:
    """Points (N, 2) under a homography; NaN stays NaN."""
    return np.asarray(cv2.perspectiveTransform(points[None], warp)[0], np.float32)


def _nowhere() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.full((4, 2), np.nan, np.float32), np.full((SLOTS, 2), np.nan, np.float32)


def _held_out(text: str) -> bool:
    # Stable over runs and machines, unlike hash(): about one text in sixteen.
    mixed = sum(ord(character) * pow(31, place, 2**31 - 1) for place, character in enumerate(text))
    return mixed % 16 == 5


def _odds(crops: list[Labelled]) -> NDArray[np.float64]:
    """Rare provinces, rare colours and lone texts are drawn more often than their number."""
    provinces = Counter(crop.text[0] for crop in crops)
    colours = Counter(crop.colour for crop in crops)
    texts = Counter(crop.text for crop in crops)
    odds = np.array([provinces[c.text[0]] ** -0.5 * colours[c.colour] ** -0.25 / texts[c.text] ** 0.5 for c in crops])
    total: NDArray[np.float64] = odds / max(odds.sum(), 1e-9)
    return total
