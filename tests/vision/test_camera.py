"""From drawn frames to sightings: keys, plates, timing, determinism."""

from collections.abc import Iterator

import numpy as np

from tests.vision.drawn import PLATES, Actor, DrawnDetector, build_drawn, driving, frames, stages
from vision.camera import CameraPipeline
from vision.config import CameraConfig
from vision.facts import Detections, Sighting, VehicleClass
from vision.source import Frame

CONFIG = CameraConfig(id="gate", name="大门", site="矿", address="file:none.mp4", size=(640, 360))


class DrawnFrames:
    """Frames of a drawn street, and the time of the one on show."""

    def __init__(self, actors: list[Actor]) -> None:
        self._actors, self.t_ms = actors, 0

    def until(self, end_ms: int) -> Iterator[Frame]:
        for frame in frames(self._actors, end_ms):
            self.t_ms = frame.t_ms
            yield frame


def run(actors: list[Actor], until_ms: int, pipeline: CameraPipeline | None = None) -> list[Sighting]:
    pipeline = pipeline or build_drawn(CONFIG)
    out = [s for f in frames(actors, until_ms) for s in pipeline.step(f)]
    return out + pipeline.finish(until_ms)


def test_one_truck_is_one_vehicle_with_its_plate_and_a_last_word() -> None:
    truck = Actor(VehicleClass.TRUCK, driving(-200, 120, 200, 150, 220), PLATES[0])
    seen = run([truck], 5000)
    assert {s.vehicle for s in seen} == {"gate:1"}
    assert [s.final for s in seen].count(True) == 1
    assert seen[-1].final
    assert [p.text for p in seen[-1].plates] == [PLATES[0]]
    assert seen[-1].plates[0].frames >= 3
    assert seen[-1].kind is VehicleClass.TRUCK
    early = next(s for s in seen if s.plates)
    assert early.t_ms < 2500


def test_sightings_come_at_least_five_times_a_second_while_a_vehicle_is_in_view() -> None:
    truck = Actor(VehicleClass.TRUCK, driving(-200, 120, 200, 150, 150), PLATES[0])
    times = [s.t_ms for s in run([truck], 5000) if not s.final]
    assert max(np.diff(times)) <= 270


def test_the_same_frames_give_the_same_sightings() -> None:
    actors = [
        Actor(VehicleClass.TRUCK, driving(-200, 60, 200, 120, 180), PLATES[1]),
        Actor(VehicleClass.CAR, driving(640, 220, 120, 80, -240), PLATES[2]),
    ]
    assert run(actors, 4000) == run(actors, 4000)


def test_two_vehicles_keep_their_own_plates_when_they_pass_each_other() -> None:
    actors = [
        Actor(VehicleClass.TRUCK, driving(-200, 30, 200, 120, 180), PLATES[1]),
        Actor(VehicleClass.CAR, driving(640, 200, 140, 100, -180), PLATES[2]),
    ]
    last = {s.vehicle: s for s in run(actors, 5500) if s.final}
    assert sorted(p.text for s in last.values() for p in s.plates) == sorted([PLATES[1], PLATES[2]])
    assert {s.kind for s in last.values()} == {VehicleClass.TRUCK, VehicleClass.CAR}


def test_a_plate_is_told_even_where_no_vehicle_is_found() -> None:
    class Blind:
        def detect(self, frame: object, *, threshold: float | None = None) -> Detections:
            return Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))

    pipeline = CameraPipeline("gate", (640, 360), Blind(), stages())
    truck = Actor(VehicleClass.TRUCK, driving(-200, 120, 200, 150, 220), PLATES[3])
    last = [s for s in run([truck], 5000, pipeline) if s.final]
    assert [p.text for s in last for p in s.plates] == [PLATES[3]]
    assert last[0].kind is VehicleClass.TRUCK


def test_two_cars_taken_for_one_are_parted_by_their_plates() -> None:
    class Merging:
        def detect(self, frame: object, *, threshold: float | None = None) -> Detections:
            return Detections(np.array([[100.0, 40.0, 540.0, 350.0]]), np.array([0.9]), np.array([0]))

    actors = [
        Actor(VehicleClass.CAR, driving(150, 120, 200, 150, 60, end_ms=2500), PLATES[1]),
        Actor(VehicleClass.CAR, driving(150, 60, 200, 150, 60, start_ms=3500), PLATES[2]),
    ]
    seen = run(actors, 6000, CameraPipeline("gate", (640, 360), Merging(), stages()))
    last = {s.vehicle: [p.text for p in s.plates] for s in seen if s.final}
    assert last == {"gate:1": [PLATES[1]], "gate:2": [PLATES[2]]}


def test_a_plate_seen_past_the_vehicle_that_half_hides_its_own_waits_for_it() -> None:
    """The detector takes both for one until the follower is seen whole; two are told, each with its plate."""
    leader = Actor(VehicleClass.TRUCK, driving(100, 40, 420, 300, 20), PLATES[1])
    follower = Actor(VehicleClass.TRUCK, driving(180, 10, 200, 140, 20, start_ms=1200), PLATES[2])
    shown = DrawnFrames([leader, follower])

    class Merging:
        def detect(self, frame: object, *, threshold: float | None = None) -> Detections:
            whole = [leader, follower] if shown.t_ms >= 2800 else [leader]
            boxes = np.array([actor.box_at(shown.t_ms) for actor in whole], np.float64)
            return Detections(boxes, np.full(len(whole), 0.9), np.zeros(len(whole), np.int64))

    pipeline = CameraPipeline("gate", (640, 360), Merging(), stages())
    seen = [s for frame in shown.until(5000) for s in pipeline.step(frame)] + pipeline.finish(5000)
    last = {s.vehicle: [p.text for p in s.plates] for s in seen if s.final}
    assert last == {"gate:1": [PLATES[1]], "gate:2": [PLATES[2]]}
    assert max(s.t_ms for s in seen if s.vehicle == "gate:1" and not s.final) > 4700, "the leader is followed on"


def test_numbers_go_on_from_where_a_former_worker_stopped() -> None:
    pipeline = CameraPipeline("gate", (640, 360), DrawnDetector(), None, first_number=18)
    truck = Actor(VehicleClass.TRUCK, driving(0, 120, 200, 150, 100))
    assert {s.vehicle for s in run([truck], 2000, pipeline)} == {"gate:18"}


def test_nothing_moving_means_hardly_any_looking() -> None:
    class Counting(DrawnDetector):
        looks = 0

        def detect(self, frame: np.ndarray, *, threshold: float | None = None) -> Detections:  # type: ignore[type-arg]
            self.looks += 1
            return super().detect(frame, threshold=threshold)

    detector = Counting()
    run([], 10_000, CameraPipeline("gate", (640, 360), detector, None))
    assert detector.looks <= 7


def test_ground_points_are_left_out_at_the_horizon() -> None:
    class Half:
        def to_ground(self, points: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
            return np.where(points[:, :1] > 320, np.nan, points / 10)

    pipeline = CameraPipeline("gate", (640, 360), DrawnDetector(), None, plane=Half())
    seen = run([Actor(VehicleClass.TRUCK, driving(0, 120, 200, 150, 200))], 3000, pipeline)
    assert seen[0].ground is not None
    assert seen[-2].ground is None
