"""Coming into zones and leaving them."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.hours import Hours
from geofence.movement import MovementKind
from geofence.shapes import Shapes, ZoneShape
from tests.geofence.drive import drive, line, row, zone_fence

YARD = ZoneShape("院", "inside", ((0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)))
PLACES = line((-5.0, 10.0), (25.0, 10.0), 100)


def visits(movements):
    return [
        (m.kind.value, m.shape, m.direction) for m in movements if m.kind in (MovementKind.ENTERED, MovementKind.LEFT)
    ]


def test_in_and_out():
    movements = drive(zone_fence(YARD), [[row("c:1", p)] for p in PLACES])
    assert visits(movements) == [("entered", "院", "in"), ("left", "院", "out")]


def test_first_seen_inside_says_so():
    fence = zone_fence(YARD)
    movements = drive(fence, [[row("c:1", p)] for p in PLACES[50:]])
    assert visits(movements) == [("entered", "院", None), ("left", "院", "out")]


def test_one_frame_inside_is_nobody():
    # Frigate #9491, #8890: one box that reached into a zone raised an alarm; its inertia was off by one
    places = [(-3.0, 10.0)] * 10 + [(10.0, 10.0)] + [(-3.0, 10.0)] * 10
    assert visits(drive(zone_fence(YARD), [[row("c:1", p)] for p in places])) == []


def test_parked_on_the_edge_does_not_come_and_go():
    rng = np.random.default_rng(1)
    frames = [[row("c:1", (0.0 + rng.normal(0, 0.08), 10.0))] for _ in range(600)]
    assert len(visits(drive(zone_fence(YARD), frames))) <= 1


@pytest.mark.parametrize("kind", ["approach", "deck"])
def test_box_at_the_edge_of_the_picture(kind):
    # Frigate #3697, #19346: a box that touches the picture's edge fell out of the zone drawn to that edge
    zone = ZoneShape("z", kind, ((0.0, 400.0), (640.0, 400.0), (640.0, 480.0), (0.0, 480.0)), camera="camera")
    fence = zone_fence(*Shapes((zone,)).to_edges({"camera": (640, 480)}).zones)
    out = []
    for number in range(20):
        foot = 300.0 if number < 5 else 480.0 - number % 2
        out += fence.update(number * 100, "camera", [("c:1", (250.0, 200.0, 350.0, foot), None, "truck")])
    assert visits(out) == [("entered", "z", "in")]


def test_hole_is_not_in_the_zone():
    zone = ZoneShape("院", "inside", YARD.ring, (((8.0, 8.0), (12.0, 8.0), (12.0, 12.0), (8.0, 12.0)),))
    movements = drive(zone_fence(zone), [[row("c:1", p)] for p in PLACES])
    assert [v[0] for v in visits(movements)] == ["entered", "left", "entered", "left"]


def test_outside_its_hours_a_zone_holds_nobody():
    night = ZoneShape("夜", "forbidden", YARD.ring, hours=Hours.daily("00:00", "00:01"))
    frames = [[row("c:1", (10.0, 10.0))] for _ in range(900)]
    movements = drive(zone_fence(night), frames)
    assert visits(movements) == [("entered", "夜", None), ("left", "夜", "out")]
    assert 60_000 <= movements[-1].t_ms <= 60_600


def test_who_is_inside_now():
    fence = zone_fence(YARD)
    drive(fence, [[row("c:1", p)] for p in PLACES[:50]])
    assert fence.inside("camera", "c:1") == ("院",)
    assert fence.inside("camera", "c:2") == ()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**20))
def test_inside_agrees_with_shapely(seed):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = 50 + rng.uniform(5, 40, 9)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    if not shapely.Polygon(ring).is_valid:
        return
    zone = ZoneShape("z", "inside", tuple(map(tuple, ring.tolist())))
    points = rng.uniform(0, 100, (60, 2))
    clear = shapely.distance(zone.polygon().exterior, shapely.points(points)) > 0.3
    fence = zone_fence(zone)
    for step in range(4):
        fence.update(step * 100, "camera", [row(f"c:{i}", tuple(p)) for i, p in enumerate(points.tolist())])
    for i in np.flatnonzero(clear):
        assert bool(fence.inside("camera", f"c:{i}")) == zone.polygon().contains(shapely.Point(points[i]))


def test_a_box_that_jumps_far_into_a_zone_is_nobody():
    # Frigate #1246: a false find far away was taken for the tracked person for a frame, and set off the alarm
    fence = zone_fence(YARD)
    places = [(30.0, 30.0)] * 20 + [(5.0, 5.0)] * 2 + [(30.0, 30.0)] * 20
    assert [m for m in drive(fence, [[row("c:1", p, "person", 1.0)] for p in places]) if m.shape] == []


def test_nobody_leaves_a_zone_he_was_never_in():
    # SUMO #3791: passing beside a detector was told as leaving it
    places = line((-20.0, -3.0), (40.0, -3.0), 80)
    assert [m for m in drive(zone_fence(YARD), [[row("c:1", p)] for p in places]) if m.shape] == []
