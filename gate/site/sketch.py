"""Lines, bands and labels over a picture whose points come from the ground or from the picture itself."""

from collections.abc import Callable

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from vision.overlay.text import lay_on, raster

Image = NDArray[np.uint8]
Array = NDArray[np.float64]
Colour = tuple[int, int, int]  # blue, green, red
Project = Callable[[Array], Array]  # (N, 2) points of a shape to (N, 2) pixels, NaN where they are not in sight


class Sketch:
    """Draws on one picture. project: where a shape's points are in it; step: how finely its lines are bent there."""

    def __init__(self, picture: Image, project: Project, step: float) -> None:
        self.picture = picture
        self.project = project
        self._step = step
        height, width = picture.shape[:2]
        self.size = max(11, round(min(height, width) / 40))
        self._frame = shapely.box(-width, -height, 2 * width, 2 * height)
        self._labels: list[tuple[int, int, int, int]] = []

    def area(self, polygon: shapely.Geometry, colour: Colour, opacity: float = 0.25) -> None:
        """Tint an area, holes left out."""
        mask = np.zeros(self.picture.shape[:2], np.uint8)
        for part in shapely.get_parts(polygon):
            rings = [shapely.get_exterior_ring(part), *shapely.get_rings(part)[1:]]
            for number, ring in enumerate(rings):
                seen = self._ring(shapely.get_coordinates(ring))
                if seen is not None:
                    cv2.fillPoly(mask, [seen], 0 if number else 255)
        tint = np.empty_like(self.picture)
        tint[:] = colour
        mixed = cv2.addWeighted(self.picture, 1 - opacity, tint, opacity, 0)
        self.picture[mask > 0] = mixed[mask > 0]

    def line(
        self, points: Array, colour: Colour, width: int = 2, *, closed: bool = False, dashed: bool = False
    ) -> None:
        """A line through (N, 2) points, with a dark edge so that it shows on any picture."""
        for run in self._runs(np.vstack([points, points[:1]]) if closed else points):
            pieces = [run]
            if dashed:
                pieces = [run[i : i + 3] for i in range(0, len(run) - 1, 4)]
            for piece in pieces:
                pixels = np.round(piece).astype(np.int32)
                if width > 1:
                    cv2.polylines(self.picture, [pixels], False, (0, 0, 0), width + 2, cv2.LINE_AA)
                cv2.polylines(self.picture, [pixels], False, colour, width, cv2.LINE_AA)

    def arrow(self, start: Array, end: Array, colour: Colour) -> None:
        """An arrow between two points, where both are in sight."""
        seen = self.project(np.vstack([start, end]))
        if np.isfinite(seen).all() and np.abs(seen).max() < 1e5 and np.hypot(*(seen[1] - seen[0])) > 6:
            a, b = (tuple(int(v) for v in p) for p in np.round(seen))
            tip = min(0.5, 12 / float(np.hypot(*(seen[1] - seen[0]))))
            cv2.arrowedLine(self.picture, a, b, (0, 0, 0), 4, cv2.LINE_AA, 0, tip)
            cv2.arrowedLine(self.picture, a, b, colour, 2, cv2.LINE_AA, 0, tip)

    def cross(self, point: Array, colour: Colour) -> None:
        """A small cross at a point."""
        seen = self.project(point[None])[0]
        if np.isfinite(seen).all() and np.abs(seen).max() < 1e5:
            cv2.drawMarker(self.picture, (round(seen[0]), round(seen[1])), colour, cv2.MARKER_CROSS, 14, 2)

    def label(self, text: str, points: Array, colour: Colour, scale: float = 1.0) -> None:
        """A label at the middle of what is in sight of some points; moved aside where another label is."""
        seen = self.project(points)
        height, width = self.picture.shape[:2]
        inside = np.isfinite(seen).all(axis=1)
        inside &= ((seen >= 0) & (seen < (width, height))).all(axis=1) if inside.any() else False
        if not inside.any():
            return
        x, y = np.median(seen[inside], axis=0)
        self.text(text, round(x), round(y), colour, scale)

    def text(self, text: str, x: int, y: int, colour: Colour, scale: float = 1.0) -> None:
        """A label whose middle is at a pixel, kept inside the picture and clear of the labels before it."""
        words = raster(text, max(10, round(self.size * scale)), colour)
        high, wide = words.shape[:2]
        left = int(np.clip(x - wide // 2, 2, max(2, self.picture.shape[1] - wide - 2)))
        top = int(np.clip(y - high // 2, 2, max(2, self.picture.shape[0] - high - 2)))
        for _ in range(12):
            box = (left - 3, top - 1, left + wide + 3, top + high + 1)
            if not any(_overlap(box, other) for other in self._labels):
                break
            top += high // 2 if y < 0.7 * self.picture.shape[0] else -(high // 2)
        self._labels.append(box)
        place = self.picture[max(box[1], 0) : box[3], max(box[0], 0) : box[2]]
        place[:] = (place * 0.3).astype(np.uint8)
        lay_on(self.picture, words, left, top)

    def _dense(self, points: Array) -> Array:
        return shapely.get_coordinates(shapely.segmentize(shapely.LineString(points), self._step))

    def _runs(self, points: Array) -> list[Array]:
        """The parts of a line that are in sight, as pixels."""
        seen = self.project(self._dense(points))
        good = np.isfinite(seen).all(axis=1)
        runs = np.split(seen, np.flatnonzero(np.diff(good)) + 1)
        flags = np.split(good, np.flatnonzero(np.diff(good)) + 1)
        kept: list[Array] = []
        for run, flag in zip(runs, flags, strict=True):
            if flag[0] and len(run) > 1:
                clipped = shapely.intersection(shapely.LineString(run), self._frame)
                kept += [shapely.get_coordinates(p) for p in shapely.get_parts(clipped) if not shapely.is_empty(p)]
        return kept

    def _ring(self, points: Array) -> NDArray[np.int32] | None:
        """A ring as pixels, its part out of sight cut off; None where nothing is left."""
        seen = self.project(self._dense(points))
        seen = seen[np.isfinite(seen).all(axis=1)]
        if len(seen) < 3:
            return None
        return np.round(np.clip(seen, -1e6, 1e6)).astype(np.int32)


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
