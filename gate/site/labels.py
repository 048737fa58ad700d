"""Names on a picture, placed when all are known: none covers another, and a line leads to what a moved one names."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.overlay.text import Raster, lay_on, raster

Image = NDArray[np.uint8]
Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Colour = tuple[int, int, int]  # blue, green, red
PAD_PX = 3
RINGS, AROUND = 24, 16  # how far off a label is looked for a place, in half its heights, and in how many directions
FROM_BEST = 0.15  # of the distance to the best place: among places of the shape itself, the nearer to that the better
COVERING = 2.0  # label heights it may go out of its way so as not to cover what another label names
LEAD = 0.9  # label heights from its shape, beyond which a line leads there


@dataclass(frozen=True, slots=True, eq=False)
class _Label:
    """words: as drawn. places: (N, 2) pixels of what it names, the best first."""

    words: Raster
    places: Array
    colour: Colour
    beside: bool

    @property
    def reach(self) -> float:
        """How far apart what it names is, in pixels."""
        return float(np.ptp(self.places, axis=0).sum())


class Labels:
    """The names on one picture. Titles keep their places, then the smallest shapes choose first."""

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        height, width = picture.shape[:2]
        self._size = max(11, round(min(height, width) / 40))
        self._titles: list[_Label] = []
        self._marks: list[_Label] = []
        self._names: list[_Label] = []

    def title(self, text: str, x: float, y: float, colour: Colour, scale: float = 1.0) -> None:
        """A label whose middle is at a pixel, or as near to it as the picture allows."""
        self._titles.append(self._label(text, np.array([[x, y]], np.float64), colour, scale))

    def mark(self, text: str, x: float, y: float, colour: Colour, scale: float) -> None:
        """The same of one that is left out where there is no room."""
        self._marks.append(self._label(text, np.array([[x, y]], np.float64), colour, scale))

    def name(self, text: str, places: Array, colour: Colour, scale: float = 1.0, *, beside: bool = False) -> None:
        """A label for what is at some pixels (N, 2), the best first. beside: rather next to them than on them."""
        height, width = self._picture.shape[:2]
        seen = places[((places >= 0) & (places < (width, height))).all(axis=1)]
        if len(seen):
            self._names.append(self._label(text, seen, colour, scale, beside=beside))

    def draw(self) -> list[tuple[int, int, int, int]]:
        """Draw them all; returns their boxes (x0, y0, x1, y1 in pixels)."""
        boxes = [self._lay(label, label.places[0]) for label in self._titles]
        for label in self._marks:
            if self._free(label, label.places[:1], boxes).any():
                boxes.append(self._lay(label, label.places[0]))
        placed = []
        for label in sorted(self._names, key=lambda each: each.reach):
            centre = self._choose(label, boxes)
            boxes.append(self._box(label, centre))
            placed.append((label, centre))
        for label, centre in placed:
            self._lead(label, centre)
        for label, centre in placed:
            self._lay(label, centre)
        return boxes

    def _label(self, text: str, places: Array, colour: Colour, scale: float, *, beside: bool = False) -> _Label:
        return _Label(raster(text, max(10, round(self._size * scale)), colour), places, colour, beside)

    def _choose(self, label: _Label, boxes: list[tuple[int, int, int, int]]) -> Array:
        """The middle of a free place for a label as near as may be to what it names; its best place where none is."""
        high, wide = label.words.shape[:2]
        turns = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        ring = np.column_stack([np.cos(turns), np.sin(turns)])
        steps = np.arange(1, RINGS + 1)[:, None, None] * high / 2
        off_x, off_y = wide / 2 + high / 2, high * 0.9
        sides = [(0.0, -off_y), (0.0, off_y), (off_x, 0.0), (-off_x, 0.0)] if label.beside else [(0.0, 0.0)]
        centres = [label.places[:1] + (steps * ring).reshape(-1, 2), *(label.places + side for side in sides)]
        tried = self._within(label, np.vstack(centres))
        tried = tried[self._free(label, tried, boxes)]
        if not len(tried):
            best: Array = self._within(label, label.places[:1])[0]
            return best
        apart = tried[:, None] - label.places
        away = np.hypot(apart[..., 0], apart[..., 1])
        others = [each.places for each in self._names if each is not label or label.beside]
        covers = self._covers(label, tried, np.vstack([np.empty((0, 2)), *others]))
        cost = away.min(axis=1) + FROM_BEST * away[:, 0] + COVERING * high * covers
        chosen: Array = tried[int(cost.argmin())]
        return chosen

    def _within(self, label: _Label, centres: Array) -> Array:
        """Centres (N, 2) moved so that the label lies in the picture."""
        height, width = self._picture.shape[:2]
        half = np.array([label.words.shape[1], label.words.shape[0]]) / 2 + PAD_PX
        moved: Array = np.clip(centres, half, np.maximum((width, height) - half, half))
        return moved

    def _covers(self, label: _Label, centres: Array, places: Array) -> Flags:
        """(N,) whether a label around centres lies on any of some places (M, 2)."""
        half = np.array([label.words.shape[1], label.words.shape[0]]) / 2 + PAD_PX
        low, high = centres[:, None] - half, centres[:, None] + half
        covers: Flags = np.logical_and.reduce([places > low, places < high]).all(axis=2).any(axis=1)
        return covers

    def _free(self, label: _Label, centres: Array, boxes: list[tuple[int, int, int, int]]) -> Flags:
        """(N,) whether a label around centres covers no other."""
        half = np.array([label.words.shape[1], label.words.shape[0]]) / 2 + PAD_PX
        low, high = self._within(label, centres) - half, self._within(label, centres) + half
        others = np.array(boxes, np.float64).reshape(-1, 4)
        apart = np.logical_or.reduce([low[:, None] >= others[:, 2:], high[:, None] <= others[:, :2]])
        free: Flags = apart.any(axis=2).all(axis=1)
        return free

    def _box(self, label: _Label, centre: Array) -> tuple[int, int, int, int]:
        x, y = self._within(label, centre[None])[0].tolist()
        high, wide = label.words.shape[:2]
        left, top = round(x - wide / 2), round(y - high / 2)
        return left - PAD_PX, top - 1, left + wide + PAD_PX, top + high + 1

    def _lead(self, label: _Label, centre: Array) -> None:
        """A thin line from a label to the nearest place of what it names, where it is not there."""
        x0, y0, x1, y1 = self._box(label, centre)
        edge = np.clip(label.places, (x0, y0), (x1, y1))
        away = np.hypot(label.places[:, 0] - edge[:, 0], label.places[:, 1] - edge[:, 1])
        nearest = int(away.argmin())
        if away[nearest] > LEAD * label.words.shape[0]:
            a, b = (tuple(int(v) for v in np.round(p)) for p in (edge[nearest], label.places[nearest]))
            cv2.line(self._picture, a, b, (0, 0, 0), 3, cv2.LINE_AA)
            cv2.line(self._picture, a, b, label.colour, 1, cv2.LINE_AA)
            cv2.circle(self._picture, b, 3, label.colour, -1, cv2.LINE_AA)

    def _lay(self, label: _Label, centre: Array) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = box = self._box(label, centre)
        place = self._picture[max(y0, 0) : y1, max(x0, 0) : x1]
        place[:] = (place * 0.3).astype(np.uint8)
        lay_on(self._picture, label.words, x0 + PAD_PX, y0 + 1)
        return box
