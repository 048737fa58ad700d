"""Two cameras on one vehicle, and on two: by the ends they see and the way both go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.passage.book import PassageBook
from gate.passage.place import Way, together
from gate.records import Passage
from vision.facts import PlateColour, PlateReading, Sighting, VehicleClass

T0 = 1_700_000_000_000


def look(
    t_s: float, vehicle: str, y_m: float, *, size_px: float, plate: str = "", x_m: float = 0.0, final: bool = False
) -> Sighting:
    plates = (PlateReading(plate, PlateColour.YELLOW, 1, 0.95, frames=5),) if plate else ()
    box = (100.0, 100.0, 100.0 + size_px, 100.0 + size_px)
    camera, t_ms = vehicle.split(":")[0], T0 + round(t_s * 1000)
    return Sighting(t_ms, camera, vehicle, VehicleClass.TRUCK, 0.9, box, (x_m, y_m), plates, final)


def ways(offset_m: float, *, first_comes: bool = True, second_comes: bool = False, x_m: float = 0.0) -> tuple[Way, Way]:
    """Two cameras for three seconds: something goes south at 4 m/s; the second camera's point lies offset_m behind."""
    a, b = Way(), Way()
    for i in range(16):
        t_s, y_m = i / 5, 60 - 0.8 * i
        a.see(look(t_s, "front:1", y_m, size_px=100 + i * (2 if first_comes else -2)))
        b.see(look(t_s, "rear:1", y_m + offset_m, size_px=100 + i * (2 if second_comes else -2), x_m=x_m))
    return a, b


@pytest.mark.parametrize(
    ("offset_m", "second_comes", "x_m", "one"),
    [
        (16.0, False, 0.0, True),  # a semi-trailer's front and its rear
        (2.0, False, 0.5, True),
        (-4.0, False, 0.0, False),  # the rear of the truck ahead, right before the second one's front
        (26.0, False, 0.0, False),  # longer than any vehicle
        (2.0, True, 0.0, True),  # both see its front
        (12.0, True, 0.0, False),  # two fronts
        (8.0, False, 5.0, False),  # in the lane beside
    ],
)
def test_which_points_are_one_vehicles(offset_m: float, second_comes: bool, x_m: float, one: bool) -> None:
    fit = together(*ways(offset_m, second_comes=second_comes, x_m=x_m), goods=True)
    assert fit is not None
    assert (fit[0] < 1) is one


def test_it_does_not_matter_which_camera_is_named_first() -> None:
    for offset_m in (-4.0, 16.0):
        a, b = ways(offset_m)
        one, other = together(a, b, goods=True), together(b, a, goods=True)
        assert one is not None
        assert other is not None
        assert one[0] == pytest.approx(other[0])


@given(st.integers(1, 4))
def test_a_short_look_tells_nothing(looks: int) -> None:
    a, b = Way(), Way()
    for i in range(looks):
        a.see(look(i / 5, "front:1", 60 - i, size_px=100))
        b.see(look(i / 5, "rear:1", 60 - i, size_px=100))
    assert together(a, b, goods=True) is None


def drive(book: PassageBook, offset_m: float, plates: tuple[str, str] = ("", "")) -> list[Passage]:
    for i in range(30):
        t_s, y_m = i / 5, 60 - 0.8 * i
        book.see([look(t_s, "front:1", y_m, size_px=100 + 2 * i, plate=plates[0])])
        book.see([look(t_s, "rear:1", y_m + offset_m, size_px=200 - 2 * i, plate=plates[1])])
    return book.finish()


def book() -> PassageBook:
    return PassageBook("east", {}, shapes_matter=False)


def test_two_ends_of_one_vehicle_are_joined_without_a_plate() -> None:
    (passage,) = drive(book(), 15.0)
    assert passage.vehicles == ("front:1", "rear:1")
    assert "no plate read surely" in passage.unsure[-1]


def test_differing_plates_on_one_moving_vehicle_are_joined_and_said_to_be_doubtful() -> None:
    (passage,) = drive(book(), 6.0, ("晋A31567", "晋C90210"))
    assert [p.text for p in passage.plates] == ["晋A31567", "晋C90210"]
    assert any("plates differ" in doubt for doubt in passage.unsure)


def test_one_plate_seen_at_once_in_two_places_is_two_vehicles() -> None:
    assert len(drive(book(), 45.0, ("晋A31567", "晋A31567"))) == 2


def test_a_plate_bent_to_another_says_so_and_a_whole_match_is_sure() -> None:
    for second, sure in (("晋A31567", True), ("晋A3I567".replace("I", "1"), True), ("晋A3156T", False)):
        b = book()
        b.see([look(0, "front:1", 0, size_px=100, plate="晋A31567", final=True)])
        b.see([look(20, "rear:1", 30, size_px=100, plate=second, final=True)])
        (passage,) = b.finish()
        assert (passage.unsure == ()) is sure


def test_a_key_that_changes_while_a_vehicle_leaves_is_the_same_visit() -> None:
    b = book()
    for i in range(10):
        b.see([look(i / 5, "cam:1", 20 - i, size_px=100 + i)])
    b.see([look(2.2, "cam:2", 9.0, size_px=112)])
    b.see([look(3.5, "cam:1", 11.0, size_px=109, final=True), look(3.5, "cam:2", 4.0, size_px=120)])
    assert [p.vehicles for p in b.finish()] == [("cam:1", "cam:2")]


def test_nobody_is_joined_before_both_cameras_saw_long_enough_which_end_is_which() -> None:
    b = book()
    for i in range(5):  # a front 1 m behind another vehicle's rear, both standing in a queue: too soon to tell
        b.see([look(i / 5, "front:1", 41, size_px=100)])
        b.see([look(i / 5, "rear:2", 40, size_px=100)])
    assert len([p for p in b.changed(T0 + 1_000) if not p.closed]) == 2


def test_the_truck_ahead_is_not_taken_for_the_one_that_follows_it() -> None:
    """One camera sees rears until they are far off, another sees the first truck's front a moment later."""
    b = book()
    for i in range(60):
        t_s, y_m = i / 5, 2.0 * i / 5
        if i < 20:
            b.see([look(t_s, "rear:1", 20 + y_m, size_px=200 - i), look(t_s, "rear:2", y_m, size_px=220 - i)])
        else:
            b.see([look(t_s, "rear:2", y_m, size_px=220 - i)])
        if i >= 26:
            b.see([look(t_s, "far:1", 36 + y_m, size_px=100 + i)])
    passages = b.finish()
    assert not any({"rear:2", "far:1"} <= set(p.vehicles) for p in passages)


def test_one_that_goes_in_and_another_that_comes_out_after_it_are_two() -> None:
    b = book()
    for i in range(20):
        b.see([look(i / 5, "in:1", 3.0 * i / 5, size_px=200 - i)])
    for i in range(40):
        b.see([look(10 + i / 5, "out:1", 40 - 3.0 * i / 5, size_px=100 + i)])
    assert [p.vehicles for p in b.finish()] == [("in:1",), ("out:1",)]


def test_one_that_drives_on_is_one_though_no_camera_sees_it_for_a_while() -> None:
    b = book()
    for i in range(20):
        b.see([look(i / 5, "first:1", 3.0 * i / 5, size_px=200 - i)])
    for i in range(20):
        b.see([look(7 + i / 5, "next:1", 19 + 3.0 * i / 5, size_px=100 + i)])
    (passage,) = b.finish()
    assert passage.vehicles == ("first:1", "next:1")
    assert passage.unsure[1:] == ()


def test_who_might_as_well_have_been_joined_says_so_too() -> None:
    b = book()
    b.see([look(0, "one:1", 0.0, size_px=100), look(0, "one:2", 6.0, size_px=100)])
    b.see([look(0.2, "one:1", 0.0, size_px=100, final=True), look(0.2, "one:2", 6.0, size_px=100, final=True)])
    b.see([look(1.0, "two:1", 3.0, size_px=100)])
    passages = b.finish()
    assert sorted(len(p.vehicles) for p in passages) == [1, 2]
    assert all(any("3.0 m apart" in doubt for doubt in p.unsure) for p in passages)
