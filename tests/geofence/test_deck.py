"""Who is on the deck, and over which end."""

import numpy as np
import pytest

from geofence.build import BUILDS
from geofence.deck import Standing
from geofence.fence import SiteFence
from geofence.footprint import Axis, Extent, Known, Sight
from geofence.observations import Observations
from geofence.plane import GroundPlane
from geofence.shapes import Shapes, ZoneShape

DECK = ZoneShape("磅", "deck", ((-1.7, 15.0), (1.7, 15.0), (1.7, 33.0), (-1.7, 33.0)))
AXIS = Axis((0.0, 15.0), (0.0, 1.0))
# beside the deck, 6 m up, looking across it; and before it, looking along it
BESIDE = GroundPlane.from_points(
    np.array([[140.0, 620.0], [1140.0, 620.0], [1010.0, 420.0], [270.0, 420.0]]),
    np.array([[1.7, 33.0], [1.7, 15.0], [-7.0, 15.0], [-7.0, 33.0]]),
)
BEFORE = GroundPlane.from_points(
    np.array([[540.0, 620.0], [740.0, 620.0], [700.0, 300.0], [580.0, 300.0]]),
    np.array([[-1.7, 15.0], [1.7, 15.0], [1.7, 33.0], [-1.7, 33.0]]),
)


def box_of(plane, start, end, width=2.5, height_px=160):
    """The box a vehicle standing from start to end (metres along the deck) is seen in."""
    corners = plane.to_image(Extent(start, end, 0, 0, 0.0, width).corners(AXIS))
    low = corners.min(axis=0)
    return (low[0], corners[:, 1].max() - height_px, corners[:, 0].max(), corners[:, 1].max())


def stand(vehicles, plane=BESIDE, wheels=None, frames=12):
    fence = SiteFence(Shapes((DECK,)), {"c": plane})
    for number in range(frames):
        rows = [(key, box_of(plane, *place), None, kind) for key, place, kind in vehicles]
        seen = Observations.of(rows)
        if wheels:
            seen = Observations(seen.keys, seen.boxes, seen.ground, seen.kinds, wheels)
        fence.update(number * 100, "c", seen)
    return fence, fence.occupancy((frames - 1) * 100)


def test_wholly_on():
    _, now = stand([("c:1", (3.0, 14.0), "truck")])
    [truck] = now.vehicles
    assert (truck.vehicles, truck.standing(0.5)) == (("c:1",), Standing.ON)
    assert truck.start_m == pytest.approx(3.0, abs=0.3)
    assert truck.end_m == pytest.approx(14.0, abs=0.3)
    assert not truck.partly_off(0.2)


@pytest.mark.parametrize(("place", "start", "end"), [((-1.5, 10.0), 1.5, 0.0), ((9.0, 20.0), 0.0, 2.0)])
def test_partly_off_says_by_how_much_and_at_which_end(place, start, end):
    [truck] = stand([("c:1", place, "truck")])[1].vehicles
    assert truck.off_start_m == pytest.approx(start, abs=0.3)
    assert truck.off_end_m == pytest.approx(end, abs=0.3)
    assert truck.partly_off(0.2)


def test_end_that_cannot_be_seen_stays_uncertain():
    [truck] = stand([("c:1", (1.0, 12.0), "truck")], BEFORE)[1].vehicles
    assert truck.start_m == pytest.approx(1.0, abs=0.4)
    assert truck.sigma_start_m < 0.7
    assert truck.sigma_end_m > 2.0
    assert not truck.partly_off(0.2)


def test_two_at_once_in_order():
    now = stand([("c:1", (10.0, 17.0), "truck"), ("c:2", (0.5, 5.0), "car")])[1]
    assert [v.vehicles for v in now.vehicles] == [("c:2",), ("c:1",)]


def test_beside_the_deck_is_not_on_it():
    fence = SiteFence(Shapes((DECK,)), {"c": BESIDE})
    x, y = BESIDE.to_image(np.array([[-6.0, 24.0]]))[0]
    fence.update(0, "c", [("c:1", (x - 60, y - 60, x + 60, y), None, "car")])
    assert fence.occupancy(0).empty


def test_person_on_the_deck():
    fence = SiteFence(Shapes((DECK,)), {"c": BESIDE})
    x, y = BESIDE.to_image(np.array([[0.0, 20.0]]))[0]
    fence.update(0, "c", [("c:9", (x - 10, y - 40, x + 10, y), None, "person")])
    assert fence.occupancy(0, "磅").persons == ("c:9",)
    assert fence.occupancy(5_000).empty


def test_flicker_does_not_empty_the_deck():
    fence, _ = stand([("c:1", (3.0, 14.0), "truck")])
    fence.update(1_200, "c", [])
    assert len(fence.occupancy(1_500).vehicles) == 1
    assert fence.occupancy(4_000).empty


def test_wheels_beside_the_deck():
    on = BESIDE.to_image(np.array([[0.0, 18.0], [0.0, 24.0]]))
    off = BESIDE.to_image(np.array([[0.0, 14.0]]))
    [truck] = stand([("c:1", (3.0, 14.0), "truck")], wheels={"c:1": np.vstack([on, off])})[1].vehicles
    assert (truck.wheels_on, truck.wheels_off) == (2, 1)
    assert truck.partly_off(0.2)


def test_two_cameras_see_one_truck():
    fence = SiteFence(Shapes((DECK,)), {"a": BESIDE, "b": BEFORE})
    for number in range(5):
        fence.update(number * 100, "a", [("a:1", box_of(BESIDE, 3.0, 14.0), None, "truck")])
        fence.update(number * 100, "b", [("b:1", box_of(BEFORE, 3.0, 14.0), None, "truck")])
    [truck] = fence.occupancy(400).vehicles
    assert set(truck.vehicles) == {"a:1", "b:1"}
    assert truck.end_m == pytest.approx(14.0, abs=0.4)  # from the camera that sees the far end


def test_a_foot_above_the_horizon_fits_nothing():
    known = Known(BUILDS["truck"], *BUILDS["truck"].length())
    assert Sight(BEFORE, AXIS).extent((600.0, -900, 700, -800), known, 1.0) is None
