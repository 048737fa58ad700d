"""A drawn street: vehicles are coloured boxes with plates in the house's own lettering, found and read by rule.

Simple enough that a rule sees it without error, real enough to go through encoders, networks and processes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.camera import CameraPipeline, PipelineSettings
from vision.config import CameraConfig
from vision.facts import Detections, PlateColour, PlateReading, VehicleClass
from vision.overlay.text import badge
from vision.plates.grammar import Scores
from vision.plates.vote import PlateVote, scores_of
from vision.record import BurnedInWriter
from vision.source import Frame, Image
from vision.stages import PlateStages

PLATES = ("晋DK8T20", "蒙B7R351", "皖A6C018", "豫J90M2Q")
_INK: dict[VehicleClass, tuple[int, int, int]] = {
    VehicleClass.TRUCK: (220, 60, 40),
    VehicleClass.CAR: (40, 60, 220),
    VehicleClass.PERSON: (60, 200, 60),
}
_CLASSES = tuple(VehicleClass)


@dataclass(frozen=True)
class Actor:
    """A vehicle that drives: box at a time in ms, or None while it is not there."""

    kind: VehicleClass
    box_at: Callable[[int], tuple[float, float, float, float] | None]
    plate: str = ""


def driving(
    x: float, y: float, width: float, height: float, px_per_s: float, *, start_ms: int = 0, end_ms: int = 10**9
) -> Callable[[int], tuple[float, float, float, float] | None]:
    """A box that moves along x at a constant speed between two times."""

    def at(t_ms: int) -> tuple[float, float, float, float] | None:
        if not start_ms <= t_ms <= end_ms:
            return None
        left = x + px_per_s * (t_ms - start_ms) / 1000
        return (left, y, left + width, y + height)

    return at


def draw(actors: Sequence[Actor], t_ms: int, size: tuple[int, int] = (640, 360)) -> Image:
    """The street at a time."""
    width, height = size
    picture = np.full((height, width, 3), 96, np.uint8)
    picture[::24] = 110
    for actor in actors:
        box = actor.box_at(t_ms)
        if box is None:
            continue
        x0, y0, x1, y1 = (round(v) for v in box)
        cv2.rectangle(picture, (x0, y0), (x1, y1), _INK[actor.kind], -1)
        if actor.plate:
            _lay_plate(picture, actor.plate, (x0 + x1) // 2, y1 - 26)
    return picture


def _lay_plate(picture: Image, text: str, x: int, y: int) -> None:
    sign = badge(text, 14, (10, 10, 10), (20, 190, 250))
    rows, columns = sign.shape[:2]
    left = x - columns // 2
    x0, x1 = max(left, 0), min(left + columns, picture.shape[1])
    if x0 < x1 and y >= 0 and y + rows <= picture.shape[0]:
        picture[y : y + rows, x0:x1] = sign[:, x0 - left : x1 - left]


def frames(actors: Sequence[Actor], until_ms: int, *, fps: int = 15, start_ms: int = 0) -> Iterator[Frame]:
    """The street as frames."""
    for index in range(until_ms * fps // 1000):
        t_ms = index * 1000 // fps
        yield Frame.of_image(draw(actors, t_ms), start_ms + t_ms, index)


def film(path: Path, actors: Sequence[Actor], until_ms: int, *, fps: int = 15, crf: int = 18) -> Path:
    """The street as an MP4 file."""
    writer = BurnedInWriter(path, 640, 360, crf=crf, preset="ultrafast")
    for frame in frames(actors, until_ms, fps=fps):
        writer.write(frame.image, frame.t_ms)
    writer.close()
    return path


class DrawnDetector:
    """Finds the coloured boxes."""

    def detect(self, frame: Image, *, threshold: float | None = None) -> Detections:
        boxes: list[list[float]] = []
        classes: list[int] = []
        small = frame[::2, ::2]
        for kind, ink in _INK.items():
            near = _like(small, ink, 48)
            near = cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
            _, _, stats, _ = cv2.connectedComponentsWithStats(near)
            for x, y, w, h, area in stats[1:].tolist():
                if area > 150:
                    boxes.append([2.0 * x, 2.0 * y, 2.0 * (x + w), 2.0 * (y + h)])
                    classes.append(_CLASSES.index(kind))
        array = np.array(boxes, np.float64).reshape(-1, 4)
        return Detections(array, np.full(len(array), 0.9), np.array(classes, np.int64))


@dataclass(frozen=True)
class DrawnPlate:
    corners: NDArray[np.float64]
    score: float
    rows: int = 1
    sure: bool = True


class DrawnLocator:
    """Finds the yellow signs."""

    def locate(
        self, frame: Image, regions: NDArray[np.float64] | None = None, *, doubtful: bool = False
    ) -> list[DrawnPlate]:
        near = _like(frame, (20, 190, 250), 60)
        near = cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(near)
        found = []
        for x, y, w, h, area in stats[1:]:
            if area > 600 and w > 2.5 * h:
                corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float64)
                found.append(DrawnPlate(corners, 0.9))
        return found


class DrawnReader:
    """Reads a sign by comparing it with the plates it knows."""

    def scores(self, crops: Sequence[Image]) -> list[Scores]:
        return [self._scores(crop) for crop in crops]

    def judge(self, scores: Scores, size_px: tuple[int, int]) -> PlateReading | None:
        vote = PlateVote()
        vote.add_scores(scores)
        return vote.result()

    def _scores(self, crop: Image) -> Scores:
        grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
        likeness = []
        for text in PLATES:
            sign = cv2.cvtColor(badge(text, 14, (10, 10, 10), (20, 190, 250)), cv2.COLOR_BGR2GRAY)
            same = cv2.resize(grey, (sign.shape[1], sign.shape[0]))
            likeness.append(float(cv2.matchTemplate(same, sign, cv2.TM_CCOEFF_NORMED)[0, 0]))
        best = int(np.argmax(likeness))
        text = PLATES[best]
        sure = tuple([max(0.5, min(0.99, likeness[best]))] * len(text))
        return scores_of(PlateReading(text, PlateColour.YELLOW, 1, sure[0], sure))


def _like(picture: Image, ink: tuple[int, int, int], within: int) -> Image:
    low = tuple(max(0, c - within) for c in ink)
    high = tuple(min(255, c + within) for c in ink)
    near: Image = cv2.inRange(picture, low, high)
    return near


def upright(frame: Image, corners: NDArray[np.float64], rows: int) -> Image:
    x0, y0 = np.floor(corners.min(axis=0)).astype(int)
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int)
    return np.ascontiguousarray(frame[max(y0, 0) : y1, max(x0, 0) : x1])


def stages() -> PlateStages:
    return PlateStages(DrawnLocator(), DrawnReader(), upright, lambda crop: 1.0, PlateVote)


def build_drawn(config: CameraConfig) -> CameraPipeline:
    """The pipeline for a drawn street; stands where a worker's own builder would."""
    return CameraPipeline(
        config.id,
        config.size,
        DrawnDetector(),
        stages(),
        first_number=config.first_number,
        settings=PipelineSettings(),
    )
