from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.facts import Weighing, WeightSample
from gate.scale.analysis import analyse, compare_ramps, jumps
from gate.scale.curve import steps
from gate.scale.weighing import WeighingMachine
from tests.gate.scale.curves import SCALE, truck

# axle loads kg, positions m behind the first, groups as they roll on
TRUCKS = {
    "two axles": ([6000.0, 10000], [0.0, 4.5], [6000, 10000]),
    "three axles": ([7000.0, 9000, 9000], [0.0, 4.0, 5.35], [7000, 18000]),
    "four axles": ([7000.0, 7000, 9000, 9000], [0.0, 1.8, 5.2, 6.55], [14000, 18000]),
    "six axles": ([6500.0, 9000, 9000, 8200, 8200, 8200], [0.0, 3.3, 4.65, 10.4, 11.71, 13.02], [6500, 18000, 24600]),
    "six, empty": ([5500.0, 3000, 3000, 1800, 1800, 1800], [0.0, 3.3, 4.65, 10.4, 11.71, 13.02], [5500, 6000, 5400]),
    "car": ([800.0, 700], [0.0, 2.7], [800, 700]),
}


def weighed(samples: list[WeightSample]) -> Weighing:
    machine = WeighingMachine(SCALE)
    (weighing,) = [w for s in samples for w in machine.update(s)] + machine.flush()
    return weighing


@pytest.mark.parametrize("name", TRUCKS)
@pytest.mark.parametrize("speed", [0.7, 1.0, 1.4])
def test_steps_are_axle_groups_at_weighing_speed(name: str, speed: float) -> None:
    axles_kg, at_m, groups_kg = TRUCKS[name]
    ramps = compare_ramps(weighed(truck(axles_kg, at_m, speed=speed)).steps)
    assert ramps.rises_kg == pytest.approx(groups_kg, rel=0.05)
    assert ramps.falls_kg == pytest.approx(groups_kg, rel=0.05)
    assert ramps.worst_kg is not None
    assert ramps.worst_kg < 0.03 * sum(axles_kg)


def test_an_empty_or_flat_curve_has_no_steps() -> None:
    assert steps((), 20) == ()
    assert steps(tuple((i * 100, 40.0) for i in range(50)), 20) == ()


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.floats(-1e5, 1.5e5)), max_size=80),
    st.sampled_from([1.0, 20.0, 50.0]),
)
def test_steps_of_any_curve_join_and_lie_in_time(rows: list[tuple[int, float]], e_kg: float) -> None:
    times = np.cumsum([dt for dt, _ in rows]) if rows else []
    curve = tuple((int(t), kg) for t, (_, kg) in zip(times, rows, strict=True))
    found = steps(curve, e_kg)
    assert [s.t_ms for s in found] == sorted(s.t_ms for s in found)
    for a, b in pairwise(found):
        assert a.to_kg == b.from_kg
    assert all(curve[0][0] <= s.t_ms <= curve[-1][0] for s in found)


def test_a_report_of_an_honest_weighing_is_quiet() -> None:
    axles_kg, at_m, _ = TRUCKS["six axles"]
    report = analyse(weighed(truck(axles_kg, at_m)), SCALE.e_kg)
    assert report.zero_before_kg == 0
    assert abs(report.zero_after_kg) <= 20
    assert report.noise_kg is not None
    assert report.noise_kg < SCALE.e_kg
    assert report.jumps == ()
    assert abs(report.ramps.difference_kg) < 200


@pytest.mark.parametrize("offset_kg", [-500.0, 500.0, 2_000.0])
def test_an_offset_added_to_a_standing_load_is_a_jump(offset_kg: float) -> None:
    axles_kg, at_m, _ = TRUCKS["six axles"]
    samples = truck(axles_kg, at_m, stand_s=12)
    start_ms = next(s.t_ms for s in samples if s.kg > 49_000) + 5_000
    forged = tuple((s.t_ms, s.kg + (offset_kg if s.t_ms >= start_ms and s.kg > 3_000 else 0)) for s in samples)
    (jump, *_) = jumps(forged, SCALE.e_kg)
    assert jump.to_kg - jump.from_kg == pytest.approx(offset_kg, abs=20)
    assert abs(jump.t_ms - start_ms) <= 1_000


def test_a_vehicle_that_backs_off_is_matched_in_reverse() -> None:
    axles_kg, at_m, _ = TRUCKS["three axles"]
    on = [s for s in truck(axles_kg, at_m) if s.t_ms < 12_000]
    there_and_back = [*on, *(WeightSample(24_000 - s.t_ms, s.scale, s.kg) for s in reversed(on))]
    ramps = compare_ramps(weighed(there_and_back).steps)
    assert ramps.reversed_off
    assert ramps.worst_kg is not None
    assert ramps.worst_kg < 500
