"""One vehicle, one number: through stops, gaps, pieces, crossings and noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.boxes import around, contained
from vision.facts import Detections, VehicleClass
from vision.track import Tracker, Vehicle

CLASSES = tuple(VehicleClass)
TRUCK, CAR, PERSON = (CLASSES.index(k) for k in (VehicleClass.TRUCK, VehicleClass.CAR, VehicleClass.PERSON))
Box = tuple[float, float, float, float]
SIZE = (1280, 720)


def found(*things: tuple[Box, float, int]) -> Detections:
    boxes = np.array([b for b, _, _ in things], np.float64).reshape(-1, 4)
    scores = np.array([s for _, s, _ in things], np.float64)
    return Detections(boxes, scores, np.array([k for _, _, k in things], np.int64))


def at(x: float, y: float = 200.0, width: float = 300.0, height: float = 200.0) -> Box:
    return (x, y, x + width, y + height)


def run(sequence: list[tuple[int, Detections]]) -> tuple[Tracker, set[int], list[Vehicle]]:
    """The tracker after a sequence, every number it gave, and what left."""
    tracker, numbers, left = Tracker(*SIZE), set(), []
    for t_ms, detections in sequence:
        left += tracker.update(t_ms, detections)
        numbers |= {v.number for v in tracker.vehicles}
    return tracker, numbers, left


@settings(max_examples=60)
@given(
    speed=st.floats(-500, 500),
    gap=st.integers(0, 8),
    jitter=st.floats(0, 12),
    seed=st.integers(0, 1000),
    step_ms=st.sampled_from([66, 120, 200]),
)
def test_a_vehicle_keeps_its_number_whatever_its_speed_and_small_gaps(
    speed: float, gap: int, jitter: float, seed: int, step_ms: int
) -> None:
    rng = np.random.default_rng(seed)
    start = 100.0 if speed >= 0 else 900.0
    sequence = []
    for i in range(40):
        x = start + speed * i * step_ms / 1000
        if not -200 < x < 1180:
            break
        hidden = 12 <= i < 12 + min(gap, 1600 // step_ms)
        box = tuple(np.array(at(x)) + rng.normal(0, jitter, 4))
        sequence.append((i * step_ms, found() if hidden else found((box, 0.8, TRUCK))))
    _, numbers, _ = run(sequence)
    assert numbers <= {1}


def test_a_truck_that_stands_and_is_hidden_for_fifteen_seconds_is_the_same_truck() -> None:
    sequence = [(i * 200, found((at(400), 0.9, TRUCK))) for i in range(20)]
    sequence += [(4000 + i * 200, found()) for i in range(75)]
    sequence += [(19_000 + i * 200, found((at(404), 0.9, TRUCK))) for i in range(10)]
    _, numbers, left = run(sequence)
    assert numbers == {1}
    assert not left


def test_pieces_of_a_followed_truck_are_not_vehicles() -> None:
    sequence = []
    for i in range(60):
        x = -300 + i * 25
        whole = at(x, width=600)
        if i < 20 or i % 3:
            things = [(whole, 0.8, TRUCK)]
        else:  # the detector sees cab and trailer apart
            things = [(at(x, width=200), 0.7, TRUCK), (at(x + 190, width=410), 0.7, TRUCK)]
        sequence.append((i * 150, found(*things)))
    _, numbers, _ = run(sequence)
    assert numbers == {1}


def test_two_trucks_behind_one_that_leaves_are_not_pieces_of_it() -> None:
    """As found in a rendered queue: a false find tears the leaving one's box wide; two others stand where it may be."""
    leaving = [(734, 70, 1268, 696), (769, 72, 1277, 713), (797, 103, 1280, 700), (819, 146, 1280, 720)]
    leaving += [(865, 135, 1280, 720), (883, 154, 1278, 719)]
    torn = [(508, 90, 1278, 720), (452, 74, 1277, 720)]
    second = [(356, 0, 604, 228), (347, 4, 600, 235), (341, 4, 599, 257), (332, 5, 599, 281), (307, 0, 597, 294)]
    second += [(282, 0, 603, 313), (248, 0, 600, 336), (221, 6, 596, 354), (188, 3, 604, 393), (163, 12, 588, 436)]
    third = [(693, 7, 902, 215), (688, 6, 913, 222), (694, 11, 924, 228), (694, 7, 936, 263), (696, 2, 962, 280)]
    third += [(701, 14, 974, 297)]
    boxes = [[box] for box in [*leaving, leaving[-1]]] + [[], [], []]
    boxes += [[one] for one in second]
    for index, box in enumerate(torn):
        boxes[10 + index].append(box)
    for index, box in enumerate(third):
        boxes[14 + index].append(box)
    sequence = [(200 * i, found(*((box, 0.6, TRUCK) for box in seen))) for i, seen in enumerate(boxes)]
    tracker, followed, _ = run(sequence)
    assert followed == {1, 2, 3}
    assert max(v.box[2] - v.box[0] for v in tracker.vehicles) < 500


def test_a_cab_inside_a_followed_truck_begins_nothing() -> None:
    sequence = [
        (i * 150, found((at(200 + i, width=600), 0.9, TRUCK), (at(220 + i, 250, 150, 140), 0.8, CAR)))
        for i in range(30)
    ]
    _, numbers, _ = run(sequence)
    assert numbers == {1}


def test_a_car_before_a_truck_is_a_vehicle() -> None:
    sequence = [
        (i * 150, found((at(200 + i, width=600), 0.9, TRUCK), (at(420 + i, 300, 200, 130), 0.8, CAR)))
        for i in range(30)
    ]
    _, numbers, _ = run(sequence)
    assert numbers == {1, 2}


def test_two_that_cross_keep_their_own_numbers() -> None:
    tracker, seen = Tracker(*SIZE), {}
    for i in range(45):
        left, right = at(50 + 22 * i, 150), at(900 - 22 * i, 330)
        tracker.update(i * 100, found((left, 0.9, TRUCK), (right, 0.9, CAR)))
        for vehicle in tracker.vehicles:
            seen.setdefault(vehicle.number, []).append(vehicle.box[0])
    assert set(seen) == {1, 2}
    assert all(np.all(np.sign(np.diff(x)) == np.sign(x[-1] - x[0])) for x in seen.values())


def test_a_vehicle_following_another_out_is_its_own() -> None:
    sequence = []
    for i in range(80):
        things = [(at(x), 0.9, TRUCK) for x in (700 + 30 * i, 300 + 30 * i, -100 + 30 * i) if -300 < x < 1250]
        sequence.append((i * 100, found(*things)))
    _, numbers, left = run(sequence)
    assert numbers == {1, 2, 3}
    assert {v.number for v in left} == {1, 2, 3}


def test_a_person_beside_a_truck_is_not_the_truck() -> None:
    sequence = [
        (i * 150, found((at(300, width=500), 0.9, TRUCK), (at(400 + 4 * i, 260, 40, 120), 0.9, PERSON)))
        for i in range(20)
    ]
    tracker, numbers, _ = run(sequence)
    assert numbers == {1, 2}
    assert {v.kind for v in tracker.vehicles} == {VehicleClass.TRUCK, VehicleClass.PERSON}


def test_an_unsure_detection_goes_on_but_does_not_begin() -> None:
    _, none, _ = run([(i * 150, found((at(300), 0.2, TRUCK))) for i in range(20)])
    assert none == set()
    sequence = [(i * 150, found((at(300 + 9 * i), 0.9 if i < 5 else 0.2, TRUCK))) for i in range(40)]
    tracker, numbers, _ = run(sequence)
    assert numbers == {1}
    assert tracker.vehicles[0].seen_ms == 39 * 150


@settings(max_examples=40)
@given(st.lists(st.lists(st.tuples(st.floats(0, 1200), st.floats(0, 600), st.integers(0, 6)), max_size=5), max_size=30))
def test_any_noise_gives_numbers_in_order_and_the_same_ones_again(
    noise: list[list[tuple[float, float, int]]],
) -> None:
    sequence = [
        (i * 120, found(*(((x, y, x + 80, y + 60), 0.9, k) for x, y, k in things))) for i, things in enumerate(noise)
    ]
    _, first, _ = run(sequence)
    _, again, _ = run(sequence)
    assert first == again
    assert first == set(range(1, len(first) + 1))


def test_scenery_taken_for_a_truck_is_never_a_vehicle_nor_takes_one_over() -> None:
    house = (at(700), 0.42, TRUCK)
    sequence = [(i * 150, found(house)) for i in range(20)]
    sequence += [(3000 + i * 150, found(house, (at(100 + 22 * i), 0.9, TRUCK))) for i in range(20)]
    sequence += [(6000 + i * 150, found(house)) for i in range(20)]
    _, numbers, left = run(sequence)
    assert numbers == {1}
    assert [v.number for v in left] == [1]


def test_everything_in_view_leaves_at_the_end_once() -> None:
    tracker, _, left = run([(i * 150, found((at(300), 0.9, TRUCK))) for i in range(6)])
    assert not left
    assert [v.number for v in tracker.finish()] == [1]
    assert tracker.finish() == []


@pytest.mark.parametrize("count", [1, 3])
def test_box_arithmetic(count: int) -> None:
    boxes = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0], [2.0, 2.0, 4.0, 4.0]])[:count]
    assert np.allclose(np.diag(contained(boxes, boxes)), 1.0)
    assert list(around(boxes)) == [0.0, 0.0, 10.0 if count == 1 else 15.0, 10.0]
