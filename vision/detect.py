"""Vehicles and persons in one frame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.boxes import suppress
from vision.card import Card
from vision.cells import cell_grid, sigmoid
from vision.engine import Engine
from vision.errors import ModelError
from vision.facts import Detections, VehicleClass
from vision.letterbox import check_frame, letterbox

ULTRALYTICS = "ultralytics"  # the card's setting `head` of files that ultralytics exported
_MOST_OBJECTS = 200
_MOST_CANDIDATES = 300
_CLASSES = len(VehicleClass)
_PERSON = tuple(VehicleClass).index(VehicleClass.PERSON)

# Corners low and high (N, 2) in pixels of the network's picture, scores (N,), classes (N,).
_Candidates = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


class VehicleDetector:
    """Finds road users with the vehicle detector. The card's settings: size_px, threshold, overlap; its classes are
    VehicleClass in order. With `head: ultralytics` the file is one that ultralytics exported.
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
        head = card.settings.get("head", "cells")
        if head not in ("cells", ULTRALYTICS):
            raise ModelError(f"the card of {card.name} asks for the head {head}, expected cells or {ULTRALYTICS}")
        self._look = self._whole_boxes if head == ULTRALYTICS else self._cells
        self._engine = engine

    def detect(self, frame: NDArray[np.uint8], *, threshold: float | None = None) -> Detections:
        """Everything in a BGR frame (H, W, 3) uint8, best first, one box an object, clipped to the frame.

        threshold: another than the card's. Raises PictureError for anything but a BGR picture.
        """
        check_frame(frame)
        least = self.threshold if threshold is None else threshold
        canvas, fit = letterbox(frame, self._size)
        low, high, scores, kinds = self._look(canvas, least)
        limit = np.array([frame.shape[1], frame.shape[0]])
        boxes = np.concatenate([np.clip(fit.to_frame(part), 0, limit) for part in (low, high)], 1)
        # A vehicle is one object whatever it is taken for; a person stands beside or inside it.
        apart = boxes + (kinds == _PERSON)[:, None] * 2.0 * float(limit.max())
        kept = suppress(apart, scores, self._overlap)[:_MOST_OBJECTS]
        return Detections(boxes[kept], scores[kept], kinds[kept])

    def _cells(self, canvas: NDArray[np.uint8], least: float) -> _Candidates:
        """Our own network: raw scores and log distances of every cell."""
        raw = self._engine.run(canvas[None])[0][0]
        pick = _likeliest(raw[:, :_CLASSES].max(1), float(np.log(least / (1 - least))))
        centres, strides = cell_grid(canvas.shape[0], canvas.shape[1])
        away = np.exp(np.clip(raw[pick, _CLASSES:].astype(np.float64), -6, 5)) * strides[pick, None]
        scores = sigmoid(raw[pick, :_CLASSES].max(1).astype(np.float64))
        kinds = raw[pick, :_CLASSES].argmax(1).astype(np.int64)
        return centres[pick] - away[:, :2], centres[pick] + away[:, 2:], scores, kinds

    def _whole_boxes(self, canvas: NDArray[np.uint8], least: float) -> _Candidates:
        """What ultralytics exports: RGB 0..1 in; middle, size and probabilities (4 + classes, places) out."""
        blob = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        raw = self._engine.run(blob)[0][0].T.astype(np.float64)
        pick = _likeliest(raw[:, 4:].max(1), least)
        middle, half = raw[pick, :2], raw[pick, 2:4] / 2
        return middle - half, middle + half, raw[pick, 4:].max(1), raw[pick, 4:].argmax(1).astype(np.int64)


def _likeliest(best: NDArray[Any], least: float) -> NDArray[np.int64]:
    """Indices of the candidates over `least`, the best of them where they are too many."""
    pick = np.flatnonzero(best > least)
    return pick[np.argsort(-best[pick])[:_MOST_CANDIDATES]] if len(pick) > _MOST_CANDIDATES else pick
