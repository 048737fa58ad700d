"""The parts a camera's pipeline is put together from, as it needs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.facts import Detections, PlateReading
from vision.plates.grammar import Scores
from vision.source import Image
from vision.track import Vote


class Detector(Protocol):
    """Finds vehicles and persons in a BGR picture; boxes in its pixels, scores from `threshold` up."""

    def detect(self, frame: Image, *, threshold: float | None = None) -> Detections: ...


class LocatedPlate(Protocol):
    """Where a plate is: corners (4, 2) top left, top right, bottom right, bottom left; rows of text."""

    @property
    def corners(self) -> NDArray[np.float64]: ...
    @property
    def score(self) -> float: ...
    @property
    def rows(self) -> int: ...
    @property
    def sure(self) -> bool: ...


class Locator(Protocol):
    """Finds plates in a BGR picture, all of it or inside regions (N, 4); on demand also what may be none."""

    def locate(
        self, frame: Image, regions: NDArray[np.float64] | None = None, *, doubtful: bool = False
    ) -> Sequence[LocatedPlate]: ...


class Reader(Protocol):
    """Reads plates from rectified crops: what it sees of each, and that as a reading, None where it is no plate."""

    def scores(self, crops: Sequence[Image]) -> Sequence[Scores]: ...

    def judge(self, scores: Scores, size_px: tuple[int, int]) -> PlateReading | None: ...


class Plane(Protocol):
    """The ground as the camera sees it: (N, 2) pixels to metres, NaN at and above the horizon."""

    def to_ground(self, points: NDArray[np.float64]) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class PlateStages:
    """What reading plates takes.

    rectify: (frame, corners, rows) to an upright crop. worth: of a crop in a vote. new_vote: begins a pass's vote.
    """

    locator: Locator
    reader: Reader
    rectify: Callable[[Image, NDArray[np.float64], int], Image]
    worth: Callable[[Image], float]
    new_vote: Callable[[], Vote]
