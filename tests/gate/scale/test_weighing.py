import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.facts import Weighing, WeightSample
from gate.scale.weighing import Phase, WeighingMachine
from tests.gate.scale.curves import SCALE, truck

SIX_AXLES = [6500.0, 9000, 9000, 8200, 8200, 8200], [0.0, 3.3, 4.65, 10.4, 11.71, 13.02]
THREE_AXLES = [7000.0, 9000, 9000], [0.0, 4.0, 5.35]


def weigh(samples: list[WeightSample]) -> list[Weighing]:
    machine = WeighingMachine(SCALE)
    return [w for s in samples for w in machine.update(s)] + machine.flush()


def level(kg: float, start_ms: int, seconds: float) -> list[WeightSample]:
    return [WeightSample(start_ms + i * 100, "s1", kg) for i in range(int(seconds * 10))]


@pytest.mark.parametrize("speed", [1.0, 1.4, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_truck_is_weighed_from_empty_to_empty(speed: float, seed: int) -> None:
    samples = truck(*SIX_AXLES, speed=speed, seed=seed)
    (weighing,) = weigh(samples)
    assert weighing.stable_kg == pytest.approx(49_100, abs=20)
    assert weighing.number == 1
    assert weighing.curve[0][1] == 0
    assert weighing.curve[-1][1] < 100
    assert weighing.start_ms < weighing.stable_ms < weighing.t_ms
    inside = [(s.t_ms, s.kg) for s in samples if weighing.start_ms <= s.t_ms <= weighing.t_ms]
    assert [p for p in weighing.curve if p[0] >= weighing.start_ms] == inside


def test_steps_are_the_axle_groups() -> None:
    (weighing,) = weigh(truck(*SIX_AXLES))
    rises = [s.to_kg - s.from_kg for s in weighing.steps if s.to_kg > s.from_kg]
    falls = [s.from_kg - s.to_kg for s in weighing.steps if s.to_kg < s.from_kg]
    assert rises == pytest.approx([6500, 18000, 24600], rel=0.02)
    assert falls == pytest.approx([6500, 18000, 24600], rel=0.02)


def test_phases_follow_the_truck() -> None:
    machine = WeighingMachine(SCALE)
    phases: list[Phase] = []
    for sample in truck(*THREE_AXLES):
        machine.update(sample)
        if not phases or phases[-1] != machine.state.phase:
            phases.append(machine.state.phase)
    assert phases[0] == phases[-1] == Phase.EMPTY
    assert Phase.LOADING in phases
    assert Phase.STABLE in phases
    assert Phase.UNLOADING in phases


def test_a_truck_that_never_rests_has_no_stable_weight() -> None:
    (weighing,) = weigh(truck(*SIX_AXLES, stand_s=0.0))
    assert weighing.stable_kg is None
    assert weighing.stable_ms is None
    assert weighing.peak_kg > 40_000


def test_a_person_on_the_deck_is_no_weighing() -> None:
    assert weigh([*level(0, 0, 2), *level(80, 2_000, 5), *level(0, 7_000, 2)]) == []


def test_the_whole_vehicle_is_taken_not_its_front_half() -> None:
    samples = [*level(0, 0, 2), *level(20_000, 2_000, 30), *level(48_000, 32_000, 4), *level(0, 36_000, 2)]
    (weighing,) = weigh(samples)
    assert weighing.stable_kg == 48_000


def test_weight_left_behind_does_not_hide_the_next_vehicle() -> None:
    samples = [*level(0, 0, 2), *level(40_000, 2_000, 5), *level(500, 7_000, 10), *level(30_500, 17_000, 5)]
    samples += [*level(500, 22_000, 10), *level(0, 32_000, 5), *level(10_000, 37_000, 5), *level(0, 42_000, 5)]
    assert [w.stable_kg for w in weigh(samples)] == [40_000, 30_500, 10_000]


def test_one_dropped_reading_ends_nothing() -> None:
    samples = truck(*THREE_AXLES)
    middle = len(samples) // 2
    samples[middle] = replace(samples[middle], kg=0.0)
    (weighing,) = weigh(samples)
    assert weighing.stable_kg == pytest.approx(25_000, abs=20)


def test_readings_over_capacity_or_told_as_overload_are_never_taken() -> None:
    over = [*level(0, 0, 2), *level(170_000, 2_000, 5), *level(0, 7_000, 2)]
    (weighing,) = weigh(over)
    assert weighing.stable_kg is None
    told = [replace(s, overload=s.kg > 0) for s in [*level(0, 0, 2), *level(90_000, 2_000, 5), *level(0, 7_000, 2)]]
    (weighing,) = weigh(told)
    assert weighing.stable_kg is None


def test_motion_told_by_the_indicator_is_not_stable() -> None:
    samples = [*level(0, 0, 2), *level(40_000, 2_000, 5), *level(0, 7_000, 2)]
    (weighing,) = weigh([replace(s, stable=False) for s in samples])
    assert weighing.stable_kg is None


def test_negative_readings_open_nothing() -> None:
    assert weigh([*level(0, 0, 1), *level(-2_000, 1_000, 5), *level(0, 6_000, 2)]) == []


@pytest.mark.parametrize("jump_ms", [-3_600_000, 3_600_000, -10_000])
def test_a_clock_jump_inside_a_weighing_keeps_it_whole(jump_ms: int) -> None:
    samples = truck(*THREE_AXLES)
    middle = len(samples) // 2
    moved = samples[:middle] + [replace(s, t_ms=s.t_ms + jump_ms) for s in samples[middle:]]
    (weighing,) = weigh(moved)
    assert weighing.stable_kg == pytest.approx(25_000, abs=20)
    times = [t for t, _ in weighing.curve]
    assert times == sorted(times)
    assert weighing.start_ms <= weighing.t_ms


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-4_000_000, 4_000_000) | st.integers(0, 1_500),
            st.floats(-150_000, 150_000) | st.sampled_from([0.0, 20.0, 48_620.0]),
            st.sampled_from([True, False, None]),
            st.booleans(),
        ),
        max_size=200,
    )
)
def test_whatever_comes_weighings_are_ordered_and_from_the_samples(
    rows: list[tuple[int, float, bool | None, bool]],
) -> None:
    machine, t_ms, weighings = WeighingMachine(SCALE), 10**12, []
    seen: set[float] = set()
    for step_ms, kg, stable, overload in rows:
        t_ms += step_ms
        seen.add(kg)
        weighings += machine.update(WeightSample(t_ms, "s1", kg, stable, None, overload))
    weighings += machine.flush()
    assert [w.number for w in weighings] == list(range(1, len(weighings) + 1))
    for weighing in weighings:
        times = [t for t, _ in weighing.curve]
        assert times == sorted(times)
        assert {kg for _, kg in weighing.curve} <= seen
        assert weighing.start_ms <= weighing.t_ms
        if weighing.stable_kg is not None:
            assert 200 < weighing.stable_kg <= SCALE.capacity_kg + 180
    assert machine.flush() == []


@pytest.mark.parametrize("seed", range(5))
def test_repeats_and_late_samples_change_nothing(seed: int) -> None:
    rng = random.Random(seed)
    samples = truck(*THREE_AXLES)
    noisy: list[WeightSample] = []
    for i, sample in enumerate(samples):
        noisy.append(sample)
        if rng.random() < 0.2:
            noisy.append(rng.choice(samples[max(0, i - 20) : i + 1]))
    assert weigh(noisy) == weigh(samples)
