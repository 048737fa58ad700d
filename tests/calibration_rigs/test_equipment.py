"""Light barriers, barrier arms, gaps in fences, and what is hidden from a camera."""

import json
from typing import Any

import mujoco
import numpy as np
import pytest

from calibration_rigs import catalogue
from calibration_rigs.equipment import Arms, LightBarriers, OnWay, crossings
from calibration_rigs.layout import Arm, Layout, layout_of
from calibration_rigs.occlusion import hidden_in
from calibration_rigs.render import Painter
from calibration_rigs.route import route_of
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shelf import SHELF
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.staging import look
from calibration_rigs.take import film
from calibration_rigs.truth import tick_record
from calibration_rigs.vehicle import Vehicle
from calibration_rigs.weather import Weather
from calibration_rigs.world import build
from gate.facts import BeamState

WEIGH = [[-2.2, 70], [-2.2, -24]]


def scene(seconds: float, *actors: dict[str, object], **changes: object) -> tuple[Scenario, Layout]:
    base, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    plain = base.model_dump(mode="json") | {"seconds": seconds, "actors": list(actors)} | changes
    return Scenario.model_validate(plain), layout_of(site)


def weighed(model: str = "coal_semi_6", **changes: object) -> dict[str, object]:
    moves = [{"to": "deck", "kmh": 14}, {"wait_s": 6}, {"to": "end", "kmh": 14}]
    return {"id": "truck", "model": model, "cargo_t": 32, "path": WEIGH, "moves": moves} | changes


@pytest.fixture(scope="module")
def passage() -> tuple[Simulation, list[Tick]]:
    simulation = Simulation(*scene(46, weighed()))
    return simulation, list(simulation.ticks(0.1))


def test_a_truck_breaks_one_barrier_after_the_other_and_none_while_it_stands_on_the_deck(
    passage: tuple[Simulation, list[Tick]],
) -> None:
    changes = [(c.beam, c.by) for tick in passage[1] for c in tick.beam_changes]
    assert changes == [
        ("beam_approach", "truck"),
        ("beam_approach", None),
        ("beam_exit", "truck"),
        ("beam_exit", None),
    ]
    still = [t for t in passage[1] if t.vehicles and t.vehicles[0].speed_m_s == 0 and t.vehicles[0].deck_kg > 0]
    assert all(t.beams == {"beam_approach": None, "beam_exit": None} for t in still)


def test_a_barrier_is_broken_for_as_long_as_the_truck_needs_to_pass_it(passage: tuple[Simulation, list[Tick]]) -> None:
    simulation, ticks = passage
    broken_s, free_s = (c.t_s for t in ticks for c in t.beam_changes if c.beam == "beam_exit")
    between = [t.vehicles[0] for t in ticks if broken_s <= t.t_s <= free_s and t.vehicles]
    way_m = between[0].y - between[-1].y
    assert way_m == pytest.approx(simulation.vehicles[0].length_m, abs=0.6)


def test_facts_of_a_run_say_when_barriers_were_broken() -> None:
    scenario, layout = scene(46, weighed())
    played = look(film(scenario, layout))
    said = [(f.beam, f.broken) for f in played.facts if isinstance(f, BeamState)]
    assert sorted(said[:2]) == [("beam_approach", False), ("beam_exit", False)]  # how they are at the start
    assert said[2:] == [(b, on) for b in ("beam_approach", "beam_exit") for on in (True, False)]


@pytest.mark.parametrize(("height_m", "broken"), [(0.8, True), (2.9, False)])
def test_a_barrier_above_a_car_is_not_broken(height_m: float, broken: bool) -> None:
    _, layout = scene(1)
    made = build(layout, (catalogue.vehicle("car", "car"),))
    made.data.qpos[made.planar["car"]] = [-2.2, 17.5, -np.pi / 2]
    mujoco.mj_forward(made.model, made.data)
    light = type(layout.lights[0])("l", (-5, 18, height_m), (1, 18, height_m))
    changes = LightBarriers(made, [light]).look(0.0)
    assert [c.by for c in changes] == (["car"] if broken else [])


def test_an_arm_is_open_while_someone_is_under_it_and_closed_while_he_is_weighed(
    passage: tuple[Simulation, list[Tick]],
) -> None:
    simulation, ticks = passage
    front = simulation.vehicles[0].units[0].front
    for tick in ticks:
        assert tick.arms["way_in"] == tick.arms["way_out.2"] == 0
        if not tick.vehicles:
            continue
        y = tick.vehicles[0].y
        if y - front < 11.5 < y - front + simulation.vehicles[0].length_m:
            assert tick.arms["way_out.1"] > 0.85
        if tick.vehicles[0].speed_m_s == 0 and tick.t_s > 3:
            assert tick.arms["way_out.1"] == 0
    assert ticks[-1].arms["way_out.1"] < 0.5


def test_an_arm_opens_for_one_who_comes_backward_and_not_for_one_who_goes_away() -> None:
    truck = catalogue.vehicle("dumper_2", "t")
    route = route_of(truck, [(0, 0), (60, 0)])
    arm = Arm("a", (30.0, -3.0), (30.0, 3.0))
    assert crossings(route, arm) == [pytest.approx(30.0, abs=0.1)]
    for way, opens in (
        (OnWay("t", 45.0, 37.0, -2.0), False),
        (OnWay("t", 43.0, 35.0, -2.0), True),
        (OnWay("t", 45.0, 33.0, 2.0), False),
        (OnWay("t", 25.0, 17.0, 2.0), True),
        (OnWay("t", 25.0, 17.0, 0.0), False),
        (OnWay("t", 34.0, 26.0, 0.0), True),
        (OnWay("other", 34.0, 26.0, 0.0), False),
    ):
        arms = Arms([arm], [(truck, route)])
        arms.step(1.0, [way])
        assert (arms.open["a"] > 0) is opens, way


def test_a_fence_is_open_where_someone_drives_through_it() -> None:
    scenario, site = load_scenario(SHELF / "boundary_gap_out.yaml")
    simulation = Simulation(scenario, layout_of(site))
    (a, b) = simulation.layout.gaps[0]
    assert len(simulation.layout.gaps) == 1
    assert a[1] == b[1] == 11.5
    assert min(a[0], b[0]) < 12.9 < max(a[0], b[0])
    assert Simulation(*scene(1, weighed())).layout.gaps == ()


def test_truth_names_wheels_loads_and_who_is_on_the_deck() -> None:
    boards = [{"at": [0, 0.98], "width": 0.8}]
    simulation = Simulation(*scene(34, weighed(), boards=boards))
    record: dict[str, Any] = {}
    for tick in simulation.ticks(0.5):
        if tick.t_s > 5 and tick.vehicles and tick.vehicles[0].speed_m_s == 0:
            record = json.loads(json.dumps(tick_record(simulation, tick, 0)))
    truck = record["vehicles"][0]
    assert record["on_deck"] == {"deck": ["truck"]}
    assert truck["wheels"] == [["board", "deck"]] * 6
    assert truck["wheels_on_deck"] == 6
    assert sum(truck["axle_kg"]) == pytest.approx(47_500, abs=60)
    assert record["deck_kg"]["deck"] == pytest.approx(truck["deck_kg"], abs=60)
    assert set(record["arms"]) == {"way_out.1", "way_out.2", "way_in"}


def test_the_hidden_share_agrees_with_the_picture() -> None:
    """Two trucks, one behind the other: what rays say is hidden against the pixels with and without the nearer one."""
    _, layout = scene(1)
    vehicles = (catalogue.plated(catalogue.vehicle("dumper_3", "near"), "皖K5D307"), _car())
    view = layout.views["exit"]
    with Painter(
        made := build(layout, vehicles, (), Dresser(Weather(), np.random.default_rng(1), (256, 256))),
        view.size,
        Weather(),
    ) as painter:
        seen = []
        for x in (60.0, -1.6):
            made.data.qpos[made.planar["near"]] = [x, 22.0, -np.pi / 2]
            made.data.qpos[made.planar["far"]] = [-0.5, 40.0, -np.pi / 2]
            mujoco.mj_forward(made.model, made.data)
            segments = painter.segments("exit")
            root = made.model.body("far").id
            seen.append(int((made.model.body_rootid[made.model.geom_bodyid[segments[segments >= 0]]] == root).sum()))
            hidden = hidden_in(made, vehicles, view)
        pixels = 1 - seen[1] / seen[0]
        assert 0.2 < pixels < 0.95
        assert hidden["far"].share == pytest.approx(pixels, abs=0.12)
        assert hidden["near"].share == 0
        assert hidden["near"].plates == (0.0, 0.0)


def _car() -> Vehicle:
    return catalogue.plated(catalogue.vehicle("van", "far"), "皖K7F239")
