"""A camera's place and lens from what the site file says of it, and projection by the OpenCV model."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration_rigs.errors import SiteImpossible
from gate.site.devices import Camera, Lens, SurveyedPoint

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A camera in the world. rotation: (3, 3) world to camera (x right, y down, z forward); centre: (3,) in metres."""

    size: tuple[int, int]
    matrix: Matrix
    distortion: Matrix
    rotation: Matrix
    centre: Matrix

    def depth(self, points: ArrayLike) -> Matrix:
        """Distance along the optical axis of (n, 3) world points."""
        away = np.asarray(points, dtype=np.float64) - self.centre
        return np.asarray(away @ self.rotation.T)[:, 2]

    def project(self, points: ArrayLike) -> Matrix:
        """Image points (n, 2) of (n, 3) world points; meaningless where depth is not positive."""
        p = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        shift = -self.rotation @ self.centre
        turn, _ = cv2.Rodrigues(self.rotation)
        image, _ = cv2.projectPoints(p, turn, shift, self.matrix, self.distortion)
        return np.asarray(image.reshape(-1, 2), np.float64)

    def ground(self, image: ArrayLike) -> Matrix:
        """Ground points (n, 2) seen at image points (n, 2); NaN above the horizon."""
        p = np.asarray(image, dtype=np.float64).reshape(-1, 1, 2)
        ray = cv2.undistortPoints(p, self.matrix, self.distortion).reshape(-1, 2)
        world = np.column_stack([ray, np.ones(len(ray))]) @ self.rotation
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(world[:, 2] < 0, -self.centre[2] / world[:, 2], np.nan)
        return np.asarray(self.centre[:2] + reach[:, None] * world[:, :2])


def looking_at(
    centre: ArrayLike,
    target: ArrayLike,
    size: tuple[int, int],
    focal_px: float,
    distortion: ArrayLike = (0, 0, 0, 0, 0),
) -> View:
    """A level camera at a point that looks at another."""
    c, t = np.asarray(centre, dtype=np.float64), np.asarray(target, dtype=np.float64)
    forward = (t - c) / np.linalg.norm(t - c)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    width, height = size
    # Image points count from the first pixel's middle: the picture's middle is half a pixel before half its size.
    matrix = np.array([[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1]], dtype=np.float64)
    return View(size, matrix, np.asarray(distortion, dtype=np.float64), rotation, c)


def lens_of(view: View) -> Lens:
    """The site file's form of a view's lens."""
    m, d = view.matrix, view.distortion
    return Lens(fx=m[0, 0], fy=m[1, 1], cx=m[0, 2], cy=m[1, 2], distortion=(d[0], d[1], d[2], d[3], d[4]))


def view_of(camera: Camera) -> View:
    """Where a camera of the site file stands, from its surveyed points and lens.

    Without a lens a plain one is found with the place: square pixels, the axis in the middle of the picture.
    Raises SiteImpossible when the points do not say, or say that the camera is below the ground.
    """
    if len(camera.points) < 4:
        raise SiteImpossible(f"camera {camera.id!r}: four or more surveyed points are needed to place it")
    width, height = camera.size
    if camera.lens is not None:
        lens = camera.lens
        matrix = np.array([[lens.fx, 0, lens.cx], [0, lens.fy, lens.cy], [0, 0, 1]])
        return _posed(camera, matrix, np.array(lens.distortion))
    focals = np.geomspace(0.4 * width, 4 * width, 60)
    views = [
        _posed(camera, np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1.0]]), np.zeros(5)) for f in focals
    ]
    return min(views, key=lambda v: residual_px(v, camera.points))


def residual_px(view: View, points: tuple[SurveyedPoint, ...]) -> float:
    """Root mean square distance between the surveyed points' pixels and where the view puts them."""
    world = np.array([(*p.ground, 0.0) for p in points])
    return float(np.sqrt(np.mean(np.sum((view.project(world) - np.array([p.image for p in points])) ** 2, axis=1))))


def _posed(camera: Camera, matrix: Matrix, distortion: Matrix) -> View:
    world = np.array([(*p.ground, 0.0) for p in camera.points])
    image = np.array([p.image for p in camera.points])
    count, turns, shifts, errors = cv2.solvePnPGeneric(world, image, matrix, distortion, flags=cv2.SOLVEPNP_IPPE)
    if not count:
        raise SiteImpossible(f"camera {camera.id!r}: its surveyed points lie on one line or contradict each other")
    found = []
    for turn, shift, _ in zip(turns, shifts, errors, strict=True):
        better, move = cv2.solvePnPRefineLM(world, image, matrix, distortion, turn, shift)
        rotation, _ = cv2.Rodrigues(better)
        view = View(camera.size, matrix, distortion, rotation, (-rotation.T @ move).ravel())
        found.append((residual_px(view, camera.points), view))
    above = [pair for pair in found if pair[1].centre[2] > 0]
    if not above:
        raise SiteImpossible(
            f"camera {camera.id!r}: its surveyed points put it {-found[0][1].centre[2]:.2f} m below the ground"
        )
    return min(above, key=lambda pair: pair[0])[1]
