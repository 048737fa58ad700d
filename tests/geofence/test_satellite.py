"""Satellite fences: datums, jitter, jumps, silence, hours, corridors, and positions by the ten thousand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.areas import SatelliteArea
from geofence.coordinates import Datum, distance_m, from_plane, in_china, to_gcj02, to_plane, to_wgs84
from geofence.errors import ShapeError
from geofence.hours import Hours
from geofence.satellite import SatelliteFence, Signal
from geofence.trail import thin

SITE = (112.55, 37.87)
NORTH = 1 / 111_194.0  # degrees of latitude per metre
EAST = NORTH / np.cos(np.radians(SITE[1]))


def at(east_m, north_m=0.0):
    return [SITE[0] + east_m * EAST, SITE[1] + north_m * NORTH]


DEPOT = SatelliteArea("油库", tuple(tuple(at(x, y)) for x, y in ((0, 0), (1000, 0), (1000, 1000), (0, 1000))))


def heard(fence, places, start_ms=0, step_ms=30_000, vehicle="晋A12345"):
    movements, changes = [], []
    for number, place in enumerate(places):
        if place is None:
            changes += fence.expire(start_ms + number * step_ms)
            continue
        m, c = fence.update(start_ms + number * step_ms, [vehicle], np.array([place]))
        movements, changes = movements + m, changes + c
    return [(m.kind.value, m.shape, m.direction) for m in movements], [c.state for c in changes]


def test_in_and_out():
    places = [at(x, 500) for x in range(-1000, 2001, 250)]
    fence = SatelliteFence([DEPOT])
    assert heard(fence, places) == ([("entered", "油库", "in"), ("left", "油库", "out")], [])
    assert fence.inside("晋A12345") == ()
    assert fence.permitted("晋A12345", ["油库"]) is False


def test_first_heard_inside():
    fence = SatelliteFence([DEPOT])
    assert heard(fence, [at(500, 500)] * 3)[0] == [("entered", "油库", None)]
    assert fence.permitted("晋A12345", ["油库"]) is True


def test_jitter_over_the_edge_is_no_leaving():
    rng = np.random.default_rng(1)
    places = [at(500, 500)] * 3 + [at(1000 + rng.normal(0, 12), 500) for _ in range(200)]
    assert heard(SatelliteFence([DEPOT]), places)[0] == [("entered", "油库", None)]


def test_a_jump_is_not_believed_until_it_stays():
    fence = SatelliteFence([DEPOT])
    movements, changes = heard(fence, [at(500, 500)] * 4 + [at(90_000, 0)] + [at(510, 500)] * 3)
    assert movements == [("entered", "油库", None)]
    assert changes == [Signal.JUMPING, Signal.OK]
    movements, changes = heard(fence, [at(90_000 + x, 0) for x in range(6)], 240_000)
    assert movements == [("left", "油库", "out")]
    assert changes == [Signal.JUMPING, Signal.OK]


def test_silence_is_a_state():
    fence = SatelliteFence([DEPOT])
    movements, changes = heard(fence, [at(500, 500)] * 3 + [None] * 20)
    assert (movements, changes) == ([("entered", "油库", None)], [Signal.LOST])
    assert fence.signal("晋A12345") is Signal.LOST
    assert fence.inside("晋A12345") is None
    assert fence.permitted("晋A12345", ["油库"]) is None
    movements, changes = heard(fence, [at(500, 520)] * 2, 900_000)
    assert (movements, changes) == ([], [Signal.OK])
    assert fence.signal("never heard") is Signal.UNKNOWN


def test_positions_that_are_no_place_are_ignored():
    fence = SatelliteFence([DEPOT])
    bad = [[np.nan, 1.0], [0.0, 0.0], [400.0, 37.0], [112.0, 89.0]]
    assert heard(fence, [at(500, 500), *bad, at(500, 500)]) == ([("entered", "油库", None)], [])


def test_older_and_doubled_positions_are_ignored():
    fence = SatelliteFence([DEPOT])
    heard(fence, [at(500, 500)] * 3)
    assert fence.update(1_000, ["晋A12345"], np.array([at(5000)])) == ([], [])
    both = np.array([at(500, 500), at(520, 500)])
    assert fence.update(120_000, ["晋A12345", "晋A12345"], both) == ([], [])


def test_outside_its_hours_an_area_holds_nobody():
    by_day = SatelliteArea("油库", DEPOT.points, hours=Hours.daily("00:00", "00:10"))
    movements, _ = heard(SatelliteFence([by_day]), [at(500, 500)] * 40)
    assert movements == [("entered", "油库", None), ("left", "油库", "out")]


def test_corridor_along_a_route():
    route = SatelliteArea("运输线", tuple(tuple(at(x, y)) for x, y in ((0, 0), (5000, 0), (5000, 5000))), width_m=400)
    fence = SatelliteFence([route])
    assert heard(fence, [at(x) for x in range(0, 5001, 500)])[0] == [("entered", "运输线", None)]
    assert heard(fence, [at(5000 + x, 2000) for x in range(0, 1000, 300)], 600_000)[0] == [("left", "运输线", "out")]


def test_area_drawn_on_a_chinese_map():
    shown = to_gcj02(np.array(DEPOT.points))
    area = SatelliteArea("油库", tuple(map(tuple, shown.tolist())), Datum.GCJ02)
    assert heard(SatelliteFence([area]), [at(950, 950)] * 3)[0] == [("entered", "油库", None)]
    wrong = SatelliteArea("油库", area.points)
    assert heard(SatelliteFence([wrong]), [at(30, 30)] * 3)[0] == []


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: SatelliteArea("a", DEPOT.points[:2]), "3 or more"),
        (
            lambda: SatelliteArea("a", ((37.0, 112.0), (38.0, 113.0), (37.0, 113.0))),
            r"\(longitude, latitude\) in degrees",
        ),
        (lambda: SatelliteArea("a", DEPOT.points[:2], width_m=0), "above 0"),
        (lambda: SatelliteArea("a", (*DEPOT.points[::2], *DEPOT.points[1::2])), "cross itself"),
        (lambda: SatelliteFence([DEPOT, DEPOT]), "no other area"),
    ],
)
def test_areas_that_are_none(make, expected):
    with pytest.raises(ShapeError, match=expected):
        make()


def test_known_points_of_the_chinese_shift():
    # Tiananmen, as converters of several map services give it, to about a metre
    shifted = to_gcj02(np.array([[116.397428, 39.90923]]))
    np.testing.assert_allclose(shifted, [[116.403671, 39.910634]], atol=1.5e-5)
    abroad = np.array([[-0.1276, 51.5072], [139.69, 35.69]])
    np.testing.assert_array_equal(to_gcj02(abroad), abroad)


@settings(max_examples=100, deadline=None)
@given(st.floats(73, 135), st.floats(18, 53))
def test_there_and_back_within_a_millimetre(lon, lat):
    here = np.array([[lon, lat]])
    assert distance_m(to_wgs84(to_gcj02(here)), here)[0] < 1e-3
    np.testing.assert_allclose(from_plane(to_plane(here)), here, atol=1e-9)
    assert 30 < distance_m(to_gcj02(here), here)[0] < 2000 or not in_china(here)[0]


def test_distances_agree_with_the_ellipsoid():
    from pyproj import Geod

    rng = np.random.default_rng(1)
    a = np.column_stack([rng.uniform(75, 130, 200), rng.uniform(20, 50, 200)])
    b = a + rng.uniform(-0.02, 0.02, a.shape)
    _, _, exact = Geod(ellps="WGS84").inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    np.testing.assert_allclose(distance_m(a, b), exact, rtol=0.007)


def test_trail_keeps_stops_and_bends():
    times = np.arange(0, 600_000, 10_000)
    metres = np.concatenate([np.arange(20) * 100.0, np.full(20, 1900.0), 1900 + np.arange(20) * 100.0])
    positions = np.array([at(m, 5 * np.sin(m)) for m in metres])
    keep = thin(times, positions, 15.0)
    assert len(keep) <= 6
    for column in (0, 1):
        off = np.abs(np.interp(times, times[keep], positions[keep, column]) - positions[:, column]).max()
        assert off < 16 * NORTH * 1.3
    assert list(thin(times[:2], positions[:2], 1.0)) == [0, 1]
