"""The ground plane against OpenCV and against itself."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.errors import PlaneError
from geofence.lens import LensModel
from geofence.plane import GroundPlane

LENS = LensModel(1000.0, 1010.0, 960.0, 540.0, (-0.28, 0.09, 0.001, -0.0007, -0.012))
MATRIX = np.array([[LENS.fx, 0, LENS.cx], [0, LENS.fy, LENS.cy], [0, 0, 1]])
TILT = np.radians(112)
POSE = (np.array([TILT, 0.0, 0.0]), np.array([0.0, 0.0, 0.0]))


def seen(ground, lens=LENS):
    """Where OpenCV puts ground points in the picture of a camera 7 m up that looks down the road."""
    rotation = cv2.Rodrigues(POSE[0])[0]
    shift = rotation @ np.array([0.0, 2.0, -7.0])
    points = np.column_stack([ground, np.zeros(len(ground))])
    return cv2.projectPoints(points, POSE[0], shift, MATRIX, np.array(lens.distortion))[0][:, 0]


GRID = np.array([[x, y] for x in (-4.0, 0, 4) for y in (10.0, 18, 30)])


def test_lens_agrees_with_opencv():
    points = np.random.default_rng(1).uniform((50, 50), (1870, 1030), (300, 2))
    straight = cv2.undistortPoints(
        points[:, None], MATRIX, np.array(LENS.distortion), None, None, MATRIX, (3, 200, 1e-12)
    )[:, 0]
    np.testing.assert_allclose(LENS.straighten(points), straight, atol=1e-3)
    np.testing.assert_allclose(LENS.distort(LENS.straighten(points)), points, atol=1e-6)


def test_beyond_what_a_lens_can_see_is_nothing():
    assert np.isnan(LENS.distort(np.array([[20_000.0, 540.0]]))).all()
    assert np.isnan(LENS.straighten(np.array([[20_000.0, 540.0]]))).all()


def test_plane_agrees_with_opencv_through_a_lens():
    plane = GroundPlane.from_points(seen(GRID), GRID, LENS)
    assert plane.residual_px < 1e-6
    there = np.random.default_rng(2).uniform((-5, 8), (5, 60), (200, 2))
    np.testing.assert_allclose(plane.to_ground(seen(there)), there, atol=1e-4)
    np.testing.assert_allclose(plane.to_image(there), seen(there), atol=1e-4)


def test_jitter_of_surveyed_points_is_averaged():
    noisy = seen(GRID) + np.random.default_rng(3).normal(0, 1.0, (9, 2))
    plane = GroundPlane.from_points(noisy, GRID, LENS)
    assert 0.2 < plane.residual_px < 2.0
    assert np.abs(plane.to_ground(seen(GRID)) - GRID).max() < 0.4


def test_above_the_horizon_is_refused_not_mirrored():
    plane = GroundPlane.from_points(seen(GRID), GRID, LENS)
    assert np.isnan(plane.to_ground(np.array([[960.0, 20.0], [960.0, -200.0]]))).all()
    assert np.isfinite(plane.to_ground(np.array([[960.0, 900.0]]))).all()
    assert np.isnan(plane.to_image(np.array([[0.0, -30.0]]))).all()  # behind the camera


@pytest.mark.parametrize(
    ("image", "ground", "message"),
    [
        ([[0, 0], [1, 0], [2, 0], [3, 1]], [[0, 0], [1, 0], [2, 0], [3, 1]], "in the picture, all but point 3"),
        ([[0, 0], [9, 0], [9, 9], [0, 9]], [[0, 0], [1, 1], [2, 2], [3, 3]], "on the ground, all, lie in one line"),
        ([[0, 0], [9, 0], [9, 9]], [[0, 0], [9, 0], [9, 9]], "four or more"),
        ([[0, 0], [9, 0], [9, 9], [0, np.nan]], [[0, 0], [9, 0], [9, 9], [0, 9]], "finite"),
        ([[0, 0], [9, 0], [9, 9], [0, 9]], [[0, 0], [9, 0], [0, 9], [9, 9]], "both sides of the horizon"),
    ],
)
def test_points_that_give_no_plane(image, ground, message):
    with pytest.raises(PlaneError, match=message):
        GroundPlane.from_points(np.array(image, dtype=float), np.array(ground, dtype=float))


def test_covariance_is_what_jitter_does():
    plane = GroundPlane.from_points(seen(GRID), GRID, LENS)
    rng = np.random.default_rng(4)
    for place in ([[0.0, 12.0]], [[3.0, 40.0]]):
        point = seen(np.array(place))
        spread = np.cov(plane.to_ground(point + rng.normal(0, 0.8, (20_000, 2))).T)
        np.testing.assert_allclose(plane.covariance(point, 0.8)[0], spread, rtol=0.06, atol=1e-4)
    near, far = plane.covariance(seen(np.array([[0.0, 12.0], [0.0, 40.0]])), np.array([1.0, 1.0]))
    assert far[1, 1] > 20 * near[1, 1]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**20))
def test_there_and_back(seed):
    rng = np.random.default_rng(seed)
    corners = np.array([[100.0, 900], [1800, 900], [1200, 300], [700, 300]]) + rng.uniform(-60, 60, (4, 2))
    ground = np.array([[-5.0, 0], [5, 0], [5, 40], [-5, 40]]) + rng.uniform(-0.5, 0.5, (4, 2))
    plane = GroundPlane.from_points(corners, ground)
    points = rng.uniform((-4, 1), (4, 39), (20, 2))
    np.testing.assert_allclose(plane.to_ground(plane.to_image(points)), points, atol=1e-6)
