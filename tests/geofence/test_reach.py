"""Vehicles that reach into forbidden areas with any part of them, and those that do not though it looks like it."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.build import BUILDS
from geofence.course import Course, Courses
from geofence.fence import SiteFence
from geofence.footprint import Known
from geofence.hours import Hours
from geofence.reach import Area, reached, ways
from geofence.reach_watch import MOST
from geofence.shapes import LaneShape, Shapes, ZoneShape
from tests.geofence.bodies import CAMERAS, MODELS, ROUND, box, corners, entered, planned, verdicts
from tests.geofence.test_footprint import SIZE

TRUCK, BUS, SEMI = MODELS[2], MODELS[4], MODELS[5]


def square(x, y, half=1.5):
    return ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


def test_a_tail_that_swings_in_is_seen_though_the_ground_point_stays_out():
    drive = swinging()
    depths = drive.depths()
    assert depths[:60].max() < 0
    assert depths.max() > 0.8
    [look] = entered(drive, CAMERAS["mast"])
    assert depths[look] > 0.2
    assert entered(drive, CAMERAS["mast"], footprints=False) == []


def test_a_semi_trailer_that_backs_into_an_area_is_seen_though_the_ground_point_stays_out():
    plan = [(30, 2.0, 0.0), (20, 0.0, 0.0), (80, -1.5, 0.0), (40, 0.0, 0.0)]
    drive = planned(CAMERAS["beside"], SEMI, ((1.0, 33.0), math.pi / 2), plan, square(1.0, 15.0, 2.0))
    depths = drive.depths()
    assert depths[:90].max() < -1.0
    assert depths[-1] > 1.4
    [look] = entered(drive, CAMERAS["beside"])
    assert depths[look] > 0.2
    assert entered(drive, CAMERAS["beside"], footprints=False) == []


@pytest.mark.parametrize(
    ("camera", "angle", "model"),
    [("mast", 1.2, SEMI), ("mast", -0.3, BUS), ("beside", 0.9, SEMI), ("before", -0.6, BUS)],
)
def test_a_long_vehicle_aslant_is_not_in_an_area_that_only_its_ground_point_is_in(camera, angle, model):
    along = np.array([math.cos(angle), math.sin(angle)])
    start = np.array([2.0, 28.0]) - 8 * along
    drive = planned(CAMERAS[camera], model, (tuple(start.tolist()), angle), [(90, 1.5, 0.0)], square(0.0, 0.0))
    spot = CAMERAS[camera].plane.spot((drive.boxes[50][0] + drive.boxes[50][2]) / 2, drive.boxes[50][3])
    foot, body = np.array([spot.x, spot.y]), shapely.Polygon(corners(drive.parts[50][-1])[[0, 1, 3, 2]])
    nearest = shapely.get_coordinates(shapely.shortest_line(body, shapely.Point(foot)))[0]
    out = (foot - nearest) / np.hypot(*(foot - nearest))
    ring = [foot + 0.5 * out + 2 * x * along + 0.8 * y * out for x, y in ROUND]  # a strip where its ground point goes
    drive = replace(drive, area=tuple((float(x), float(y)) for x, y in ring))
    assert drive.depths().max() < -0.5
    assert entered(drive, CAMERAS[camera]) == []
    assert len(entered(drive, CAMERAS[camera], footprints=False)) == 1
    assert len(entered(drive, CAMERAS[camera], kind="approach")) == 1  # other zones go by the ground point


def test_of_a_class_or_direction_that_is_not_known_the_ground_point_decides():
    standing = planned(CAMERAS["mast"], BUS, ((-2.0, 26.0), 0.0), [(40, 0.0, 0.0)], square(2.0, 24.0))
    assert entered(standing, CAMERAS["mast"]) == entered(standing, CAMERAS["mast"], footprints=False) != []
    driven = planned(CAMERAS["mast"], BUS, ((-8.0, 20.0), 0.6), [(110, 1.5, 0.0)], square(0.0, 24.0))
    cart = replace(driven, kind="cart")
    assert entered(cart, CAMERAS["mast"]) == entered(cart, CAMERAS["mast"], footprints=False)
    assert entered(driven, CAMERAS["mast"]) != entered(cart, CAMERAS["mast"])


def test_who_stands_in_a_lane_lies_along_it():
    lane = LaneShape("道", ((0.0, 10.0), (0.0, 50.0)), 4.0)
    parked = planned(CAMERAS["beside"], TRUCK, ((0.0, 24.0), math.pi / 2), [(60, 0.0, 0.0)], square(0.0, 30.5))
    assert parked.depths().min() > 0.5
    assert entered(parked, CAMERAS["beside"]) == []
    assert len(entered(parked, CAMERAS["beside"], lanes=[lane])) == 1


def test_one_bad_box_is_no_entering():
    driven = planned(CAMERAS["mast"], TRUCK, ((-10.0, 22.0), 0.0), [(100, 1.5, 0.0)], square(0.0, 30.0, 2.0))
    assert entered(driven, CAMERAS["mast"]) == []
    x0, y0, x1, y1 = driven.boxes[60]
    driven.boxes[60] = (x0, y0 - 150, x1, y1 - 150)
    assert entered(driven, CAMERAS["mast"]) == []


def test_a_box_that_jumps_to_and_fro_has_no_direction():
    courses = Courses()
    for number in range(60):
        courses.add(100 * number, 0, 0.0, 3.5 * (number // 3 % 2), 0.1)
    assert courses.course(6_000, 0, 0.1, 9.0, None) is None
    for number in range(30):
        courses.add(100 * number, 1, 0.2 * number, 0.0, 0.1)
    assert courses.course(3_000, 1, 0.1, 9.0, None).angle == pytest.approx(0.0)


def swinging():
    plan = [(50, 2.0, 0.0), (50, 1.5, 0.4), (40, 0.0, 0.0)]
    return planned(CAMERAS["mast"], TRUCK, ((-6.0, 24.0), 0.2), plan, square(9.0, 31.0))


def test_persons_nearby_do_not_hide_a_tail_that_swings_in():
    drive = swinging()
    fence = SiteFence(Shapes((ZoneShape("a", "forbidden", drive.area),)), {"c": CAMERAS["mast"].plane})
    feet = [CAMERAS["mast"].see([(3 + 0.6 * number, 36.0, 0.0)])[0] for number in range(20)]
    crew = [(f"c:p{n}", (x - 8, y - 45, x + 8, y), None, "person") for n, (x, y) in enumerate(feet)]
    kinds = [
        m.kind.name
        for number, seen in enumerate(drive.boxes)
        for m in fence.update(100 * number, "c", [("c:1", seen, None, drive.kind), *crew])
        if m.vehicle == "c:1"
    ]
    assert "ENTERED" in kinds


@pytest.mark.parametrize("many", [1, MOST])
def test_of_as_many_as_are_told_each_one_s_entering_is_told(many):
    """Every vehicle's turn comes before what was told of it is too old, at five looks a second."""
    drive = planned(CAMERAS["mast"], TRUCK, ((-10.0, 26.0), 0.0), [(120, 1.0, 0.0)], square(0.0, 26.0, 4.0))
    fence = SiteFence(Shapes((ZoneShape("a", "forbidden", drive.area),)), {"c": CAMERAS["mast"].plane})
    entered_by = set()
    for number, seen in list(enumerate(drive.boxes))[::2]:
        shifted = [(seen[0] + 5 * n, seen[1] + 3 * n, seen[2] + 5 * n, seen[3] + 3 * n) for n in range(many)]
        rows = [(f"c:{n}", one, None, drive.kind) for n, one in enumerate(shifted)]
        entered_by |= {m.vehicle for m in fence.update(100 * number, "c", rows) if m.kind.name == "ENTERED"}
    assert len(entered_by) == many


def test_who_stands_clear_of_an_area_is_not_in_it_after_a_gap():
    angle = 1.2
    start = np.array([2.0, 28.0]) - 8 * np.array([math.cos(angle), math.sin(angle)])
    plan = [(50, 1.5, 0.0), (100, 0.0, 0.0)]
    drive = planned(CAMERAS["mast"], SEMI, (tuple(start.tolist()), angle), plan, square(0.0, 0.0))
    x0, _, x1, y1 = drive.boxes[49]
    spot = CAMERAS["mast"].plane.spot((x0 + x1) / 2, y1)
    drive = replace(drive, area=square(spot.x, spot.y, 0.6))
    assert drive.depths().max() < -1.0
    drive.boxes[70:90] = [None] * 20
    assert entered(drive, CAMERAS["mast"]) == []


def test_outside_its_hours_nobody_reaches_into_an_area():
    drive = planned(CAMERAS["mast"], BUS, ((-8.0, 20.0), 0.6), [(110, 1.5, 0.0)], square(0.0, 26.0))
    said = {}
    for hours in (Hours.daily("00:00", "00:01"), Hours.daily("01:00", "02:00")):
        fence = SiteFence(
            Shapes((ZoneShape("夜", "forbidden", drive.area, hours=hours),)), {"c": CAMERAS["mast"].plane}
        )
        looks = enumerate(drive.boxes)
        movements = [m for n, b in looks for m in fence.update(100 * n, "c", [("c:1", b, None, "bus")] if b else [])]
        said[hours.spans[0]] = [m.kind for m in movements if m.shape == "夜"]
    assert [len(kinds) for kinds in said.values()] == [1, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(CAMERAS)),
    st.tuples(st.floats(-4, 4), st.floats(20, 36)),
    st.floats(0, math.pi),
    st.sampled_from(MODELS[:5]),
    st.integers(0, 2**16),
)
def test_what_is_surely_covered_is_covered_and_what_is_surely_clear_is_clear(name, middle, angle, model, seed):
    camera, rng = CAMERAS[name], np.random.default_rng(seed)
    way = np.array([math.cos(angle), math.sin(angle)])
    part = (np.array(middle) - way * model.lengths[0] / 2, angle, model.lengths[0], model.width)
    seen = box(camera, [part], model.height)
    if seen is None or min(seen[:2]) < 3 or seen[2] > SIZE[0] - 3 or seen[3] > SIZE[1] - 3:
        return
    seen = tuple((np.array(seen) + np.clip(rng.normal(0, 1, 4), -2, 2)).tolist())
    course = Course(angle + 0.5 * float(rng.choice([-1, 0, 1])) * 0.1, 0.1)
    size = BUILDS[model.kind]
    found = ways(camera.plane, seen, Known(size, *size.length(), 0, 5.0), course, max(2.0, 0.02 * (seen[3] - seen[1])))
    truth = shapely.Polygon(corners(part)[[0, 1, 3, 2]])
    areas, rings = {}, [square(*(np.array(middle) + rng.uniform(-9, 9, 2)).tolist(), 1.0) for _ in range(20)]
    for number, ring in enumerate(rings):
        areas[number] = Area(ZoneShape(f"z{number}", "forbidden", ring), 0.2)
    for number, says in reached(areas, found).items():
        meets = truth.intersection(shapely.Polygon(rings[number])).area
        assert not (says == 1 and meets == 0)
        assert not (says == -1 and meets > 1.0)


def test_generated_drives():
    counts = Counter(each for seed in range(30) for each in verdicts(seed, by_point=False))
    assert counts["footprint", "clear, raised"] == 0
    assert counts["footprint", "in, raised"] > 2 * counts["footprint", "in"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_generated_drives():
    counts = Counter(each for seed in range(400) for each in verdicts(seed))
    assert counts["footprint", "clear, raised"] <= 0.02 * counts["footprint", "clear"]
    assert counts["footprint", "in, raised"] > 1.25 * counts["point", "in, raised"]
