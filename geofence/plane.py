"""From picture to ground and back: a lens, and one flat ground.

Homography by the normalised direct linear transform and least squares on the picture side (Hartley and Zisserman,
Multiple View Geometry, 2nd ed., algorithms 4.2 and 4.3); lens by Brown's model as OpenCV numbers it.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from geofence.errors import PlaneError

Points = NDArray[np.float64]
HORIZON = 1e-3  # share of the surveyed points' own depth term under which a point is at or above the horizon


@dataclass(frozen=True, slots=True)
class LensModel:
    """Pinhole with Brown distortion k1 k2 p1 p2 k3; fx, fy, cx, cy in pixels."""

    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0, 0, 0, 0, 0)

    def straighten(self, points: Points) -> Points:
        """Where (N, 2) pixels would be without distortion, in pixels; NaN where the lens model folds over."""
        seen = self._normal(points)
        ideal = seen.copy()
        for _ in range(12):
            error = self._bend(ideal) - seen
            ideal = ideal - np.linalg.solve(self._slope(ideal), error[..., None])[..., 0]
        with np.errstate(invalid="ignore"):
            wrong = ~(np.abs(self._bend(ideal) - seen).max(axis=1, initial=0) < 1e-6)
            wrong |= ~((ideal**2).sum(axis=1) < self._fold2())
        ideal[wrong] = np.nan
        return self._pixels(ideal)

    def distort(self, points: Points) -> Points:
        """Where undistorted (N, 2) pixels are seen; NaN where the lens model folds over."""
        ideal = self._normal(points)
        bent = self._bend(ideal)
        with np.errstate(invalid="ignore"):
            bent[~((ideal**2).sum(axis=1) < self._fold2())] = np.nan
        return self._pixels(bent)

    def _normal(self, points: Points) -> Points:
        normal: Points = (points - (self.cx, self.cy)) / (self.fx, self.fy)
        return normal

    def _pixels(self, normal: Points) -> Points:
        pixels: Points = normal * (self.fx, self.fy) + (self.cx, self.cy)
        return pixels

    def _bend(self, ideal: Points) -> Points:
        k1, k2, p1, p2, k3 = self.distortion
        x, y = ideal[:, 0], ideal[:, 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        return np.column_stack([bent_x, bent_y])

    def _slope(self, ideal: Points) -> Points:
        """(N, 2, 2) derivative of the bending, kept away from singular so that the search stays finite."""
        k1, k2, p1, p2, k3 = self.distortion
        x, y = ideal[:, 0], ideal[:, 1]
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        grow = 2 * (k1 + r2 * (2 * k2 + 3 * k3 * r2))
        xx = radial + x * x * grow + 2 * p1 * y + 6 * p2 * x
        yy = radial + y * y * grow + 6 * p1 * y + 2 * p2 * x
        xy = x * y * grow + 2 * p1 * x + 2 * p2 * y
        slope = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
        bad = ~(np.abs(xx * yy - xy * xy) > 1e-3)
        slope[bad] = np.eye(2)
        return slope

    def _fold2(self) -> float:
        """Square of the radius at which the radial part stops growing."""
        k1, k2, _, _, k3 = self.distortion
        roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0])
        turning = [float(r.real) for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
        return min(turning, default=np.inf)


class GroundPlane:
    """Maps pixels of one camera to metres on flat ground and back.

    residual_px: root mean square distance of the surveyed points from where the plane puts them in the picture.
    """

    def __init__(
        self, to_ground: NDArray[np.float64], lens: LensModel | None, depth: float, residual_px: float
    ) -> None:
        self._forward = to_ground
        self._back = np.linalg.inv(to_ground)
        self._lens = lens
        self._depth = depth
        self.residual_px = residual_px

    @classmethod
    def from_points(cls, image: Points, ground: Points, lens: LensModel | None = None) -> Self:
        """The plane through surveyed points: (N, 2) pixels and (N, 2) metres, N ≥ 4.

        Raises PlaneError where points are too few, not finite, in one line (or all but one of them), or contradict
        each other so much that the horizon runs between them.
        """
        image, ground = np.asarray(image, np.float64), np.asarray(ground, np.float64)
        if image.shape != ground.shape or image.ndim != 2 or image.shape[1:] != (2,) or len(image) < 4:
            raise PlaneError(f"four or more points seen and surveyed, got {image.shape} and {ground.shape}")
        flat = lens.straighten(image) if lens else image
        if not (np.isfinite(flat).all() and np.isfinite(ground).all()):
            raise PlaneError("surveyed points must be finite, and inside what the lens can see")
        for name, points in (("in the picture", flat), ("on the ground", ground)):
            _refuse_degenerate(points, name)
        matrix = _refine(_homography(flat, ground), flat, ground)
        depth = _homogeneous(flat) @ matrix[2]
        if depth.min() * depth.max() <= 0 or np.abs(depth).min() < HORIZON * np.abs(depth).max():
            raise PlaneError("the surveyed points lie on both sides of the horizon: one of them is wrong")
        matrix = matrix * np.sign(depth[0])
        plane = cls(matrix, lens, float(np.median(np.abs(depth))), 0.0)
        plane.residual_px = float(np.sqrt(((plane.to_image(ground) - image) ** 2).sum(axis=1).mean()))
        if not np.isfinite(plane.residual_px):
            raise PlaneError("the surveyed points give no plane this lens can see")
        return plane

    def to_ground(self, points: Points) -> Points:
        """(N, 2) pixels to (N, 2) metres; NaN at and above the horizon."""
        flat = self._lens.straighten(points) if self._lens else np.asarray(points, np.float64)
        scaled = _homogeneous(flat) @ self._forward.T
        with np.errstate(invalid="ignore", divide="ignore"):
            ground: Points = scaled[:, :2] / scaled[:, 2:]
            ground[~(scaled[:, 2] > HORIZON * self._depth)] = np.nan
        return ground

    def to_image(self, points: Points) -> Points:
        """(N, 2) metres to (N, 2) pixels; NaN behind the camera or where the lens folds over."""
        scaled = _homogeneous(np.asarray(points, np.float64)) @ self._back.T
        with np.errstate(invalid="ignore", divide="ignore"):
            flat: Points = scaled[:, :2] / scaled[:, 2:]
            flat[~(scaled[:, 2] > 0)] = np.nan
        return self._lens.distort(flat) if self._lens else flat

    def slope(self, points: Points) -> Points:
        """(N, 2, 2) metres per pixel at (N, 2) pixels: rows ground x and y, columns image x and y."""
        reach = 0.25
        dx, dy = np.array([reach, 0.0]), np.array([0.0, reach])
        along_x = (self.to_ground(points + dx) - self.to_ground(points - dx)) / (2 * reach)
        along_y = (self.to_ground(points + dy) - self.to_ground(points - dy)) / (2 * reach)
        return np.stack([along_x, along_y], axis=-1)

    def covariance(self, points: Points, sigma_px: float | Points) -> Points:
        """(N, 2, 2) square metres: spread of the ground points of (N, 2) pixels that jitter by sigma_px.

        sigma_px: one number, or (N,) numbers. First order: the slope of the mapping on both sides of the jitter.
        """
        slope = self.slope(points)
        variance = np.broadcast_to(np.asarray(sigma_px, np.float64) ** 2, (len(points),))
        spread: Points = slope @ slope.transpose(0, 2, 1) * variance[:, None, None]
        return spread


def _homogeneous(points: Points) -> Points:
    return np.column_stack([points, np.ones(len(points))])


def _refuse_degenerate(points: Points, where: str) -> None:
    """Raises PlaneError unless four of the points are a quadrilateral with no three in one line."""
    size = np.ptp(points, axis=0).max()
    for spared in (None, *range(len(points))):
        rest = points if spared is None else np.delete(points, spared, axis=0)
        thin = np.linalg.svd(rest - rest.mean(axis=0), compute_uv=False)[-1] / np.sqrt(len(rest))
        if thin <= 1e-3 * size:
            which = "" if spared is None else f" but point {spared}"
            raise PlaneError(f"the surveyed points {where}, all{which}, lie in one line: choose a quadrilateral")


def _normaliser(points: Points) -> Points:
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / np.hypot(*(points - centre).T).mean()
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _homography(image: Points, ground: Points) -> Points:
    t_image, t_ground = _normaliser(image), _normaliser(ground)
    p = _homogeneous(image) @ t_image.T
    q = _homogeneous(ground) @ t_ground.T
    zero = np.zeros_like(p)
    rows = np.vstack([np.hstack([p, zero, -q[:, :1] * p]), np.hstack([zero, p, -q[:, 1:2] * p])])
    matrix = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    result: Points = np.linalg.inv(t_ground) @ matrix @ t_image
    return result / np.linalg.norm(result)


def _refine(matrix: Points, image: Points, ground: Points) -> Points:
    """Least squares in the picture, where the jitter is, by Gauss and Newton."""
    if len(image) == 4:
        return matrix
    t_image, t_ground = _normaliser(image), _normaliser(ground)
    p, q = _homogeneous(image) @ t_image.T, _homogeneous(ground) @ t_ground.T
    back = t_image @ np.linalg.inv(matrix) @ np.linalg.inv(t_ground)
    back = back / np.linalg.norm(back)
    for _ in range(20):
        scaled = q @ back.T
        flat = scaled[:, :2] / scaled[:, 2:]
        zero = np.zeros_like(q)
        rows = np.hstack([np.vstack([q, zero]), np.vstack([zero, q]), -np.vstack([q * flat[:, :1], q * flat[:, 1:]])])
        rows = rows / np.tile(scaled[:, 2:], (2, 1))
        error = (p[:, :2] - flat).T.ravel()
        step = np.linalg.lstsq(rows, error, rcond=1e-10)[0]
        back = back + step.reshape(3, 3)
        back = back / np.linalg.norm(back)
        if np.abs(step).max() < 1e-12:
            break
    result: Points = np.linalg.inv(t_ground) @ np.linalg.inv(back) @ t_image
    return result / np.linalg.norm(result)
