"""Training scenes for the vehicle detector: labelled road pictures cut, scaled, tiled, lit and soiled."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors.prepare import Picture
from models.detectors.road_labels import CLASSES, RoadLabels, road_labels
from models.detectors.weather import soil
from vision.facts import VehicleClass

Picture8 = NDArray[np.uint8]
_INPUT_SHARE = 1.3  # the longer side of a picture at zoom 1, in sides of a scene
_LEAST_PX = 4.0
_LEAST_ZOOM, _MOST_ZOOM = 0.45, 1.35
_KEPT_PX = 640
_DRAWN_SHARE = 0.5
_HEAVY = {
    CLASSES.index(kind) for kind in (VehicleClass.BUS, VehicleClass.TRUCK, VehicleClass.TANKER, VehicleClass.DUMP_TRUCK)
}


class RoadScenes:
    """Composes scenes of `size` px a side from labelled pictures, endlessly, from a seed.

    rendered: a folder of pictures of the virtual site with labels in YOLO form, class order of VehicleClass.
    """

    def __init__(self, data: Path, pictures: list[Picture], size: int, rendered: Path | None) -> None:
        self._size = size
        self._stock: list[tuple[Picture8, RoadLabels]] = []
        weights = []
        for picture in pictures:
            if picture.held_out and "romania" not in picture.path:
                continue
            labels = road_labels(picture)
            self._stock.append(_shrunk(np.asarray(cv2.imread(str(data / picture.path)), np.uint8), labels))
            heavy = bool(_HEAVY & set(labels.kinds.tolist()))
            weights.append(_folder_weight(picture.path) * (2.0 if heavy else 1.0))
        drawn = rendered_pictures(rendered) if rendered else []
        self._stock += drawn
        weights += [_DRAWN_SHARE * sum(weights) / len(drawn)] * len(drawn) if drawn else []
        self._odds = np.cumsum(weights) / sum(weights)

    def scene(self, rng: np.random.Generator) -> tuple[Picture8, RoadLabels]:
        """One picture (size, size, 3) and what it shows."""
        if rng.random() < 0.35:
            half = self._size // 2
            cut = rng.integers(half - half // 3, half + half // 3, 2)
            canvas = np.empty((self._size, self._size, 3), np.uint8)
            parts = []
            for y0, y1 in ((0, cut[1]), (cut[1], self._size)):
                for x0, x1 in ((0, cut[0]), (cut[0], self._size)):
                    tile, labels = self._view(rng, int(x1 - x0), int(y1 - y0), 0.55)
                    canvas[y0:y1, x0:x1] = tile
                    parts.append(_moved(labels, float(x0), float(y0)))
            joined = RoadLabels(
                np.concatenate([p.boxes for p in parts]),
                np.concatenate([p.kinds for p in parts]),
                np.concatenate([p.ignored for p in parts]),
            )
            return _weathered(canvas, rng), joined
        picture, labels = self._view(rng, self._size, self._size, 1.0)
        return _weathered(picture, rng), labels

    def _view(self, rng: np.random.Generator, width: int, height: int, scale: float) -> tuple[Picture8, RoadLabels]:
        source, labels = self._stock[int(np.searchsorted(self._odds, rng.random()))]
        own_h, own_w = source.shape[:2]
        chance = float(np.exp(rng.uniform(np.log(_LEAST_ZOOM), np.log(_MOST_ZOOM))))
        zoom = _INPUT_SHARE * self._size / max(own_h, own_w) * scale * chance
        stretch = np.exp(rng.normal(0, 0.1, 2)) * zoom
        new_w, new_h = max(int(own_w * stretch[0]), 8), max(int(own_h * stretch[1]), 8)
        method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
        picture = cv2.resize(source, (new_w, new_h), interpolation=method)
        x, y = (
            int(rng.integers(min(0, outer - inner), max(0, outer - inner) + 1))
            for outer, inner in ((width, new_w), (height, new_h))
        )
        canvas = np.full((height, width, 3), 114, np.uint8)
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + new_w, width), min(y + new_h, height)
        canvas[y0:y1, x0:x1] = picture[y0 - y : y1 - y, x0 - x : x1 - x]
        factor = np.array([new_w / own_w, new_h / own_h] * 2)
        move = np.array([x, y, x, y])
        boxes, ignored = labels.boxes * factor + move, labels.ignored * factor + move
        if rng.random() < 0.5:
            canvas = np.ascontiguousarray(canvas[:, ::-1])
            boxes, ignored = (
                np.stack([width - b[:, 2], b[:, 1], width - b[:, 0], b[:, 3]], 1) for b in (boxes, ignored)
            )
        return canvas, _clipped(boxes, labels.kinds, ignored, width, height)


def _folder_weight(path: str) -> float:
    """Pictures of standing road cameras are what a gate sees; dash cameras are taught by teachers alone."""
    return 0.4 if "romania" in path else 1.0 if "openimages" in path else 2.0


def _weathered(picture: Picture8, rng: np.random.Generator) -> Picture8:
    return soil(picture, rng) if rng.random() < 0.6 else picture


def _clipped(
    boxes: NDArray[np.float64], kinds: NDArray[np.int64], ignored: NDArray[np.float64], width: int, height: int
) -> RoadLabels:
    """Labels cut at the edge; what is mostly outside, or too small to tell, counts for nothing."""
    limit = np.array([width, height, width, height])
    cut, rest = np.clip(boxes, 0, limit), np.clip(ignored, 0, limit)
    side = cut[:, 2:] - cut[:, :2]
    left = np.prod(side, 1) / np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], 1), 1e-6)
    kept = (left > 0.3) & (side.min(1) >= _LEAST_PX) if len(cut) else np.zeros(0, np.bool_)
    gone = cut[~kept & (side.min(1) > 0)] if len(cut) else cut
    return RoadLabels(cut[kept], kinds[kept], np.concatenate([rest, gone]))


def _moved(labels: RoadLabels, x: float, y: float) -> RoadLabels:
    move = np.array([x, y, x, y])
    return RoadLabels(labels.boxes + move, labels.kinds, labels.ignored + move)


def _shrunk(picture: Picture8, labels: RoadLabels) -> tuple[Picture8, RoadLabels]:
    """No larger than the largest view of it will be."""
    factor = _KEPT_PX / max(picture.shape[:2])
    if factor >= 1:
        return picture, labels
    small = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    return small, RoadLabels(labels.boxes * factor, labels.kinds, labels.ignored * factor)


def rendered_pictures(folder: Path) -> list[tuple[Picture8, RoadLabels]]:
    """Pictures of the virtual site with their exact labels."""
    found = []
    for path in sorted((folder / "images").iterdir()):
        picture, label = cv2.imread(str(path)), folder / "labels" / f"{path.stem}.txt"
        if picture is None or not label.is_file():
            continue
        height, width = picture.shape[:2]
        rows = np.array(
            [[float(n) for n in line.split()[:5]] for line in label.read_text().splitlines() if line.strip()]
        ).reshape(-1, 5)
        centre, half = rows[:, 1:3] * [width, height], rows[:, 3:5] * [width, height] / 2
        boxes = np.concatenate([centre - half, centre + half], 1)
        labels = RoadLabels(boxes, rows[:, 0].astype(np.int64), np.zeros((0, 4)))
        found.append(_shrunk(np.asarray(picture, np.uint8), labels))
    return found
