"""Distances, sides and crossings against shapely, and crossings that always add up."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.polyline import Polyline

ZIGZAG = np.array([[0.0, 0.0], [20.0, 5.0], [30.0, -10.0], [60.0, 0.0], [55.0, 30.0]])


def test_distance_and_place_agree_with_shapely():
    points = np.random.default_rng(1).uniform(-20, 80, (400, 2))
    found = Polyline(ZIGZAG).locate(points)
    line = shapely.LineString(ZIGZAG)
    np.testing.assert_allclose(found.distance, shapely.distance(line, shapely.points(points)), atol=1e-5)
    np.testing.assert_allclose(found.along, shapely.line_locate_point(line, shapely.points(points)), atol=1e-3)


def test_side_agrees_with_curves_drawn_beside_the_line():
    for offset in (0.01, 1.0, 3.0):
        for side in (1, -1):
            beside = shapely.offset_curve(shapely.LineString(ZIGZAG), side * offset)
            points = shapely.get_coordinates(
                shapely.line_interpolate_point(beside, np.linspace(1, beside.length - 1, 500))
            )
            found = Polyline(ZIGZAG).locate(points)
            assert set(found.side.tolist()) == {side}
            assert set(Polyline(ZIGZAG, y_down=True).locate(points).side.tolist()) == {-side}


def test_ring_agrees_with_its_polygon_whichever_way_round():
    ring = np.array([[0.0, 0], [40, 0], [40, 30], [20, 10], [0, 30]])
    points = np.random.default_rng(3).uniform(-10, 50, (500, 2))
    inside = shapely.contains_xy(shapely.Polygon(ring), points)
    for drawn in (ring, ring[::-1]):
        np.testing.assert_array_equal(Polyline(drawn, closed=True).locate(points).side > 0, inside)


def test_points_that_are_not_seen_are_nowhere():
    found = Polyline(ZIGZAG).locate(np.array([[np.nan, np.nan]]))
    assert np.isinf(found.distance[0])
    assert found.side[0] == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 44), st.integers(-4, 34)), min_size=2, max_size=30), st.booleans())
def test_crossings_of_a_path_add_up_to_the_change_of_side(path, backwards):
    # whole numbers, so that paths stop on lines and run through vertices
    ring = np.array([[0.0, 0], [40, 0], [40, 30], [20, 10], [0, 30]])[:: -1 if backwards else 1]
    line = Polyline(ring, closed=True)
    points = np.array(path, dtype=np.float64)
    net, _ = line.crossings(points[:-1], points[1:])
    side = line.locate(points[[0, -1]]).side
    inward = net.sum() * (-1 if backwards else 1)  # left of a ring drawn clockwise is outside
    assert 2 * inward == side[1] - side[0]


def test_place_of_a_crossing():
    net, along = Polyline(np.array([[0.0, 0], [100, 0]])).crossings(np.array([[30.0, -5]]), np.array([[40.0, 5]]))
    assert net[0] == 1
    np.testing.assert_allclose(along[0], 35, atol=1e-5)
