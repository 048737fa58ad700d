"""What a visit makes of its sightings."""

from gate.facts import from_plain, to_plain
from gate.passage.visit import Visit, best_look
from gate.records import Passage
from vision.facts import Sighting, VehicleClass, VehicleColour, VehicleLook


def sighting(t_ms: int, vehicle: str, look: VehicleLook | None) -> Sighting:
    return Sighting(t_ms, vehicle[0], vehicle, VehicleClass.TRUCK, 0.9, (0, 0, 9, 9), look=look)


def test_colour_and_axles_come_from_the_camera_that_was_surest() -> None:
    front = VehicleLook(VehicleColour.RED, 0.95, looks=4)
    side = VehicleLook(VehicleColour.ORANGE, 0.6, 6, 0.9, looks=3)
    visit = Visit("east-1", "east")
    visit.see(sighting(1, "a:1", VehicleLook(VehicleColour.BROWN, 0.7, looks=1)))
    visit.see(sighting(2, "a:1", front))
    visit.see(sighting(3, "a:1", None))
    visit.see(sighting(4, "b:1", side))
    record = visit.record(closed=False)
    assert record.look == VehicleLook(VehicleColour.RED, 0.95, 6, 0.9, looks=7)
    assert from_plain(Passage, to_plain(record)) == record


def test_nothing_is_known_where_nothing_looked() -> None:
    visit = Visit("east-1", "east")
    visit.see(sighting(1, "a:1", None))
    assert visit.record(closed=True).look is None
    assert best_look([VehicleLook(looks=2), VehicleLook(looks=1)]) == VehicleLook(looks=3)
