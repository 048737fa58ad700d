"""One thing being followed: where it is, how it moves, what it is taken for."""

import numpy as np
from numpy.typing import NDArray

from vision.facts import VehicleClass

CLASSES = tuple(VehicleClass)
PERSON = CLASSES.index(VehicleClass.PERSON)
CAR = CLASSES.index(VehicleClass.CAR)

_POSITION_GAIN = 0.75
_SPEED_GAIN = 0.4
_FADE_S = 1.0  # how long an unseen vehicle is believed to keep its speed
_STILL_PER_S = 0.04  # slower than this share of its own size per second is standing


class Vehicle:
    """A track. number: its place in the order of confirmation, 0 while it is only a suspicion.

    box: (4,) filtered, in pixels, at seen_ms. velocity: (4,) pixels per second of each edge. moved: the most any edge
    has moved since the beginning, in sizes. best: the highest score so far.
    """

    __slots__ = (
        "_birth",
        "_votes",
        "best",
        "born_ms",
        "box",
        "edge",
        "hits",
        "moved",
        "number",
        "score",
        "seen_ms",
        "still_ms",
        "velocity",
    )

    def __init__(self, t_ms: int, box: NDArray[np.float64], score: float, kind: int) -> None:
        self.number = 0
        self.born_ms = self.seen_ms = t_ms
        self.still_ms: int | None = None
        self.box = self._birth = box.astype(np.float64)
        self.velocity = np.zeros(4)
        self.moved = 0.0
        self.score = self.best = score
        self.hits = 1
        self.edge = False
        self._votes = np.zeros(len(CLASSES))
        self._votes[kind] = score

    @property
    def kind(self) -> VehicleClass:
        """What most of the evidence takes it for."""
        return CLASSES[int(self._votes.argmax())]

    @property
    def person(self) -> bool:
        return self.kind is VehicleClass.PERSON

    @property
    def size(self) -> float:
        width, height = self.box[2:] - self.box[:2]
        return float(np.sqrt(max(width * height, 1.0)))

    def predicted(self, t_ms: int) -> NDArray[np.float64]:
        """Where it should be now: its speed fades while it is not seen."""
        ahead_s = (t_ms - self.seen_ms) / 1000
        box: NDArray[np.float64] = self.box + self.velocity * (_FADE_S * (1 - np.exp(-ahead_s / _FADE_S)))
        middle = (box[:2] + box[2:]) / 2
        half = np.maximum(box[2:] - box[:2], 2.0) / 2
        return np.concatenate([middle - half, middle + half])

    def see(self, t_ms: int, box: NDArray[np.float64], score: float, kind: int | None) -> None:
        """It was found at this place."""
        elapsed_s = max((t_ms - self.seen_ms) / 1000, 1e-3)
        if self.hits == 1:
            self.velocity = (box - self.box) / elapsed_s
            self.box = box.astype(np.float64)
        else:
            expected = self.predicted(t_ms)
            surprise = box - expected
            self.box = expected + _POSITION_GAIN * surprise
            self.velocity = self.velocity + _SPEED_GAIN * surprise / max(elapsed_s, 0.04)
        self.seen_ms = t_ms
        self.score, self.best = score, max(self.best, score)
        self.hits += 1
        self.moved = max(self.moved, float(np.abs(self.box - self._birth).max()) / self.size)
        if kind is not None:
            self._votes[kind] += score
        still = bool(np.abs(self.velocity[:2] + self.velocity[2:]).max() / 2 < _STILL_PER_S * self.size)
        self.still_ms = (self.still_ms if self.still_ms is not None else t_ms) if still else None
