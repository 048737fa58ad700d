"""Which lane each place is in, and how far along it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.polyline import Polylines
from geofence.shapes import LaneShape

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class LaneMap:
    """All lanes of one frame. A place is in the one lane whose centre line is nearest in half widths."""

    def __init__(self, lanes: Sequence[LaneShape]) -> None:
        lines = [lane.polyline() for lane in lanes]
        self._lines, self._each = Polylines(lines), lines
        self._reach = np.array([0.5 * lane.width for lane in lanes])
        self._low = np.array([line.low for line in lines]).reshape(-1, 2) - self._reach[:, None]
        self._high = np.array([line.high for line in lines]).reshape(-1, 2) + self._reach[:, None]
        self._bounds = [(*low, *high) for low, high in zip(self._low.tolist(), self._high.tolist(), strict=True)]
        self._unit_m = np.array([lane.unit_m for lane in lanes])

    def find(self, points: Array) -> tuple[Index, Array]:
        """(N,) the lane each of (N, 2) points is in, −1 for none, and (N,) metres along it."""
        near, place = np.full(len(points), -1), np.zeros(len(points))
        x, y = points[:, 0, None], points[:, 1, None]
        within = (x >= self._low[:, 0]) & (x <= self._high[:, 0]) & (y >= self._low[:, 1]) & (y <= self._high[:, 1])
        rows, lanes = np.nonzero(within)
        if len(rows):
            distance, along = self._lines.locate(points[rows], lanes)
            apart = distance / self._reach[lanes]
            # the nearest lane of each row is written last
            order = np.lexsort((-lanes, -apart))
            order = order[apart[order] <= 1]
            rows, lanes = rows[order], lanes[order]
            near[rows], place[rows] = lanes, along[order] * self._unit_m[lanes]
        return near, place

    def find_one(self, x: float, y: float) -> tuple[int, float]:
        """The same as `find` of one point, faster."""
        best, near, place = math.inf, -1, 0.0
        for lane, (x0, y0, x1, y1) in enumerate(self._bounds):
            if x0 <= x <= x1 and y0 <= y <= y1:
                line = self._each[lane]
                distance, _, along = line.locate_one(x, y)
                apart = distance / self._reach.item(lane)
                if 0 < along < line.length and apart <= 1 and apart < best:
                    best, near, place = apart, lane, along * self._unit_m.item(lane)
        return near, place

    def direction(self, lane: int, along_m: float) -> float:
        """A lane's direction so many metres along it, in radians from the first axis."""
        return self._each[lane].direction(along_m / self._unit_m.item(lane))
