"""The twin's physics: masses, steps, boards and devices as the cells see them."""

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from calibration_rigs import catalogue
from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.shelf import SHELF
from calibration_rigs.simulation import Simulation, Tick

WEIGH = [[-2.2, 70], [-2.2, -24]]


def staged(seconds: float, **changes: object) -> tuple[Scenario, Layout]:
    base, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    plain = base.model_dump(mode="json") | {"seconds": seconds} | changes
    return Scenario.model_validate(plain), layout_of(site)


def truck(model: str = "coal_semi_6", cargo_t: float = 32.0, **changes: object) -> dict[str, object]:
    moves = [{"to": "deck", "kmh": 14}, {"wait_s": 8}, {"to": "end", "kmh": 14}]
    return {"id": "truck", "model": model, "cargo_t": cargo_t, "path": WEIGH, "moves": moves} | changes


def played(seconds: float, period_s: float = 0.1, **changes: object) -> tuple[Simulation, list[Tick]]:
    simulation = Simulation(*staged(seconds, **changes))
    return simulation, list(simulation.ticks(period_s))


def shown(ticks: list[Tick]) -> list[tuple[int, float]]:
    return [(s.at_ms, s.kg) for t in ticks for s in t.shown["scale"]]


def standing(ticks: list[Tick]) -> list[Tick]:
    """Ticks at which the truck has stood for a second with all its wheels on the deck."""
    still = [t for t in ticks if t.vehicles and abs(t.vehicles[0].speed_m_s) < 1e-3 and t.vehicles[0].deck_kg > 0]
    return [t for t in still if t.t_s > still[0].t_s + 1.5]


@pytest.mark.parametrize("model", ["coal_semi_6", "coal_semi_5", "dumper_4", "tank_truck_3", "dumper_2"])
def test_cells_and_display_show_the_true_mass(model: str) -> None:
    cargo_t = 0.0 if model == "dumper_2" else 12.0
    simulation, ticks = played(34, actors=[truck(model, cargo_t)])
    mass = simulation.vehicles[0].mass_kg
    still = standing(ticks)
    assert len(still) > 20
    assert max(abs(t.deck_kg["deck"] - mass) for t in still) < 5
    from_ms, to_ms = still[0].t_s * 1000, still[-1].t_s * 1000
    readings = [kg for at, kg in shown(ticks) if from_ms + 500 <= at <= to_ms]
    assert max(abs(kg - mass) for kg in readings) <= 20  # 1 e
    assert sum(still[0].vehicles[0].axle_kg) == pytest.approx(mass, abs=5)


def test_the_curve_has_a_step_for_each_axle_group() -> None:
    _, ticks = played(45, 0.05, actors=[truck(moves=[{"to": "end", "kmh": 5}])])
    wheels = [t.vehicles[0].wheels_on_deck if t.vehicles else 0 for t in ticks]
    rising = wheels[: int(np.argmax(wheels)) + 1]
    steps = [b - a for a, b in pairwise(rising) if b != a]
    assert sum(steps) == 12
    groups = 1 + sum(
        1 for i, (a, b) in enumerate(pairwise(rising)) if b > a and i > 60 and len(set(rising[i - 60 : i + 1])) == 1
    )
    assert groups >= 3  # steered axle, drive tandem, trailer tridem
    loads = [t.deck_kg["deck"] for t in ticks]
    assert loads[wheels.index(2) + 30] == pytest.approx(ticks[wheels.index(2) + 30].vehicles[0].axle_kg[0], rel=0.05)


def test_boards_carry_the_wheels() -> None:
    boards = [{"at": [0, 0.98], "width": 0.8}, {"at": [0, -0.98], "width": 0.8}]
    _, ticks = played(36, actors=[truck()], boards=boards)
    stood = [t for t in ticks if t.vehicles and abs(t.vehicles[0].speed_m_s) < 1e-3]
    assert stood
    assert max(abs(t.deck_kg["deck"]) for t in stood) < 20
    assert sum(stood[-1].vehicles[0].axle_kg) == pytest.approx(47_500, abs=30)


def test_a_board_under_one_track_takes_half() -> None:
    _, ticks = played(36, actors=[truck()], boards=[{"at": [0, 0.98], "width": 0.8}])
    stood = [t for t in ticks if t.vehicles and abs(t.vehicles[0].speed_m_s) < 1e-3][15:]
    assert 0.3 < stood[-1].deck_kg["deck"] / 47_500 < 0.6


def test_an_axle_off_the_deck_is_not_weighed() -> None:
    moves = [{"to": {"deck": 2.8}, "kmh": 12}, {"wait_s": 8}, {"to": "end", "kmh": 12}]
    _, ticks = played(36, actors=[truck(moves=moves)])
    stood = [t for t in ticks if t.vehicles and abs(t.vehicles[0].speed_m_s) < 1e-3][15:]
    truth = stood[-1].vehicles[0]
    assert truth.wheels_on_deck == 10
    assert stood[-1].deck_kg["deck"] == pytest.approx(sum(truth.axle_kg[1:]), abs=20)


def test_a_person_stands_upright_and_weighs_what_people_weigh() -> None:
    walk = {"id": "walker", "model": "person", "path": [[-6, 19], [-2.2, 19.2], [1, 19.2]]}
    moves = [{"to": {"m": 3.8}, "kmh": 4}, {"wait_s": 6}, {"to": "end", "kmh": 4}]
    simulation, ticks = played(12, actors=[walk | {"moves": moves}])
    body = simulation.world.data.body("walker")
    assert body.xmat[8] > 0.99 or body.xpos[2] < -10
    stood = [t for t in ticks if 5 < t.t_s < 9]
    assert max(abs(t.deck_kg["deck"] - 75) for t in stood) < 5


def test_a_device_adds_its_offset_to_the_cells() -> None:
    _, ticks = played(12, actors=[], tricks=[{"kind": "remote", "from_s": 5, "to_s": 8, "kg": 3000}])
    by_time = dict(shown(ticks))
    assert by_time[4500] == 0
    assert by_time[7500] == 3000
    assert by_time[11000] == 0


def test_an_unplugged_line_sends_nothing_and_a_frozen_one_the_same() -> None:
    tricks = [{"kind": "unplug", "from_s": 3, "to_s": 5}, {"kind": "frozen", "from_s": 6, "kg": 41200}]
    _, ticks = played(8, actors=[], tricks=tricks)
    times = [at for at, _ in shown(ticks)]
    assert not [at for at in times if 3100 <= at < 4950]
    assert {kg for at, kg in shown(ticks) if at > 6100} == {41200.0}


def test_braking_loads_the_front_axle() -> None:
    _, ticks = played(30, 0.04, actors=[truck("dumper_4", 16)])
    rolling = next(t for t in ticks if t.vehicles and t.vehicles[0].speed_m_s > 3.5 and t.t_s > 3)
    before = rolling.vehicles[0].axle_kg
    braking = next(
        t.vehicles[0]
        for a, t in zip(ticks, ticks[4:], strict=False)
        if a.vehicles and t.vehicles and 0.5 < t.vehicles[0].speed_m_s < a.vehicles[0].speed_m_s - 0.1
    )
    assert braking.axle_kg[0] > before[0] * 1.02


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = shown(played(25, actors=[truck()])[1])
    assert first == shown(played(25, actors=[truck()])[1])


def test_it_runs_ten_times_as_fast_as_real_time() -> None:
    scenario, layout = staged(20, actors=[truck()])
    simulation = Simulation(scenario, layout)
    begin = time.process_time()
    for _ in simulation.ticks(0.2):
        pass
    assert scenario.seconds / (time.process_time() - begin) > 10


@pytest.mark.parametrize("model", sorted(catalogue.MODELS))
def test_every_vehicle_of_the_catalogue_stands_level_on_its_axles(model: str) -> None:
    made = catalogue.vehicle(model, "v", 10_000 if "semi" in model or "truck" in model or "dumper" in model else 0)
    loads = made.spring_loads_n()
    assert all(load > 0 for unit in loads for load in unit)
    carried = sum(sum(unit) for unit in loads) / 9.81 + sum(u.unsprung_kg * len(u.axles) for u in made.units)
    assert carried == pytest.approx(made.mass_kg, rel=1e-6)


def test_shipped_scenarios_are_on_the_shelf() -> None:
    assert isinstance(SHELF, Path)
    assert (SHELF / "site.yaml").is_file()
