"""Every way other counters are known to miscount, by the issue that tells of it, and how this one must count."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.movement import MovementKind
from geofence.shapes import BoundaryShape, GateShape
from tests.geofence.drive import LINE, boundary_fence, crossings, drive, kinds, line, row

OUTSIDE, INSIDE = (2.0, 15.0), (2.0, 5.0)


def through(count: int = 40):
    return line(OUTSIDE, INSIDE, count)


def test_one_passage_is_one_crossing_through_the_gate():
    fence = boundary_fence()
    assert crossings(drive(fence, [[row("c:1", p)] for p in through()])) == [("c:1", "in", "东门")]
    assert crossings(drive(fence, [[row("c:1", p)] for p in reversed(through())], 10_000)) == [("c:1", "out", "东门")]
    assert fence.close() == []


def test_beside_the_gate_there_is_no_gate():
    places = line((15.0, 15.0), (15.0, 5.0), 40)
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places])) == [("c:1", "in", None)]


def test_flicker_of_one_frame_counts_nothing():
    # supervision #2600: a flicker was counted as a crossing back to the side the object never left
    places = [OUTSIDE] * 10 + [INSIDE] + [OUTSIDE] * 10
    fence = boundary_fence()
    assert drive(fence, [[row("c:1", p)] for p in places]) == []
    assert fence.close() == []


def test_trembling_on_the_corridors_edge_is_neither_here_nor_there():
    # stands 0.9 m past the line, whose corridor ends at 1 m; its box trembles, and jumps now and then
    rng = np.random.default_rng(4)
    places = line(OUTSIDE, (2.0, 9.1), 20) + [(2.0, 9.1 + rng.normal(0, 0.1)) for _ in range(600)]
    for jump in (100, 250, 400):
        places[jump : jump + 2] = [(2.0, 6.0)] * 2
        places[jump + 2] = (2.0, 8.95)
    places += line((2.0, 9.1), OUTSIDE, 20) + [OUTSIDE] * 5
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places])) == []


def test_flicker_on_the_line_after_crossing_counts_once():
    places = [*through(), OUTSIDE, *([INSIDE] * 20), OUTSIDE, *([INSIDE] * 20)]
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places])) == [("c:1", "in", "东门")]


def test_unconfirmed_tracks_are_not_one_vehicle():
    # supervision #2578: tracks not yet confirmed were all merged under −1, which then jumped from side to side
    places = [OUTSIDE, INSIDE] * 20
    assert drive(boundary_fence(), [[row("", p), row("", (p[0], 20 - p[1]))] for p in places]) == []


def test_two_tracks_under_one_key_are_not_one_vehicle():
    frames = [[row("c:1", OUTSIDE), row("c:1", INSIDE)] for _ in range(40)]
    assert crossings(drive(boundary_fence(), frames)) == []


def test_car_stopped_on_the_line_with_a_new_key_each_time():
    # OpenDataCam #204: one car stopped on the line, lost and found again, was counted 15 times
    rng = np.random.default_rng(1)
    frames, number = [], 1
    for place in through()[:20] + [(2.0, 10.0)] * 300 + through()[20:] + [INSIDE] * 5:
        if place == (2.0, 10.0) and rng.random() < 0.05:
            number += 1
        lost = place == (2.0, 10.0) and rng.random() < 0.3
        jitter = rng.normal(0, 0.15, 2)
        frames.append([] if lost else [row(f"c:{number}", (place[0] + jitter[0], place[1] + jitter[1]))])
    assert number > 8
    assert crossings(drive(boundary_fence(), frames)) == [("c:1", "in", "东门")]


def test_hidden_for_a_minute_on_the_line_behind_another_truck():
    frames = [[row("c:1", p)] for p in through()[:20] + [(2.0, 10.0)] * 20]
    frames += [[] for _ in range(600)]
    frames += [[row("c:9", p)] for p in [(2.0, 10.0)] * 10 + through()[20:] + [INSIDE] * 5]
    assert crossings(drive(boundary_fence(), frames)) == [("c:1", "in", "东门")]


def test_line_ends_where_it_is_drawn():
    # supervision #210, #518: a line counted everything in the picture, whether or not it touched the line
    places = line((40.0, 15.0), (40.0, 5.0), 60)
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places])) == []


def test_around_the_end_and_back_through_the_line():
    around = [
        *line((2.0, 15.0), (40.0, 15.0), 80),
        *line((40.0, 15.0), (40.0, 5.0), 30),
        *line((40.0, 5.0), INSIDE, 80),
    ]
    fence = boundary_fence()
    assert crossings(drive(fence, [[row("c:1", p)] for p in around])) == []
    back = drive(fence, [[row("c:1", p)] for p in reversed(through())], 30_000)
    assert crossings(back) == [("c:1", "out", "东门")]


def test_line_near_the_edge_of_the_picture():
    # supervision #1838: near the edge no box was ever wholly on one side, so nothing was ever counted
    edge = BoundaryShape("边", ((0.0, 30.0), (600.0, 30.0)), 10.0, camera="camera")
    rows = [("c:1", (200.0, y - 120.0, 300.0, float(y)), None, "truck") for y in np.arange(5.0, 200.0, 4.0)]
    fence = boundary_fence(edge)
    assert crossings(drive(fence, [[r] for r in rows])) == [("c:1", "out", None)]


def test_so_fast_that_no_frame_is_in_the_corridor():
    # ultralytics #25492: crossings were lost in proportion to how far objects moved between frames
    places = [(2.0, y) for y in (31.0, 27.0, 23.0, 19.0, 15.0, 11.5, 7.5, 3.5, -0.5)]
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places])) == [("c:1", "in", "东门")]


def test_last_seen_once_beyond_the_corridor():
    fence = boundary_fence()
    places = [(2.0, y) for y in (17.0, 15.0, 13.0, 11.5, 9.5, 7.5)]
    assert crossings(drive(fence, [[row("c:1", p)] for p in places])) == []
    assert crossings(fence.close()) == [("c:1", "in", "东门")]


def test_queue_creeping_over_the_line_counts_each_once_and_none_back():
    # OpenDataCam #501: boxes of waiting cars moved backwards on the line and were counted in the wrong direction too
    rng = np.random.default_rng(8)
    creep = [y for stop in np.arange(15.0, 4.0, -0.8) for y in (*np.linspace(stop, stop - 0.8, 8), *[stop - 0.8] * 15)]
    frames = [
        [row(f"c:{n}", (x, y + 0.12 * rng.standard_normal())) for n, x in enumerate((-20.0, 2.0, 20.0))] for y in creep
    ]
    assert sorted(crossings(drive(boundary_fence(), frames))) == [
        ("c:0", "in", None),
        ("c:1", "in", "东门"),
        ("c:2", "in", None),
    ]


@pytest.mark.parametrize("heading", [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.6, 0.8)])
def test_direction_is_the_vehicles_not_the_shapes(heading):
    # ultralytics #25103, #17607: a wide region told in from out by one axis of its own, so opposite ways were one
    ring = BoundaryShape("b", ((-30.0, -8.0), (30.0, -8.0), (30.0, 8.0), (-30.0, 8.0)), 1.0, True)
    through = line((-45 * heading[0], -45 * heading[1]), (45 * heading[0], 45 * heading[1]), 200)
    assert crossings(drive(boundary_fence(ring), [[row("c:1", p)] for p in through])) == [
        ("c:1", "in", None),
        ("c:1", "out", None),
    ]


def test_quick_reversal_just_past_the_corridor():
    # ultralytics #25104: direction taken over the last frames pointed the way the object went before it turned
    there = line(OUTSIDE, (2.0, 7.0), 16)
    back = line((2.0, 7.0), OUTSIDE, 16)
    places = [*there, *[(2.0, 7.0)] * 3, *back, *[OUTSIDE] * 5]
    assert [c[1] for c in crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places]))] == ["in", "out"]


def test_two_vehicles_side_by_side_are_two():
    # KS_Traffic_Analyzer #2: two vehicles on the line at once were counted as one
    frames = [[row("c:1", p), row("c:2", (p[0] + 5, p[1]))] for p in through()]
    assert sorted(crossings(drive(boundary_fence(), frames))) == [("c:1", "in", "东门"), ("c:2", "in", None)]


def test_two_vehicles_exchange_keys():
    frames = []
    for number, place in enumerate(through(60)):
        a, b = ("c:1", "c:2") if number < 33 else ("c:2", "c:1")
        frames.append([row(a, place), row(b, (place[0] + 6, 20 - place[1]))])
    assert sorted(crossings(drive(boundary_fence(), frames))) == [("c:1", "in", "东门"), ("c:2", "out", None)]


def test_turns_back_in_the_corridor():
    # a counter that counts boxes touching the line counts this one twice
    there = line(OUTSIDE, (2.0, 9.8), 30)
    places = there + [(2.0, 9.8)] * 10 + there[::-1]
    movements = drive(boundary_fence(), [[row("c:1", p)] for p in places])
    assert kinds(movements, MovementKind.CROSSED, MovementKind.TURNED_BACK) == [MovementKind.TURNED_BACK]


def test_shunts_over_the_line_again_and_again():
    places = line(OUTSIDE, (2.0, 9.5), 30)
    for _ in range(8):
        places += line((2.0, 9.5), (2.0, 10.6), 15) + line((2.0, 10.6), (2.0, 9.4), 15)
    places += line((2.0, 9.4), INSIDE, 30)
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in places])) == [("c:1", "in", "东门")]


def test_track_that_begins_in_the_corridor_says_nothing():
    # it may have come from either side: it never passed the whole corridor
    places = [(2.0, 10.3)] * 20 + line((2.0, 10.3), INSIDE, 30)
    fence = boundary_fence()
    assert crossings(drive(fence, [[row("c:1", p)] for p in places])) == []
    out = drive(fence, [[row("c:1", p)] for p in reversed(through())], 10_000)
    assert crossings(out) == [("c:1", "out", "东门")]


def test_track_that_begins_inside_leaves_once():
    assert crossings(drive(boundary_fence(), [[row("c:1", p)] for p in reversed(through())])) == [
        ("c:1", "out", "东门")
    ]


def test_key_given_to_another_vehicle_far_away_is_no_crossing():
    frames = [[row("c:1", (2.0, 40.0))] for _ in range(20)] + [[row("c:1", (2.0, -40.0))] for _ in range(20)]
    assert crossings(drive(boundary_fence(), frames)) == []


def test_repeated_and_older_frames_change_nothing():
    fence = boundary_fence()
    out = []
    for number, place in enumerate(through()):
        out += fence.update(number * 100, "camera", [row("c:1", place)])
        out += fence.update(number * 100, "camera", [row("c:1", OUTSIDE)])
        out += fence.update(number * 100 - 50, "camera", [row("c:1", OUTSIDE)])
    assert crossings(out) == [("c:1", "in", "东门")]


def test_uncertain_ground_points_do_not_cross():
    # far from the camera a pixel is metres: within two sigmas of the line nothing is decided
    from geofence.fence import SiteFence
    from geofence.plane import GroundPlane
    from geofence.shapes import Shapes

    image = np.array([[0.0, 700], [1280, 700], [680, 160], [600, 160]])
    ground = np.array([[-4.0, 5], [4, 5], [4, 120], [-4, 120]])
    plane = GroundPlane.from_points(image, ground)
    far = BoundaryShape("far", ((50.0, 200.0), (-50.0, 200.0)), 1.0)
    fence = SiteFence(Shapes((), (far,), ()), {"camera": plane})
    out = []
    for number in range(60):
        x, y = plane.to_image(np.array([[0.0, 198.5 if number % 20 < 10 else 201.5]]))[0]
        out += fence.update(number * 100, "camera", [("c:1", (x - 20, y - 40, x + 20, y), None, "truck")])
    assert crossings(out) == []


@pytest.mark.parametrize(
    ("points", "closed", "inward"),
    [
        (((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)), True, (50.0, 5.0)),
        (((0.0, 100.0), (100.0, 100.0), (100.0, 0.0), (0.0, 0.0)), True, (50.0, 5.0)),  # drawn the other way round
        (((0.0, 0.0), (100.0, 0.0)), False, (50.0, 5.0)),  # left of an eastward line is north
        (((100.0, 0.0), (0.0, 0.0)), False, (50.0, -5.0)),
    ],
)
def test_inside_is_left_of_a_line_and_within_a_ring(points, closed, inward):
    outward = (50.0, -inward[1])
    fence = boundary_fence(BoundaryShape("b", points, 1.0, closed))
    frames = [[row("c:1", p)] for p in line(outward, inward, 40)]
    assert crossings(drive(fence, frames)) == [("c:1", "in", None)]


def test_left_in_a_picture_is_left_as_a_viewer_sees_it():
    upward = BoundaryShape("b", ((300.0, 500.0), (300.0, 100.0)), 20.0, camera="camera")
    rows = [("c:1", (x - 40, 200.0, x + 40, 300.0), None, "car") for x in np.linspace(400, 200, 40)]
    assert crossings(drive(boundary_fence(upward), [[r] for r in rows])) == [("c:1", "in", None)]


def test_gate_across_the_start_of_a_ring():
    ring = ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0))
    gate = GateShape("角门", "both", (0.0, 6.0), (6.0, 0.0))
    fence = boundary_fence(BoundaryShape("b", ring, 1.0, True, (gate,)))
    for offset, name in (((3.0, 0.0), "角门"), ((0.0, 3.0), "角门"), ((20.0, 0.0), None)):
        across = (0.0, 5.0) if offset[1] == 0 else (5.0, 0.0)
        start = (offset[0] - across[0], offset[1] - across[1])
        end = (offset[0] + across[0], offset[1] + across[1])
        fence = boundary_fence(BoundaryShape("b", ring, 1.0, True, (gate,)))
        assert crossings(drive(fence, [[row("c:1", p)] for p in line(start, end, 40)])) == [("c:1", "in", name)]


@settings(max_examples=60, deadline=None)
@given(
    turns=st.lists(st.sampled_from([-6.0, -3.0, -0.6, 0.0, 0.6, 3.0, 6.0]), min_size=2, max_size=8),
    seed=st.integers(0, 2**16),
)
def test_counts_are_the_changes_of_side(turns, seed):
    rng = np.random.default_rng(seed)
    depths = [6.0]
    for a, b in zip([6.0, *turns], turns, strict=False):
        depths += list(np.linspace(a, b, 25)) + [b] * 10
    frames = [[row("c:1", (2.0 + rng.normal(0, 0.05), 10.0 + d + rng.normal(0, 0.05)))] for d in depths]
    sides = [np.sign(d) for d in (6.0, *turns) if abs(d) >= 3]
    expected = [("in" if b < 0 else "out") for a, b in pairwise(sides) if a != b]
    fence = boundary_fence(LINE)
    assert [c[1] for c in crossings([*drive(fence, frames), *fence.close()])] == expected
