"""Other projects' detectors, as peers to be measured beside ours and as teachers for unlabelled pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.boxes import suppress
from vision.engine import Engine, open_engine

COCO_PERSON, COCO_CAR, COCO_BUS, COCO_TRUCK = 0, 2, 5, 7


@dataclass(frozen=True, slots=True, eq=False)
class PeerObjects:
    """boxes (N, 4) in frame pixels, scores (N,), labels (N,): COCO's, or rows - 1; corners (N, 4, 2) of plates."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]
    corners: NDArray[np.float64]


def _square(
    frame: NDArray[np.uint8], size: int, pad: int, corner: bool
) -> tuple[NDArray[np.uint8], float, float, float]:
    height, width = frame.shape[:2]
    scale = size / max(height, width)
    new = (max(1, round(width * scale)), max(1, round(height * scale)))
    canvas = np.full((size, size, 3), pad, np.uint8)
    left, top = (0, 0) if corner else ((size - new[0]) // 2, (size - new[1]) // 2)
    canvas[top : top + new[1], left : left + new[0]] = cv2.resize(frame, new)
    return canvas, scale, float(left), float(top)


def _keep(
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    labels: NDArray[np.int64],
    corners: NDArray[np.float64],
    *,
    overlap: float,
    by_label: bool,
) -> PeerObjects:
    apart = boxes + labels[:, None] * 1e5 if by_label else boxes
    kept = suppress(apart, scores, overlap)[:300]
    return PeerObjects(boxes[kept], scores[kept], labels[kept], corners[kept])


class YoloxNano:
    """YOLOX-nano on COCO, 416 letterbox from the corner, BGR 0..255."""

    name = "YOLOX-nano"

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self._engine: Engine = open_engine(folder / "yolox_nano_coco_416.onnx", threads=threads)
        cells = [
            np.stack(np.meshgrid(np.arange(416 // s), np.arange(416 // s)), -1).reshape(-1, 2) for s in (8, 16, 32)
        ]
        self._cells = np.concatenate(cells).astype(np.float64)
        self._strides = np.concatenate([np.full(len(c), s) for c, s in zip(cells, (8, 16, 32), strict=True)])[:, None]

    def detect(self, frame: NDArray[np.uint8], threshold: float = 0.01) -> PeerObjects:
        """Objects of COCO's classes."""
        canvas, scale, _, _ = _square(frame, 416, 114, corner=True)
        blob = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32)
        raw = self._engine.run(blob)[0][0].astype(np.float64)
        scores = raw[:, 4:5] * raw[:, 5:]
        labels, best = scores.argmax(1), scores.max(1)
        pick = best > threshold
        centre = (raw[pick, :2] + self._cells[pick]) * self._strides[pick]
        half = np.exp(raw[pick, 2:4]) * self._strides[pick] / 2
        boxes = np.concatenate([centre - half, centre + half], 1) / scale
        return _keep(boxes, best[pick], labels[pick], np.zeros((int(pick.sum()), 4, 2)), overlap=0.6, by_label=True)


class PicoDet:
    """PicoDet-XS on COCO, 416 stretched, normalised RGB, distances as distributions over 8 bins."""

    name = "PicoDet-XS"
    _MEAN, _STD = np.array([123.675, 116.28, 103.53], np.float32), np.array([58.395, 57.12, 57.375], np.float32)

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self._engine: Engine = open_engine(folder / "picodet_xs_coco_416.onnx", threads=threads)

    def detect(self, frame: NDArray[np.uint8], threshold: float = 0.05) -> PeerObjects:
        """Objects of COCO's classes."""
        height, width = frame.shape[:2]
        rgb = cv2.resize(frame, (416, 416))[:, :, ::-1].astype(np.float32)
        blob = np.ascontiguousarray(((rgb - self._MEAN) / self._STD).transpose(2, 0, 1)[None], np.float32)
        out = self._engine.run(blob)
        boxes, scores, labels = [], [], []
        for level, stride in enumerate((8, 16, 32, 64)):
            score, bins = out[level][0].astype(np.float64), out[level + 4][0].astype(np.float64)
            side = round(len(score) ** 0.5)
            pick = score.max(1) > threshold
            centre = (np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[pick] + 0.5) * stride
            share = np.exp(bins[pick].reshape(-1, 4, 8) - bins[pick].reshape(-1, 4, 8).max(2, keepdims=True))
            away = (share / share.sum(2, keepdims=True) * np.arange(8)).sum(2) * stride
            boxes.append(np.concatenate([centre - away[:, :2], centre + away[:, 2:]], 1))
            scores.append(score[pick].max(1))
            labels.append(score[pick].argmax(1))
        all_boxes = np.concatenate(boxes) * np.array([width, height, width, height]) / 416
        corners = np.zeros((len(all_boxes), 4, 2))
        return _keep(all_boxes, np.concatenate(scores), np.concatenate(labels), corners, overlap=0.6, by_label=True)


class HyperLpr:
    """HyperLPR's plate detector, 640 letterbox in the middle, RGB / 255."""

    name = "HyperLPR"

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self._engine: Engine = open_engine(folder / "hyperlpr_plate_det_640.onnx", threads=threads)

    def detect(self, frame: NDArray[np.uint8], threshold: float = 0.3) -> PeerObjects:
        """Plates with corners from the top left clockwise."""
        canvas, scale, left, top = _square(frame, 640, 0, corner=False)
        blob = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255)
        return _plates(self._engine.run(blob)[0][0], (scale, left, top), threshold, (range(5, 13), range(13, 15)))


class Yolov7Plate:
    """The YOLOv7-tiny plate detector, 640 letterbox in the middle, RGB / 255."""

    name = "YOLOv7-plate"

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self._engine: Engine = open_engine(folder / "yolov7_plate_det.onnx", threads=threads)

    def detect(self, frame: NDArray[np.uint8], threshold: float = 0.3) -> PeerObjects:
        """Plates with corners from the top left clockwise."""
        canvas, scale, left, top = _square(frame, 640, 114, corner=False)
        blob = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255)
        places = [7, 8, 10, 11, 13, 14, 16, 17]
        return _plates(self._engine.run(blob)[0][0], (scale, left, top), threshold, (places, range(5, 7)))


def _plates(
    output: NDArray[np.float32],
    fit: tuple[float, float, float],
    threshold: float,
    columns: tuple[Sequence[int], Sequence[int]],
) -> PeerObjects:
    """Plates of a YOLO output. fit: scale, left, top of the letterbox; columns: of the corners and of the classes."""
    places, classes = list(columns[0]), list(columns[1])
    raw = output[output[:, 4] > threshold].astype(np.float64)
    scores = raw[:, 4] * raw[:, classes].max(1)
    raw, scores = raw[scores > threshold], scores[scores > threshold]
    scale, away = fit[0], np.array(fit[1:])
    corners = (raw[:, places].reshape(-1, 4, 2) - away) / scale
    low, high = raw[:, :2] - raw[:, 2:4] / 2, raw[:, :2] + raw[:, 2:4] / 2
    boxes = np.concatenate([(low - away) / scale, (high - away) / scale], 1)
    return _keep(boxes, scores, raw[:, classes].argmax(1), corners, overlap=0.5, by_label=False)
