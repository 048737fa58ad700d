"""Boxes cut off by the side of a picture: whole again where their shape is known, held back where it is not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.judging.outline import Outlines, at_edge
from vision.facts import Sighting, VehicleClass

SIZE = (1280, 720)
WHOLE = Sighting(0, "cam", "cam:1", VehicleClass.TRUCK, 0.9, (500, 200, 700, 400), (1.0, 20.0))


def outlines() -> Outlines:
    return Outlines({"cam": SIZE})


def test_a_whole_box_is_told_as_it_is() -> None:
    assert outlines().row(WHOLE) == ("cam:1", WHOLE.box, WHOLE.ground, VehicleClass.TRUCK)


@given(
    shape=st.floats(0.3, 4),
    height=st.floats(40, 400),
    shown=st.floats(0.2, 1.0),
    side=st.sampled_from(["left", "right"]),
)
def test_a_vehicle_that_leaves_by_a_side_keeps_its_middle(shape: float, height: float, shown: float, side: str) -> None:
    eyes, width = outlines(), shape * height
    eyes.row(replace(WHOLE, box=(100, 100, 100 + 200 * shape, 300)))
    cut = (0.0, 300.0, shown * width, 300 + height)
    if side == "right":
        cut = (SIZE[0] - shown * width, 300.0, float(SIZE[0]), 300 + height)
    if shown * width > 0.95 * SIZE[0]:
        return
    row = eyes.row(replace(WHOLE, box=cut))
    assert row is not None
    _, box, ground, _ = row
    assert ground is None
    outer = shown * width if side == "left" else SIZE[0] - shown * width
    assert (box[2] if side == "left" else box[0]) == pytest.approx(outer)
    assert box[2] - box[0] == pytest.approx(width)


def test_a_vehicle_never_seen_whole_is_held_back_until_it_is() -> None:
    eyes = outlines()
    assert eyes.row(replace(WHOLE, box=(0, 200, 90, 400))) is None
    assert eyes.row(replace(WHOLE, box=(60, 200, 260, 400))) is not None
    assert eyes.row(replace(WHOLE, box=(0, 200, 90, 400))) == ("cam:1", (-110, 200, 90, 400), None, "truck")


def test_one_that_never_gets_whole_is_told_as_seen_once_no_more_of_it_comes_into_sight() -> None:
    eyes = outlines()
    widths = [90.0, 140, 200, 260, 262, 262, 262, 262, 262, 262, 262, 262, 250, 262, 240, 180, 90]
    told = [
        (i, row)
        for i, width in enumerate(widths)
        if (row := eyes.row(replace(WHOLE, t_ms=i * 200, box=(0, 100 + 10 * i, width, 300 + 10 * i)))) is not None
    ]
    assert [i for i, _ in told] == list(range(8, len(widths)))  # a second after it last got wider, and from then on
    assert told[0][1] == ("cam:1", (0, 180, 262, 380), None, "truck")


@given(st.floats(0.02, 0.1), st.integers(4, 30))
def test_one_that_drives_in_is_held_back_until_it_is_whole(share_a_look: float, looks: int) -> None:
    eyes = outlines()
    for i in range(looks):
        shown = (1 + share_a_look * i * 3) * 100
        row = eyes.row(replace(WHOLE, t_ms=i * 100, box=(0, 200, shown, 400)))
        assert row is None
    assert eyes.row(replace(WHOLE, t_ms=looks * 100, box=(60, 200, 400, 400))) is not None


def test_one_that_fills_the_picture_and_a_person_are_taken_as_seen() -> None:
    eyes = outlines()
    for sighting in (
        replace(WHOLE, box=(0, 200, 1280, 700)),
        replace(WHOLE, kind=VehicleClass.PERSON, box=(0, 200, 50, 400)),
        replace(WHOLE, camera="unknown", box=(0, 200, 50, 400)),
    ):
        row = eyes.row(sighting)
        assert row is not None
        assert row[1] == sighting.box


def test_edges_are_left_right_and_below() -> None:
    assert not at_edge((100, 0, 200, 300), SIZE)
    assert at_edge((10, 100, 200, 300), SIZE)
    assert at_edge((100, 100, 1275, 300), SIZE)
    assert at_edge((100, 100, 200, 719), SIZE)
    assert not at_edge((0, 0, 1280, 720), None)
