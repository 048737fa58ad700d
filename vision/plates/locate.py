"""Where the plates are: four corners and a row count for each, on a whole frame or inside vehicles found before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.boxes import check_frame, letterbox, overlaps, suppress
from vision.card import Card
from vision.cells import cell_grid, sigmoid
from vision.engine import Engine
from vision.errors import ModelError

_REGION_MARGIN = 0.08
_DOUBLE_OVERLAP = 0.4
_AGREEING_OVERLAP = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class LocatedPlate:
    """A plate's place. corners: (4, 2) float64 frame pixels, top left, top right, bottom right, bottom left of the
    plate itself; score: 0..1; rows: 1 or 2; box: x0 y0 x1 y1 around the corners.
    """

    corners: NDArray[np.float64]
    score: float
    rows: int

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
        self, frame: NDArray[np.uint8], regions: NDArray[np.float64] | None = None, *, threshold: float | None = None
    ) -> list[LocatedPlate]:
        """Plates of a BGR frame (H, W, 3) uint8, best first; with `regions` (N, 4) only inside those boxes.

        Each region is looked at on its own, as large as the network allows, so that a plate too small for the whole
        frame's scale is found. threshold: another than the card's. Raises PictureError for anything but a BGR picture.
        """
        check_frame(frame)
        least = self.threshold if threshold is None else threshold
        if regions is None:
            parts = [self._candidates(frame, (0.0, 0.0), self._size, least)]
        else:
            parts = [self._inside(frame, region, least) for region in regions]
        corners = np.concatenate([part[0] for part in parts]) if parts else np.zeros((0, 4, 2))
        scores = np.concatenate([part[1] for part in parts]) if parts else np.zeros((0, 2))
        return _merged(corners, scores)

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
        canvas, fit = letterbox(frame, size, enlarge=2.0)
        raw = self._engine.run(canvas[None])[0][0]
        limit = float(np.log(least / (1 - least)))
        pick = np.flatnonzero(raw[:, :2].max(1) > limit)
        centres, strides = cell_grid(canvas.shape[0], canvas.shape[1])
        away = raw[pick, 2:].astype(np.float64).reshape(-1, 4, 2) * (strides[pick] * self._unit)[:, None, None]
        corners = fit.to_frame(centres[pick][:, None] + away) + np.asarray(offset)
        return corners, sigmoid(raw[pick, :2].astype(np.float64))


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
