"""Lines, bands and areas over a picture whose points come from the ground or from the picture itself."""

from collections.abc import Callable

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from gate.site.labels import Array, Colour, Image

Project = Callable[[Array], Array]  # (N, 2) points of a shape to (N, 2) pixels, NaN where they are not in sight


class Sketch:
    """Draws on one picture. project: where a shape's points are in it; step: how finely its lines are bent there."""

    def __init__(self, picture: Image, project: Project, step: float) -> None:
        self.picture = picture
        self.project = project
        self._step = step
        height, width = picture.shape[:2]
        self._frame = shapely.box(-width, -height, 2 * width, 2 * height)

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

    def along(self, points: Array) -> Array:
        """(N, 2) pixels along a line's part in sight, its middle first."""
        return self._middle_first(np.vstack([np.empty((0, 2)), *self._runs(points)]))

    def inside(self, polygon: shapely.Polygon) -> Array:
        """(N, 2) pixels spread over an area's part in sight, its middle first."""
        rings = [self._ring(shapely.get_coordinates(ring)) for ring in (polygon.exterior, *polygon.interiors)]
        if rings[0] is None:
            return np.empty((0, 2))
        height, width = self.picture.shape[:2]
        whole = shapely.make_valid(shapely.Polygon(rings[0]))
        for hole in rings[1:]:
            whole = shapely.difference(whole, shapely.make_valid(shapely.Polygon(hole))) if hole is not None else whole
        seen = shapely.intersection(whole, shapely.box(0, 0, width - 1, height - 1))
        if shapely.is_empty(seen):
            return np.empty((0, 2))
        x0, y0, x1, y1 = shapely.bounds(seen)
        grid = np.stack(np.meshgrid(np.linspace(x0, x1, 25), np.linspace(y0, y1, 25)), axis=-1).reshape(-1, 2)
        grid = grid[shapely.contains_xy(seen, grid)]
        deep = shapely.distance(shapely.boundary(seen), shapely.points(grid))
        middle = shapely.get_coordinates(shapely.point_on_surface(seen))
        if not len(grid):
            return middle
        centre = shapely.get_coordinates(shapely.centroid(seen))
        best = np.argsort(np.hypot(*(grid - centre).T) - deep, kind="stable")
        return grid[best]

    def pixels(self, points: Array) -> Array:
        """(N, 2) pixels of the points that are in sight of the camera."""
        seen = self.project(points)
        return seen[np.isfinite(seen).all(axis=1)]

    def _middle_first(self, seen: Array) -> Array:
        height, width = self.picture.shape[:2]
        seen = seen[((seen >= 0) & (seen < (width, height))).all(axis=1)]
        if not len(seen):
            return seen
        return seen[np.argsort(np.hypot(*(seen - np.median(seen, axis=0)).T), kind="stable")]

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
