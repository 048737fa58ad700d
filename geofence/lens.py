"""A camera's lens: pinhole with Brown's distortion, as OpenCV numbers it."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
N = TypeVar("N", float, Points)  # one number, or many
ROUNDS = 12
CLOSE, CLOSE_ENOUGH = 1e-9, 1e-6  # focal lengths from where the bent point should be: to stop at, to believe


@dataclass(frozen=True, slots=True)
class LensModel:
    """Pinhole with Brown distortion k1 k2 p1 p2 k3; fx, fy, cx, cy in pixels."""

    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0, 0, 0, 0, 0)

    @property
    def bends(self) -> bool:
        """Whether straight lines are seen bent."""
        return any(self.distortion)

    def straighten(self, points: Points) -> Points:
        """Where (N, 2) pixels would be without distortion, in pixels; NaN where the lens model folds over."""
        if not self.bends:
            return np.array(points, np.float64)
        seen = self._normal(points)
        ideal = seen.copy()
        for _ in range(ROUNDS):
            error = self._bend(ideal) - seen
            if not np.nanmax(np.abs(error), initial=0.0) > CLOSE:
                break
            ideal = ideal - self._unbend(ideal, error)
        with np.errstate(invalid="ignore"):
            wrong = ~(np.abs(self._bend(ideal) - seen).max(axis=1, initial=0) < CLOSE_ENOUGH)
            wrong |= ~((ideal**2).sum(axis=1) < self._fold2)
        ideal[wrong] = np.nan
        return self._pixels(ideal)

    def straighten_one(self, x: float, y: float) -> tuple[float, float]:
        """The same as `straighten` of one pixel, faster."""
        if not self.bends:
            return x, y
        seen_x, seen_y = (x - self.cx) / self.fx, (y - self.cy) / self.fy
        at_x, at_y, wrong = seen_x, seen_y, math.inf
        for left in range(ROUNDS, -1, -1):
            bent_x, bent_y = self._bent(at_x, at_y)
            error_x, error_y = bent_x - seen_x, bent_y - seen_y
            wrong = max(abs(error_x), abs(error_y))
            if not (wrong > CLOSE and left):
                break
            xx, yy, xy = self._derivative(at_x, at_y)
            area = xx * yy - xy * xy
            if not abs(area) > 1e-3:
                xx, yy, xy, area = 1.0, 1.0, 0.0, 1.0
            at_x -= (yy * error_x - xy * error_y) / area
            at_y -= (xx * error_y - xy * error_x) / area
        if not (wrong < CLOSE_ENOUGH and at_x * at_x + at_y * at_y < self._fold2):
            return math.nan, math.nan
        return at_x * self.fx + self.cx, at_y * self.fy + self.cy

    def slope(self, x: N, y: N) -> tuple[N, N, N, N]:
        """How `straighten` changes with its pixels, where they are straight: x by x, x by y, y by x, y by y."""
        xx, yy, xy = self._derivative((x - self.cx) / self.fx, (y - self.cy) / self.fy)
        area = xx * yy - xy * xy
        return yy / area, -xy / area * (self.fx / self.fy), -xy / area * (self.fy / self.fx), xx / area

    def distort(self, points: Points) -> Points:
        """Where undistorted (N, 2) pixels are seen; NaN where the lens model folds over."""
        if not self.bends:
            return np.array(points, np.float64)
        ideal = self._normal(points)
        bent = self._bend(ideal)
        with np.errstate(invalid="ignore"):
            bent[~((ideal**2).sum(axis=1) < self._fold2)] = np.nan
        return self._pixels(bent)

    def _normal(self, points: Points) -> Points:
        normal: Points = (points - (self.cx, self.cy)) / (self.fx, self.fy)
        return normal

    def _pixels(self, normal: Points) -> Points:
        pixels: Points = normal * (self.fx, self.fy) + (self.cx, self.cy)
        return pixels

    def _bend(self, ideal: Points) -> Points:
        bent = np.empty_like(ideal)
        bent[:, 0], bent[:, 1] = self._bent(ideal[:, 0], ideal[:, 1])
        return bent

    def _bent(self, x: N, y: N) -> tuple[N, N]:
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y

    def _unbend(self, ideal: Points, error: Points) -> Points:
        """(N, 2) Newton's step by the derivative of the bending; plain where that is singular, to stay finite."""
        xx, yy, xy = self._derivative(ideal[:, 0], ideal[:, 1])
        area = xx * yy - xy * xy
        bad = ~(np.abs(area) > 1e-3)
        xx, yy, xy, area = np.where(bad, 1, xx), np.where(bad, 1, yy), np.where(bad, 0, xy), np.where(bad, 1, area)
        step = np.empty_like(error)
        step[:, 0] = (yy * error[:, 0] - xy * error[:, 1]) / area
        step[:, 1] = (xx * error[:, 1] - xy * error[:, 0]) / area
        return step

    def _derivative(self, x: N, y: N) -> tuple[N, N, N]:
        """Of the bending: of x by x, of y by y, and of each by the other."""
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        grow = 2 * (k1 + r2 * (2 * k2 + 3 * k3 * r2))
        xx = radial + x * x * grow + 2 * p1 * y + 6 * p2 * x
        yy = radial + y * y * grow + 6 * p1 * y + 2 * p2 * x
        return xx, yy, x * y * grow + 2 * p1 * x + 2 * p2 * y

    @property
    def _fold2(self) -> float:
        """Square of the radius at which the radial part stops growing."""
        return _fold2(self.distortion)


@lru_cache(maxsize=256)
def _fold2(distortion: tuple[float, float, float, float, float]) -> float:
    k1, k2, _, _, k3 = distortion
    roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0])
    turning = [float(r.real) for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
    return min(turning, default=np.inf)
