"""Vehicles and persons in one frame."""

import numpy as np
from numpy.typing import NDArray

from vision.boxes import suppress
from vision.card import Card
from vision.cells import cell_grid, sigmoid
from vision.engine import Engine
from vision.errors import ModelError
from vision.facts import Detections, VehicleClass
from vision.letterbox import check_frame, letterbox

_MOST_OBJECTS = 200
_MOST_CANDIDATES = 300
_PERSON = tuple(VehicleClass).index(VehicleClass.PERSON)


class VehicleDetector:
    """Finds road users with the vehicle detector. The card's settings: size_px, threshold, overlap; its classes are
    VehicleClass in order.
    """

    def __init__(self, engine: Engine, card: Card) -> None:
        if tuple(card.classes) != tuple(kind.value for kind in VehicleClass):
            raise ModelError(
                f"the card of {card.name} lists {card.classes}, expected {[k.value for k in VehicleClass]}"
            )
        try:
            self._size, self.threshold = int(card.settings["size_px"]), float(card.settings["threshold"])
            self._overlap = float(card.settings["overlap"])
        except KeyError as error:
            raise ModelError(f"the card of {card.name} lacks the setting {error} a vehicle detector needs") from error
        self._engine = engine

    def detect(self, frame: NDArray[np.uint8], *, threshold: float | None = None) -> Detections:
        """Everything in a BGR frame (H, W, 3) uint8, best first, one box an object, clipped to the frame.

        threshold: another than the card's. Raises PictureError for anything but a BGR picture.
        """
        check_frame(frame)
        least = self.threshold if threshold is None else threshold
        canvas, fit = letterbox(frame, self._size)
        raw = self._engine.run(canvas[None])[0][0]
        classes = len(VehicleClass)
        best = raw[:, :classes].max(1)
        pick = np.flatnonzero(best > np.log(least / (1 - least)))
        if len(pick) > _MOST_CANDIDATES:
            pick = pick[np.argsort(-best[pick])[:_MOST_CANDIDATES]]
        centres, strides = cell_grid(canvas.shape[0], canvas.shape[1])
        away = np.exp(np.clip(raw[pick, classes:].astype(np.float64), -6, 5)) * strides[pick, None]
        low, high = fit.to_frame(centres[pick] - away[:, :2]), fit.to_frame(centres[pick] + away[:, 2:])
        limit = np.array([frame.shape[1], frame.shape[0]])
        boxes = np.concatenate([np.clip(low, 0, limit), np.clip(high, 0, limit)], 1)
        kinds = raw[pick, :classes].argmax(1).astype(np.int64)
        scores = sigmoid(best[pick].astype(np.float64))
        # A vehicle is one object whatever it is taken for; a person stands beside or inside it.
        apart = boxes + (kinds == _PERSON)[:, None] * 2.0 * float(limit.max())
        kept = suppress(apart, scores, self._overlap)[:_MOST_OBJECTS]
        return Detections(boxes[kept], scores[kept], kinds[kept])
