"""Shapes that are none are refused with their id, the field and what was expected."""

import pytest

from geofence.errors import ShapeError
from geofence.hours import Hours
from geofence.shapes import BoundaryShape, GateShape, LaneShape, Shapes, ZoneShape

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


def zone(ring=SQUARE, **more):
    return ZoneShape("煤场", "inside", ring, **more)


@pytest.mark.parametrize(
    ("make", "field", "expected"),
    [
        (lambda: zone(SQUARE[:2]), "points", "3 or more points"),
        (lambda: zone(((0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0))), "points", "cross or touch itself"),
        (lambda: zone(((0.0, 0.0), (5.0, 0.0), (10.0, 0.0))), "points", "ring"),
        (lambda: zone((*SQUARE, (0.0, 10.0))), "points", "neighbouring points apart; point 3"),
        (lambda: zone((*SQUARE, (0.0, 0.0))), "points", "neighbouring points apart"),
        (lambda: zone(((0.0, 0.0), (float("nan"), 0.0), (1.0, 1.0))), "points", "finite"),
        (lambda: zone(((116e6, 39.9), (116.4, 39.9), (116.4, 40.0))), "points", "local metres"),
        (lambda: zone(holes=(((8.0, 8.0), (12.0, 8.0), (12.0, 12.0)),)), "holes.0", "wholly inside"),
        (lambda: ZoneShape("z", "car park", SQUARE), "kind", "one of inside, deck"),
        (lambda: BoundaryShape("b", SQUARE[:1], 1.0), "points", "2 or more points"),
        (lambda: BoundaryShape("b", ((0.0, 0.0), (0.0, 0.0)), 1.0), "points", "the same place"),
        (
            lambda: BoundaryShape("b", ((0.0, 0.0), (10.0, 0.0), (5.0, 5.0), (5.0, -5.0)), 1.0),
            "points",
            "does not cross itself",
        ),
        (lambda: BoundaryShape("b", SQUARE[:2], 0.0), "corridor", "above 0"),
        (
            lambda: BoundaryShape("b", SQUARE[:2], 1.0, gates=(GateShape("g", "both", (2.0, 0.0), (4.0, 2.0)),)),
            "gates.g.to",
            "a point on the boundary; it is 2.00 m away",
        ),
        (
            lambda: BoundaryShape("b", SQUARE[:2], 1.0, gates=(GateShape("g", "both", (2.0, 0.0), (2.0, 0.0)),)),
            "gates.g",
            "two different places",
        ),
        (
            lambda: BoundaryShape("b", SQUARE[:2], 1.0, gates=(GateShape("g", "way", (2.0, 0.0), (3.0, 0.0)),)),
            "gates.g.use",
            "entrance, exit, both",
        ),
        (lambda: LaneShape("l", SQUARE[:2], 4.0, against_m=-1), "against_m", "above 0"),
        (lambda: LaneShape("l", SQUARE[:2], 0.0), "width", "above 0"),
        (lambda: Shapes((zone(), zone())), "id", "no other shape"),
        (
            lambda: Shapes((zone(),), (), (LaneShape("l", SQUARE[:2], 4.0, manoeuvre=("磅",)),)),
            "manoeuvre",
            "no zone '磅'",
        ),
    ],
)
def test_refused(make, field, expected):
    with pytest.raises(ShapeError) as caught:
        make()
    assert caught.value.field == field
    assert expected in str(caught.value)
    assert repr(caught.value.shape) in str(caught.value)


def test_outside_the_picture_is_refused():
    shapes = Shapes((ZoneShape("z", "deck", ((0.0, 0.0), (700.0, 0.0), (600.0, 400.0)), camera="c"),))
    with pytest.raises(ShapeError, match=r"'z': image\.1: a point inside the picture of 640×480 px"):
        shapes.check_pictures({"c": (640, 480)})
    shapes.check_pictures({"c": (704, 576)})
    with pytest.raises(ShapeError, match="a camera of this site"):
        shapes.check_pictures({"d": (704, 576)})


def test_shapes_by_frame():
    ground, seen = zone(), ZoneShape("z", "deck", SQUARE, camera="c")
    lane = LaneShape("l", SQUARE[:2], 4.0, manoeuvre=("z", "煤场"))
    shapes = Shapes((ground, seen), (), (lane,))
    assert shapes.on_ground().zones == (ground,)
    assert shapes.on_ground().lanes[0].manoeuvre == ("煤场",)
    assert shapes.in_picture("c").zones == (seen,)
    assert list(shapes.in_picture("d").each()) == []


@pytest.mark.parametrize(
    ("t_ms", "active"),
    [
        (0, False),  # 1970-01-01 00:00 UTC, a Thursday
        (22 * 3600_000, True),
        (30 * 3600_000 - 60_000, True),  # 05:59 the day after
        (30 * 3600_000, False),
    ],
)
def test_hours_over_midnight(t_ms, active):
    assert Hours.daily("22:00", "06:00", (3,)).active(t_ms) is active


def test_hours_over_the_end_of_the_week():
    night = Hours.daily("22:00", "06:00", (6,))
    monday_3h = (4 * 24 + 3) * 3600_000  # 1970-01-05 03:00, a Monday
    assert night.active(monday_3h)
    assert not night.active(monday_3h + 4 * 3600_000)
    assert Hours.daily("00:00", "24:00").active(monday_3h)


@pytest.mark.parametrize(
    ("start", "end", "days"), [("25:00", "6:00", (0,)), ("8", "9:00", (0,)), ("8:00", "9:00", (7,))]
)
def test_hours_that_are_none(start, end, days):
    with pytest.raises(ShapeError):
        Hours.daily(start, end, days)
