"""Passages open, join and close as vehicles do."""

from dataclasses import replace

import pytest

from gate.facts import Weighing
from gate.passage.book import PassageBook
from gate.records import Passage
from geofence.movement import Movement, MovementKind
from vision.facts import PlateColour, PlateReading, Sighting, VehicleClass

Box = tuple[float, float, float, float]
T0 = 1_700_000_000_000


def see(
    t_s: float,
    vehicle: str,
    x_m: float = 0.0,
    plate: str = "",
    *,
    kind: VehicleClass = VehicleClass.TRUCK,
    final: bool = False,
) -> Sighting:
    plates = (PlateReading(plate, PlateColour.YELLOW, 1, 0.95, frames=5),) if plate else ()
    camera = vehicle.split(":")[0]
    return Sighting(T0 + round(t_s * 1000), camera, vehicle, kind, 0.9, (0, 0, 10, 10), (x_m, 0.0), plates, final)


def at_box(t_s: float, vehicle: str, box: Box, plate: str = "") -> Sighting:
    return replace(see(t_s, vehicle, plate=plate), box=box, ground=None)


def move(t_s: float, vehicle: str, kind: MovementKind, shape: str, direction: str | None = None) -> Movement:
    ways = {MovementKind.ENTERED: "in", MovementKind.LEFT: "out"}
    return Movement(T0 + round(t_s * 1000), vehicle, kind, shape, direction or ways.get(kind))


def weighing(from_s: float, to_s: float) -> Weighing:
    return Weighing(T0 + round(to_s * 1000), "s1", 1, T0 + round(from_s * 1000), 40_000, T0, 40_000, (), ())


def book(*, shapes_matter: bool = True) -> PassageBook:
    return PassageBook("east", {"s1": "deck"}, shapes_matter=shapes_matter)


def closed(passages: list[Passage]) -> list[Passage]:
    return [p for p in passages if p.closed]


def test_a_weighing_joins_the_vehicle_that_stood_on_the_deck() -> None:
    b = book()
    b.see([see(0, "c:1"), see(0, "c:2", 50)])
    b.move(move(1, "c:1", MovementKind.ENTERED, "deck"))
    b.move(move(2, "c:2", MovementKind.ENTERED, "approach"))
    b.move(move(20, "c:1", MovementKind.LEFT, "deck"))
    first = b.changed(T0)[0].id
    assert b.weigh(weighing(1, 21)) == first
    assert {p.id: len(p.weighings) for p in b.finish()}[first] == 1


def test_a_weighing_with_nobody_on_the_deck_joins_nobody() -> None:
    b = book()
    b.see([see(0, "c:1")])
    b.move(move(1, "c:1", MovementKind.ENTERED, "approach"))
    assert b.weigh(weighing(1, 21)) is None


def test_a_track_found_again_nearby_is_the_same_visit() -> None:
    b = book()
    b.see([see(0, "c:1", 0.0)])
    b.move(move(1, "c:1", MovementKind.ENTERED, "deck"))
    b.see([see(2, "c:1", 3.0, final=True)])
    b.see([see(3, "c:2", 4.0)])
    passages = b.finish()
    assert [p.vehicles for p in passages] == [("c:1", "c:2")]
    assert "apart" in passages[0].joins[0]


@pytest.mark.parametrize(
    ("box", "t_s", "visits"),
    [
        ((0, 95, 510, 720), 1.2, 1),
        ((0, 95, 510, 720), 1.8, 2),  # too late
        ((0, 400, 250, 720), 1.2, 2),  # another box
    ],
)
def test_a_new_number_in_the_same_box_is_the_same_vehicle_though_the_picture_cuts_it_off(
    box: Box, t_s: float, visits: int
) -> None:
    """Another camera sees it elsewhere: where a box is cut off it tells no place."""
    b = book(shapes_matter=False)
    for i in range(6):
        b.see([at_box(i / 5, "c:1", (0, 90, 512, 720), "晋A31567")])
        b.see([see(i / 5, "d:1", 6.0 + i)])
    b.see([at_box(t_s, "c:2", box)])
    assert sum("c:2" in p.vehicles and "c:1" in p.vehicles for p in b.finish()) == (visits == 1)


def test_vehicles_seen_side_by_side_are_never_joined() -> None:
    b = book(shapes_matter=False)
    b.see([see(0, "c:1", 0.0), see(0, "c:2", 1.0)])
    b.see([see(1, "c:1", 0.0), see(1, "c:2", 1.0, "晋A31567")])
    b.see([see(2, "c:1", 0.0, "晋A31567"), see(2, "c:2", 1.0, "晋A31567")])
    assert len(b.finish()) == 2


def test_two_cameras_join_by_plate_and_differing_plates_keep_apart() -> None:
    b = book(shapes_matter=False)
    b.see([see(0, "front:1", 0.0, "晋A31567", final=True)])
    b.see([see(20, "rear:1", 30.0, "晋A31567", final=True)])
    b.see([see(21, "rear:2", 30.0, "晋C90210", final=True)])
    assert [p.vehicles for p in b.finish()] == [("front:1", "rear:1"), ("rear:2",)]


def test_a_visit_is_over_after_leaving_and_comes_closed_once() -> None:
    b = book()
    b.see([see(0, "c:1")])
    b.move(move(1, "c:1", MovementKind.CROSSED, "fence", "out"))
    assert not closed(b.changed(T0 + 2_000))
    assert len(closed(b.changed(T0 + 10_000))) == 1
    assert b.changed(T0 + 11_000) == []
    assert b.finish() == []


def test_a_hidden_truck_on_the_deck_stays_open() -> None:
    b = book()
    b.see([see(0, "c:1")])
    b.move(move(1, "c:1", MovementKind.ENTERED, "deck"))
    assert not closed(b.changed(T0 + 60_000))
    assert closed(b.changed(T0 + 400_000))


def test_what_only_ever_stands_in_a_zone_makes_no_passage_until_it_drives() -> None:
    b = book()
    b.see([see(0, "c:1")])
    b.move(Movement(T0, "c:1", MovementKind.ENTERED, "yard", None))
    assert b.changed(T0 + 100) == []
    b.move(move(5, "c:1", MovementKind.ENTERED, "deck"))
    assert len(b.changed(T0 + 5_000)) == 1


def test_passers_by_and_people_make_no_passage() -> None:
    b = book()
    b.see([see(0, "c:1"), see(0, "c:2", kind=VehicleClass.PERSON)])
    b.move(move(1, "c:2", MovementKind.ENTERED, "deck"))
    assert b.finish() == []


def test_nothing_new_means_nothing_told() -> None:
    b = book(shapes_matter=False)
    b.see([see(0, "c:1", 0.0, "晋A31567")])
    assert len(b.changed(T0)) == 1
    b.see([see(0.1, "c:1", 0.1, "晋A31567")])
    assert b.changed(T0 + 100) == []


def test_ids_do_not_repeat_within_a_second() -> None:
    b = book(shapes_matter=False)
    b.see([see(0, "c:1"), see(0, "c:2", 50), see(0.2, "c:3", 90)])
    ids = [p.id for p in b.finish()]
    assert ids == ["east-20231114T221320-1", "east-20231114T221320-2", "east-20231114T221320-3"]


def follow(b: PassageBook, plates: tuple[str, str], cameras: tuple[str, str] = ("c", "c")) -> None:
    """A vehicle vanishes on the deck, another comes into its place at once; their plates are read late."""
    first, second = f"{cameras[0]}:1", f"{cameras[1]}:2"
    b.see([see(0, first)])
    b.move(move(1, first, MovementKind.ENTERED, "deck"))
    b.see([see(5, first, plate=plates[0])])
    b.weigh(weighing(1, 5))
    b.see([see(6, second)])
    b.link(second, first)
    b.see([see(9, second, plate=plates[1])])
    assert b.link(second, first) == (cameras[0] != cameras[1] or plates[0][:-1] == plates[1][:-1])
    b.move(move(10, second, MovementKind.LEFT, "deck"))


def test_vehicles_taken_for_one_are_parted_when_the_same_camera_reads_another_plate() -> None:
    b = book()
    follow(b, ("晋A31567", "蒙K88012"))
    one, two = b.finish()
    assert [p.plates[0].text for p in (one, two)] == ["晋A31567", "蒙K88012"]
    assert (one.vehicles, two.vehicles) == (("c:1",), ("c:2",))
    assert [len(p.weighings) for p in (one, two)] == [1, 0]
    spans = [[(m.kind, m.t_ms - T0) for m in p.movements] for p in (one, two)]
    assert spans[0] == [(MovementKind.ENTERED, 1000), (MovementKind.LEFT, 5000)]
    assert spans[1] == [(MovementKind.ENTERED, 6000), (MovementKind.LEFT, 10000)]
    assert one.id != two.id


def test_one_doubtful_character_parts_nobody() -> None:
    b = book()
    follow(b, ("晋A31567", "晋A31568"))
    assert len(b.finish()) == 1


def test_front_and_rear_plates_that_differ_stay_one_visit() -> None:
    b = book()
    follow(b, ("晋A31567", "蒙K88012"), ("front", "rear"))
    (passage,) = b.finish()
    assert [p.text for p in passage.plates] == ["晋A31567", "蒙K88012"]


def test_a_passage_known_before_keeps_its_id_when_parted() -> None:
    b = book()
    b.see([see(0, "c:1", 0.0)])
    b.move(move(0, "c:1", MovementKind.ENTERED, "deck"))
    b.see([see(2, "c:1", 3.0, "晋A31567", final=True)])
    b.see([see(3, "c:2", 4.0)])
    merged = b.changed(T0 + 3000)
    b.see([see(4, "c:2", 4.0, "蒙K88012")])
    b.move(move(5, "c:2", MovementKind.ENTERED, "approach"))
    ids = [p.id for p in b.finish()]
    assert len(ids) == len(set(ids)) == 2
    assert merged[0].id == ids[0]
