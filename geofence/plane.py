"""From picture to ground and back, and what stands above the ground.

Homography by the normalised direct linear transform and least squares on the picture side (Hartley and Zisserman,
Multiple View Geometry, 2nd ed., algorithms 4.2 and 4.3); the way up from the homography's first two columns (their
section 8.6).
"""

import math
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from geofence.errors import PlaneError
from geofence.lens import LensModel

Points = NDArray[np.float64]
HORIZON = 1e-3  # share of the surveyed points' own depth term under which a point is at or above the horizon


class Spot(NamedTuple):
    """A pixel's place on the ground in metres, and metres per pixel there, the way they are most and least."""

    x: float
    y: float
    most: float
    least: float


NOWHERE = Spot(math.nan, math.nan, math.nan, math.nan)


class GroundPlane:
    """Maps pixels of one camera to metres on flat ground and back.

    size: of the picture in pixels, None where nobody said. residual_px: root mean square distance of the surveyed
    points from where the plane puts them in the picture.
    projection: (3, 4) from (x, y, z, 1) in metres, z above the ground, to undistorted pixels times depth; None where
    the points do not say how the camera stands.
    """

    def __init__(
        self, to_ground: NDArray[np.float64], lens: LensModel | None, depth: float, size: tuple[int, int] | None = None
    ) -> None:
        self._forward = to_ground
        self._back = np.linalg.inv(to_ground).astype(np.float64)
        self._lens = lens
        self._depth = depth
        self._rows: list[list[float]] = to_ground.tolist()
        self.size = size
        self.residual_px = 0.0
        self.projection = _projection(self._back, lens, size)

    @property
    def flat_projection(self) -> Points:
        """(3, 4) as `projection`, of a camera far above: what stands above the ground is seen where it stands."""
        return np.column_stack([self._back[:, :2], np.zeros(3), self._back[:, 2]])

    @classmethod
    def from_points(
        cls, image: Points, ground: Points, lens: LensModel | None = None, size: tuple[int, int] | None = None
    ) -> Self:
        """The plane through surveyed points: (N, 2) pixels and (N, 2) metres, N ≥ 4. size: of the picture, pixels.

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
        plane = cls(matrix, lens, float(np.median(np.abs(depth))), size)
        plane.residual_px = float(np.sqrt(((plane.to_image(ground) - image) ** 2).sum(axis=1).mean()))
        if not np.isfinite(plane.residual_px):
            raise PlaneError("the surveyed points give no plane this lens can see")
        return plane

    def straighten(self, points: Points) -> Points:
        """(N, 2) pixels as a camera without lens distortion would see them; NaN where the lens model folds over."""
        return self._lens.straighten(points) if self._lens else np.asarray(points, np.float64)

    def straighten_one(self, x: float, y: float) -> tuple[float, float]:
        """The same as `straighten` of one pixel, faster."""
        return self._lens.straighten_one(x, y) if self._lens else (x, y)

    def to_ground(self, points: Points) -> Points:
        """(N, 2) pixels to (N, 2) metres; NaN at and above the horizon."""
        return self._project(self.straighten(points))[0]

    def _project(self, flat: Points) -> tuple[Points, Points]:
        """(N, 2) straight pixels to (N, 2) metres, NaN at and above the horizon, and their (N,) depths."""
        scaled = _homogeneous(flat) @ self._forward.T
        with np.errstate(invalid="ignore", divide="ignore"):
            ground: Points = scaled[:, :2] / scaled[:, 2:]
            ground[~(scaled[:, 2] > HORIZON * self._depth)] = np.nan
        return ground, scaled[:, 2]

    def to_image(self, points: Points) -> Points:
        """(N, 2) metres to (N, 2) pixels; NaN behind the camera or where the lens folds over."""
        scaled = _homogeneous(np.asarray(points, np.float64)) @ self._back.T
        with np.errstate(invalid="ignore", divide="ignore"):
            flat: Points = scaled[:, :2] / scaled[:, 2:]
            flat[~(scaled[:, 2] > 0)] = np.nan
        return self._lens.distort(flat) if self._lens else flat

    def ground_and_slope(self, points: Points) -> tuple[Points, Points]:
        """(N, 2) pixels to (N, 2) metres and to (N, 2, 2) metres per pixel: rows ground x and y, columns image x and y.

        NaN at and above the horizon.
        """
        flat = self.straighten(points)
        ground, depth = self._project(flat)
        slope = (self._forward[:2, :2] - ground[:, :, None] * self._forward[2, :2]) / depth[:, None, None]
        if self._lens is not None and self._lens.bends:
            lens = np.stack(self._lens.slope(flat[:, 0], flat[:, 1]), axis=1).reshape(-1, 2, 2)
            slope = slope @ lens
        return ground, slope

    def spot(self, x: float, y: float) -> Spot:
        """One pixel on the ground, and how a pixel of jitter there spreads it; NaN at and above the horizon."""
        u, v = self.straighten_one(x, y)
        (a, b, c), (d, e, f), (g, h, i) = self._rows
        depth = g * u + h * v + i
        if not depth > HORIZON * self._depth:
            return NOWHERE
        east, north = (a * u + b * v + c) / depth, (d * u + e * v + f) / depth
        slope = (a - east * g) / depth, (b - east * h) / depth, (d - north * g) / depth, (e - north * h) / depth
        if self._lens is not None and self._lens.bends:
            p, q, r, s = self._lens.slope(u, v)
            a, b, d, e = slope
            slope = a * p + b * r, a * q + b * s, d * p + e * r, d * q + e * s
        return Spot(east, north, *_singular(*slope))

    def covariance(self, points: Points, sigma_px: float | Points) -> Points:
        """(N, 2, 2) square metres: spread of the ground points of (N, 2) pixels that jitter by sigma_px.

        sigma_px: one number, or (N,) numbers. First order: the slope of the mapping on both sides of the jitter.
        """
        slope = self.ground_and_slope(points)[1]
        variance = np.broadcast_to(np.asarray(sigma_px, np.float64) ** 2, (len(points),))
        spread: Points = slope @ slope.transpose(0, 2, 1) * variance[:, None, None]
        return spread


def _projection(back: Points, lens: LensModel | None, size: tuple[int, int] | None) -> Points | None:
    """The whole camera from its homography (3, 3) ground to picture.

    Two columns of it are the pictures of two directions at right angles and of one length; with square pixels and the
    axis in the middle of the picture, or with the lens, that gives the focal length, and the third direction.
    """
    if lens is not None:
        centre = np.array([lens.cx, lens.cy])
    elif size is not None:
        centre = np.array([size[0] / 2, size[1] / 2])
    else:
        return None
    shifted = back.copy()
    shifted[:2] -= centre[:, None] * back[2]
    focal = np.array([lens.fx, lens.fy]) if lens else _focal(shifted)
    if focal is None:
        return None
    turned = shifted / np.append(focal, 1.0)[:, None]
    east, north, origin = turned.T
    up = np.cross(east, north) / ((np.linalg.norm(east) + np.linalg.norm(north)) / 2)
    up = up * -np.sign(up @ origin) * np.append(focal, 1.0)  # the camera is above the ground
    up[:2] += centre * up[2]
    return np.column_stack([back[:, :2], up, back[:, 2]])


def _focal(centred: Points) -> Points | None:
    """(2,) the focal length twice, from a homography (3, 3) to a picture whose middle is 0; None where unknown."""
    (ax, ay, az), (bx, by, bz) = centred[:, 0], centred[:, 1]
    known = np.array([ax * bx + ay * by, ax * ax + ay * ay - bx * bx - by * by])
    wanted = np.array([-az * bz, bz * bz - az * az])
    if not known @ wanted > 0:
        return None
    return np.full(2, np.sqrt((known @ known) / (known @ wanted)))


def _singular(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Singular values of a 2×2 matrix, the greater first."""
    half, area = (a * a + b * b + c * c + d * d) / 2, abs(a * d - b * c)
    apart = math.sqrt(max(half * half - area * area, 0.0))
    return math.sqrt(half + apart), math.sqrt(max(half - apart, 0.0))


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
