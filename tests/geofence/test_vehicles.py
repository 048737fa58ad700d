"""One vehicle, one name."""

import numpy as np

from geofence.fence import SiteFence
from geofence.movement import MovementKind
from geofence.reunion import Memory
from geofence.shapes import Shapes
from geofence.vehicles import Vehicles
from tests.geofence.drive import boundary_fence, drive, kinds, row


def boxes(*centres):
    return np.array([[x - 30, y - 30, x + 30, y + 30] for x, y in centres], dtype=np.float64)


def test_new_key_where_a_vehicle_vanished():
    vehicles = Vehicles()
    for step in range(10):
        vehicles.recognise(step * 100, ["a"], boxes((100 + 10 * step, 100)), ["truck"])
    vehicles.recognise(1500, ["b"], boxes((260, 100)), ["truck"])
    assert vehicles.known_as("b") == "a"
    assert vehicles.known_as("z") == "z"


def test_who_was_taken_for_another_begins_anew_when_parted():
    vehicles = Vehicles(Memory())
    vehicles.recognise(0, ["a"], boxes((100, 100)), ["truck"])
    vehicles.recognise(200, ["a"], boxes((100, 100)), ["truck"])
    vehicles.recognise(400, ["b"], boxes((101, 100)), ["truck"])
    assert vehicles.known_as("b") == "a"
    vehicles.part("b")
    vehicles.recognise(600, ["b"], boxes((102, 100)), ["truck"])
    assert vehicles.known_as("b") == "b"


def test_a_person_is_not_the_truck_that_vanished():
    vehicles = Vehicles()
    for step in range(10):
        vehicles.recognise(step * 100, ["a"], boxes((100, 100)), ["truck"])
    vehicles.recognise(1100, ["b"], boxes((100, 100)), ["person"])
    assert vehicles.known_as("b") == "b"


def test_both_keys_seen_again_are_two_vehicles():
    vehicles = Vehicles()
    for step in range(5):
        vehicles.recognise(step * 100, ["a"], boxes((100, 100)), ["truck"])
    vehicles.recognise(600, ["b"], boxes((110, 100)), ["truck"])
    assert vehicles.known_as("b") == "a"
    vehicles.recognise(700, ["a", "b"], boxes((100, 100), (110, 100)), ["truck", "truck"])
    names = {vehicles.known_as("a"), vehicles.known_as("b")}
    assert names == {"a", "b"}


def test_who_moved_on_is_not_found_again_much_later():
    vehicles = Vehicles()
    for step in range(10):
        vehicles.recognise(step * 100, ["a"], boxes((100 + 20 * step, 100)), ["truck"])
    vehicles.recognise(8_000, ["b"], boxes((280, 100)), ["truck"])
    assert vehicles.known_as("b") == "b"


def test_vehicles_are_forgotten_and_slots_used_again():
    fence = boundary_fence()
    for minute in range(300):
        fence.update(minute * 60_000, "camera", [row(f"c:{minute}", (100.0 * (minute % 7), 50.0))])
    view = fence._views["camera"]
    assert len(view.vehicles) <= 3
    assert view.vehicles.capacity <= 16


def test_never_more_vehicles_than_the_cap():
    fence = SiteFence(Shapes(), memory=Memory(most=50))
    for step in range(50):
        keys = [f"c:{step}-{i}" for i in range(20)]
        for more in range(3):
            seen = [row(k, (40.0 * i, 400.0 * step)) for i, k in enumerate(keys)]
            fence.update(step * 300 + more * 100, "camera", seen)
    assert len(fence._views["camera"].vehicles) <= 70


def test_stops_and_drives_on():
    places = [(0.0, float(y)) for y in range(40, 20, -1)] + [(0.0, 20.0)] * 80 + [(0.0, 20.0 - y) for y in range(20)]
    movements = drive(boundary_fence(), [[row("c:1", p)] for p in places])
    found = [m for m in movements if m.kind in (MovementKind.STOPPED, MovementKind.MOVED_OFF)]
    assert kinds(found) == [MovementKind.STOPPED, MovementKind.MOVED_OFF]
    assert 3_000 <= found[0].duration_ms <= 3_500
    assert 7_500 <= found[1].duration_ms <= 9_000
