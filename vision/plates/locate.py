"""Where the plates are: four corners and a row count for each, on a whole frame or inside vehicles found before."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.boxes import overlaps, suppress
from vision.card import Card
from vision.cells import cell_grid, sigmoid
from vision.engine import Engine
from vision.errors import ModelError
from vision.letterbox import PAD_GREY, check_frame, letterbox

_REGION_MARGIN = 0.08
_DOUBLE_OVERLAP = 0.4
_AGREEING_OVERLAP = 0.6
_LOOK_SIZE_PX, _LOOK_LENGTH_PX, _SECOND_LEAST = (192, 128), 100.0, 0.1
_MOST_LOOKS, _FIRST_SHARE = 8, 0.67
_DOUBTFUL_SHARE = 0.6  # of the threshold, down to which a place is a plate where it can be read surely
READ_SURELY = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class LocatedPlate:
    """A plate's place. corners: (4, 2) float64 frame pixels, top left, top right, bottom right, bottom left of the
    plate itself; score: 0..1; rows: 1 or 2; box: x0 y0 x1 y1 around the corners. sure: by its place alone; a doubtful
    one is a plate if it can be read surely, see `believable`.
    """

    corners: NDArray[np.float64]
    score: float
    rows: int
    sure: bool = True

    @property
    def box(self) -> tuple[float, float, float, float]:
        (x0, y0), (x1, y1) = self.corners.min(0), self.corners.max(0)
        return float(x0), float(y0), float(x1), float(y1)


class PlateLocator:
    """Finds plates with the plate detector. The card's settings: size_px, region_px, threshold, value_unit."""

    def __init__(self, engine: Engine, card: Card) -> None:
        try:
            self._size, self._region_size = int(card.settings["size_px"]), int(card.settings["region_px"])
            self.threshold, self._unit = float(card.settings["threshold"]), float(card.settings["value_unit"])
        except KeyError as error:
            raise ModelError(f"the card of {card.name} lacks the setting {error} a plate detector needs") from error
        self._engine = engine

    def locate(
        self,
        frame: NDArray[np.uint8],
        regions: NDArray[np.float64] | None = None,
        *,
        threshold: float | None = None,
        doubtful: bool = False,
    ) -> list[LocatedPlate]:
        """Plates of a BGR frame (H, W, 3) uint8, best first; with `regions` (N, 4) only inside those boxes.

        Every plate is looked at twice, the second time close up, which sharpens its corners and refuses most of what is
        none. Each region is looked at on its own, as large as the network allows, so that a plate too small for the
        whole frame's scale is found. threshold: another than the card's. doubtful: give weaker places too, to be asked
        whether they are `believable` once they are read. Raises PictureError for anything but BGR.
        """
        check_frame(frame)
        sure = self.threshold if threshold is None else threshold
        least = sure * (_DOUBTFUL_SHARE if doubtful else 1.0)
        first = sure * _FIRST_SHARE  # doubtful places cost no more looks: only what is made of them differs
        if regions is None:
            parts = [self._candidates(frame, (0.0, 0.0), self._size, first)]
        else:
            parts = [self._inside(frame, region, first) for region in regions]
        corners = np.concatenate([part[0] for part in parts]) if parts else np.zeros((0, 4, 2))
        scores = np.concatenate([part[1] for part in parts]) if parts else np.zeros((0, 2))
        looked = [self._second_look(frame, plate, least) for plate in _merged(corners, scores)[:_MOST_LOOKS]]
        return _apart([replace(plate, sure=plate.score >= sure) for plate in looked if plate is not None])

    def _second_look(self, frame: NDArray[np.uint8], plate: LocatedPlate, least: float) -> LocatedPlate | None:
        """The plate seen once more, upright and always of the same size.

        Its corners are the mean of both looks, its score their geometric mean; None where that is under `least`.
        """
        along = plate.corners[1] - plate.corners[0] + plate.corners[2] - plate.corners[3]
        scale = 2 * _LOOK_LENGTH_PX / max(float(np.hypot(*along)), 8.0)
        turn = -np.arctan2(along[1], along[0])
        spin = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        shift = np.array(_LOOK_SIZE_PX) / 2 - spin @ plate.corners.mean(0)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        view = np.column_stack([spin, shift])
        crop = cv2.warpAffine(frame, view, _LOOK_SIZE_PX, flags=method, borderValue=(PAD_GREY,) * 3)
        known = plate.corners @ spin.T + shift
        seen = _nearest(_merged(*self._cells(np.asarray(crop, np.uint8), _SECOND_LEAST)), known.mean(0))
        if seen is None or np.sqrt(plate.score * seen.score) < least:
            return None
        back = (seen.corners - shift) @ np.linalg.inv(spin).T
        rows = seen.rows if seen.score > plate.score else plate.rows
        mean = np.asarray((plate.corners + back) / 2, np.float64)
        return LocatedPlate(mean, float(np.sqrt(plate.score * seen.score)), rows)

    def _inside(
        self, frame: NDArray[np.uint8], region: NDArray[np.float64], least: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        height, width = frame.shape[:2]
        edge = _REGION_MARGIN * float(max(region[2] - region[0], region[3] - region[1]))
        x0, y0 = max(0, int(region[0] - edge)), max(0, int(region[1] - edge))
        x1, y1 = min(width, int(np.ceil(region[2] + edge))), min(height, int(np.ceil(region[3] + edge)))
        if x1 - x0 < 8 or y1 - y0 < 8:
            return np.zeros((0, 4, 2)), np.zeros((0, 2))
        return self._candidates(frame[y0:y1, x0:x1], (float(x0), float(y0)), self._region_size, least)

    def _candidates(
        self, frame: NDArray[np.uint8], offset: tuple[float, float], size: int, least: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        smaller, times = _halved(frame, size)
        canvas, fit = letterbox(smaller, size, enlarge=2.0)
        corners, scores = self._cells(canvas, least)
        return fit.to_frame(corners) * times + np.asarray(offset), scores

    def _cells(self, canvas: NDArray[np.uint8], least: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What the cells say that see a plate: corners (N, 4, 2) in the canvas, scores (N, 2) of the row counts."""
        raw = self._engine.run(canvas[None])[0][0]
        limit = float(np.log(least / (1 - least)))
        pick = np.flatnonzero(raw[:, :2].max(1) > limit)
        centres, strides = cell_grid(canvas.shape[0], canvas.shape[1])
        away = raw[pick, 2:].astype(np.float64).reshape(-1, 4, 2) * (strides[pick] * self._unit)[:, None, None]
        corners = centres[pick][:, None] + away
        return corners, sigmoid(raw[pick, :2].astype(np.float64))


def believable(*, sure: bool, confidence: float | None) -> bool:
    """Whether a place is a plate: by its looks, or because a plate's text is read there with this confidence."""
    return sure or (confidence is not None and confidence >= READ_SURELY)


def _halved(frame: NDArray[np.uint8], size: int) -> tuple[NDArray[np.uint8], int]:
    """A frame of even sides, at least twice as large as wanted, at half its size, and how many times it was shrunk.

    Halving is fast where shrinking by any other factor is not, and both together see every pixel.
    """
    height, width = frame.shape[:2]
    if max(height, width) < 2 * size or height % 2 or width % 2:
        return frame, 1
    return np.asarray(cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8), 2


def _merged(corners: NDArray[np.float64], scores: NDArray[np.float64]) -> list[LocatedPlate]:
    """One plate of each cluster of candidates: corners and rows as its members say, weighed by their scores."""
    if not len(corners):
        return []
    boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
    best = scores.max(1)
    plates = []
    for index in suppress(boxes, best, _DOUBLE_OVERLAP):
        agreeing = overlaps(boxes[index : index + 1], boxes)[0] >= _AGREEING_OVERLAP
        weight = best[agreeing] ** 2
        mean = (corners[agreeing] * weight[:, None, None]).sum(0) / weight.sum()
        rows = 1 + int((scores[agreeing] * weight[:, None]).sum(0).argmax())
        plates.append(LocatedPlate(np.asarray(mean, np.float64), float(best[index]), rows))
    return plates


def _apart(plates: list[LocatedPlate]) -> list[LocatedPlate]:
    """The plates, best first, without those that share their middle with a better one."""
    kept: list[LocatedPlate] = []
    for plate in sorted(plates, key=lambda one: -one.score):
        if not any(_holds(other, plate) or _holds(plate, other) for other in kept):
            kept.append(plate)
    return kept


def _holds(plate: LocatedPlate, other: LocatedPlate) -> bool:
    x, y = other.corners.mean(0)
    x0, y0, x1, y1 = plate.box
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def _nearest(plates: list[LocatedPlate], middle: NDArray[np.float64]) -> LocatedPlate | None:
    """The best plate whose middle lies within a quarter of a plate's length of `middle`."""
    near = [plate for plate in plates if np.hypot(*(plate.corners.mean(0) - middle)) < _LOOK_LENGTH_PX / 4]
    return max(near, key=lambda plate: plate.score, default=None)
