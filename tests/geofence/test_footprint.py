"""How long a vehicle is and where it ends, told no surer than one camera can know."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.build import BUILDS, WidestViews, build
from geofence.deck import OnDeck, Standing
from geofence.footprint import Axis, Known, Sight
from geofence.lens import LensModel
from geofence.plane import GroundPlane

SIZE = (1280, 720)
AXIS = Axis((0.0, 17.0), (0.0, 1.0))
TRUCK = BUILDS["truck"]


class Camera:
    """A level camera at a height that looks at a place on the ground."""

    def __init__(self, centre, target, focal=1560.0, lens=True):
        forward = np.array([*target, 0.0]) - centre
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right /= np.linalg.norm(right)
        self._turn = np.stack([right, np.cross(forward, right), forward])
        self.centre, self.forward, self._focal = np.array(centre), forward, focal
        ground = np.array([[target[0] + x, target[1] + y] for x in (-4.0, 4.0) for y in (-6.0, 0.0, 7.0)])
        model = LensModel(focal, focal, SIZE[0] / 2, SIZE[1] / 2) if lens else None
        self.plane = GroundPlane.from_points(self.see(np.column_stack([ground, np.zeros(6)])), ground, model, SIZE)

    def see(self, points):
        away = (np.asarray(points, float) - self.centre) @ self._turn.T
        return away[:, :2] / away[:, 2:] * self._focal + np.array(SIZE) / 2

    def box(self, start, end, width=2.5, height=3.2, x=0.0):
        """The box of a truck from start to end along the axis: body 0.4 m off the ground, tyres 1.2 m from its ends."""
        low, high = AXIS.origin[1] + start, AXIS.origin[1] + end
        sides = (x - width / 2, x + width / 2)
        body = [(s, y, z) for s in sides for y in (low, high) for z in (0.4, height)]
        tyres = [(s, y, 0.0) for s in sides for y in (low + 1.2, high - 1.6)]
        seen = self.see(body + tyres)
        return (*seen.min(axis=0), *np.minimum(seen.max(axis=0), SIZE))


HEAD_ON = Camera((0.2, 0.0, 4.4), (0.0, 26.0))
BESIDE = Camera((26.0, 26.0, 6.0), (0.0, 26.0), focal=900.0)


@pytest.mark.parametrize("lens", [True, False])
def test_a_camera_is_found_from_its_surveyed_points(lens):
    camera = Camera((3.0, 0.0, 5.0), (0.0, 26.0), lens=lens)
    points = np.array([[-2.0, 20.0, 0.0], [-2.0, 20.0, 3.0], [1.0, 30.0, 2.0]])
    seen = np.column_stack([points, np.ones(3)]) @ camera.plane.projection.T
    np.testing.assert_allclose(seen[:, :2] / seen[:, 2:], camera.see(points), atol=0.5)


def test_without_a_picture_size_nobody_knows_how_a_camera_stands():
    ground = np.array([[-2.0, 10.0], [2.0, 10.0], [2.0, 30.0], [-2.0, 30.0]])
    image = np.array([[100.0, 600], [900, 600], [600, 200], [400, 200]])
    assert GroundPlane.from_points(image, ground).projection is None
    assert GroundPlane.from_points(image, ground, size=SIZE).projection is not None


def test_head_on_the_near_end_is_measured_and_the_far_end_is_not():
    extent = Sight(HEAD_ON.plane, AXIS).extent(HEAD_ON.box(2.0, 18.0), Known(TRUCK, *TRUCK.length(), -1), 2.0)
    assert extent.start_m == pytest.approx(2.0, abs=0.3)
    assert extent.start_sigma_m < 0.6
    assert extent.end_sigma_m > 2.5
    assert abs(extent.end_m - 18.0) < 2.5 * extent.end_sigma_m


def test_seen_from_the_side_both_ends_are_measured():
    extent = Sight(BESIDE.plane, AXIS).extent(BESIDE.box(2.0, 18.0), Known(TRUCK, *TRUCK.length()), 2.0)
    assert (extent.start_m, extent.end_m) == pytest.approx((2.0, 18.0), abs=0.5)
    assert max(extent.start_sigma_m, extent.end_sigma_m) < 0.8
    assert extent.length_sigma_m < 0.8


def test_a_length_seen_before_tells_the_far_end():
    known = Known(TRUCK, *TRUCK.length(15.6), -1)
    extent = Sight(HEAD_ON.plane, AXIS).extent(HEAD_ON.box(2.0, 18.0), known, 2.0)
    assert extent.end_m == pytest.approx(18.0, abs=1.5)
    assert extent.end_sigma_m < 1.2


def test_what_the_picture_cuts_off_is_told_by_its_width_alone():
    box = HEAD_ON.box(-12.0, 4.0)
    assert box[3] == SIZE[1]
    extent = Sight(HEAD_ON.plane, AXIS).extent(box, Known(TRUCK, *TRUCK.length(15.6), -1), 2.0)
    assert extent.start_sigma_m > 0.6
    assert abs(extent.start_m + 12.0) < 3 * extent.start_sigma_m


@settings(max_examples=80, deadline=None)
@given(
    start=st.floats(-3.0, 9.0),
    length=st.floats(7.0, 17.5),
    x=st.floats(-0.5, 0.5),
    camera=st.sampled_from([HEAD_ON, BESIDE]),
    seed=st.integers(0, 2**16),
)
def test_ends_lie_within_what_is_said_of_them(start, length, x, camera, seed):
    jitter = np.random.default_rng(seed).normal(0, 2.0, 4)
    box = tuple(np.array(camera.box(start, start + length, x=x)) + jitter)
    extent = Sight(camera.plane, AXIS).extent(box, Known(TRUCK, *TRUCK.length(), -1), 2.0)
    if extent is not None and box[3] < SIZE[1] - 3 and box[0] > 3 and box[2] < SIZE[0] - 3:
        assert abs(extent.start_m - start) < 4 * max(extent.start_sigma_m, 0.3)
        assert abs(extent.end_m - start - length) < 4 * max(extent.end_sigma_m, 0.3)


def test_a_vehicle_is_as_long_as_the_widest_it_was_seen_for_some_looks():
    widest = WidestViews()
    widest.reset([0], 4)
    slots, widths = np.array([0]), np.array([2.5])
    for wide in (3.0, 14.0, 14.2, 14.1, 14.0, 3.0):
        widest.update(slots, np.array([wide]))
    assert widest.least_m(slots, widths)[0] < 3.0  # four looks, of which one may be two trucks in one box
    widest.update(slots, np.array([14.3]))
    assert widest.least_m(slots, widths)[0] == pytest.approx(math.sqrt(14.0**2 - 2.5**2))
    widest.reset([0], 4)
    assert widest.least_m(slots, widths)[0] == 0.0


def test_no_length_beyond_what_its_class_is_built_in():
    for kind in (*BUILDS, "cart"):
        size = build(kind)
        mean, sigma = size.length(50.0)
        assert mean == size.longest_m
        assert sigma > 0
        assert size.shortest_m < size.length()[0] < size.longest_m


@pytest.mark.parametrize(
    ("start", "end", "sigma_end", "standing", "least"),
    [
        (1.0, 16.0, 0.1, Standing.ON, 0.98),
        (1.0, 17.5, 1.5, Standing.UNSURE, 0.85),
        (4.0, 20.5, 0.3, Standing.OVER, 0.75),
        (4.0, 20.5, 1.5, Standing.UNSURE, 0.65),
        (0.6, 12.4, 3.6, Standing.UNSURE, 0.9),  # of unknown length, its nose at the deck's far end
        (10.0, 22.0, 3.6, Standing.UNSURE, 0.35),
    ],
)
def test_a_deck_may_be_unsure(start, end, sigma_end, standing, least):
    on = OnDeck(("c:1",), "truck", start, end, 0.0, max(end - 18.0, 0.0), 0.1, sigma_end, deck_m=18.0)
    assert on.standing(0.2) is standing
    assert on.least_share() >= least
    assert on.least_share() < least + 0.15
