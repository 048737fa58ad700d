"""The rig's small parts: indicator, driver, routes, meshes, plates and the drawn picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration_rigs import catalogue
from calibration_rigs.driver import Driver, Leg, Wait
from calibration_rigs.errors import ScenarioError
from calibration_rigs.indicator import Indicator
from calibration_rigs.layout import layout_of
from calibration_rigs.mesh import MeshBuilder, rounded_rectangle
from calibration_rigs.plates import plate_picture
from calibration_rigs.render import Painter
from calibration_rigs.route import STEP_M, route_of
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shelf import DEMO
from calibration_rigs.simulation import Simulation
from calibration_rigs.truth import box_of, plate_in
from calibration_rigs.vehicle import PlateOn
from calibration_rigs.weather import Weather
from vision.facts import PlateColour


@given(st.floats(200, 90_000), st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_a_steady_load_is_shown_within_one_division(kg: float, seed: int) -> None:
    made = Indicator(20.0, np.random.default_rng(seed))
    shown = [s for step in range(1500) for s in made.feed(step * 0.004, 0.004, kg)]
    assert len(shown) == 60
    assert all(abs(s.kg - kg) <= 20 for s in shown[40:])
    assert all(s.kg % 20 == 0 for s in shown)
    assert all(s.stable for s in shown[55:])
    assert any(not s.stable for s in shown[1:20])


legs = st.lists(
    st.one_of(
        st.builds(Leg, st.floats(0, 60), st.floats(0.5, 8)), st.builds(Wait, st.floats(0, 3))
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(legs)
@settings(max_examples=40)
def test_a_driver_does_all_moves_and_never_speeds(moves: list[Leg | Wait]) -> None:
    driver = Driver(tuple(moves))
    top = max([m.speed_m_s for m in moves if isinstance(m, Leg)], default=0.0)
    before = driver.position_m
    for _ in range(60_000):
        driver.step(0.02)
        assert abs(driver.speed_m_s) <= top + 1e-9
        assert abs(driver.position_m - before) <= top * 0.02 + 1e-6
        before = driver.position_m
        if driver.done:
            break
    assert driver.done
    last = [m for m in moves if isinstance(m, Leg)]
    assert not last or abs(driver.position_m - last[-1].to_m) < 0.01


def test_a_trailer_follows_inside_the_tractor_and_straightens() -> None:
    truck = catalogue.vehicle("coal_semi_6", "t")
    route = route_of(truck, [(0, 0), (60, 0), (60, 80)])
    off = np.abs(route.yaw[:, 0] - route.yaw[:, 1])
    assert off[0] == 0
    assert 0.2 < off.max() < np.pi / 2
    assert off[-1] < 0.02
    assert route.pose(-5)[0] == 0
    assert route.length_m == pytest.approx(len(route.position) * STEP_M, abs=STEP_M)


def test_a_box_is_closed_and_faces_outward() -> None:
    builder = MeshBuilder()
    builder.box((0, 0, 0), (2, 1, 1))
    mesh = builder.build()
    outward = (mesh.vertices - (1.0, 0.5, 0.5)) * mesh.normals
    assert (outward.sum(axis=1) > 0).all()
    assert len(mesh.faces) == 12
    ring = rounded_rectangle(-1, 1, 0.5, 2.0, 0.2)
    area = 0.5 * np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1])
    assert 1.9 < area < 2.0


def test_plates_say_only_what_plates_can_say() -> None:
    rng = np.random.default_rng(1)
    good = PlateOn("皖K37R5挂", PlateColour.YELLOW, 2, 0, 0, 0, 1, -1)
    assert plate_picture(good, rng).shape[2] == 3
    with pytest.raises(ScenarioError, match="no yellow plate"):
        plate_picture(PlateOn("皖K37", PlateColour.YELLOW, 1, 0, 0, 0, 1, 1), rng)


def at_the_exit(kind: str) -> tuple[Simulation, np.ndarray, np.ndarray]:
    """The demo's truck just before the exit: the world, the picture and the geom it shows at each pixel."""
    scenario, site = load_scenario(Path(DEMO))
    scenario = scenario.model_copy(update={"actors": scenario.actors[:1]})
    layout = layout_of(site)
    weather = Weather.named(kind)
    simulation = Simulation(scenario, layout, Dresser(weather, np.random.default_rng(1), (1024, 512)))
    view = layout.views["exit"]
    with Painter(simulation.world, view.size, weather) as painter:
        for tick in simulation.ticks(0.4):
            if tick.t_s >= 34.8:
                break
        simulation.pose_drawn()
        return simulation, painter.picture("exit", view), painter.segments("exit")


@pytest.fixture(scope="module")
def drawn() -> tuple[Simulation, np.ndarray, np.ndarray]:
    return at_the_exit("day")


@pytest.mark.parametrize("kind", ["dusk", "night"])
def test_a_person_can_read_the_plate_in_lamp_light(kind: str) -> None:
    simulation, picture, _ = at_the_exit(kind)
    assert likeness(simulation, picture) > 0.6


def test_a_person_can_read_the_plate_and_it_lies_where_the_truth_says(
    drawn: tuple[Simulation, np.ndarray, np.ndarray],
) -> None:
    simulation, picture, _ = drawn
    assert likeness(simulation, picture) > 0.6


def likeness(simulation: Simulation, picture: np.ndarray) -> float:
    """How well what stands where the truth puts the plate agrees with the clean plate, -1 to 1."""
    view = simulation.layout.views["exit"]
    plate = simulation.vehicles[0].plates[0]
    corners = plate_in(simulation, "honest", plate, view)
    assert corners is not None
    assert np.linalg.norm(corners[1] - corners[0]) > 65
    target = np.array([(0, 0), (220, 0), (220, 70), (0, 70)], np.float32)
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    crop = cv2.cvtColor(cv2.warpPerspective(picture, warp, (220, 70)), cv2.COLOR_BGR2GRAY)
    clean = cv2.cvtColor(plate_picture(plate, np.random.default_rng(0), 0.0), cv2.COLOR_RGB2GRAY)
    clean = cv2.GaussianBlur(cv2.resize(clean, (220, 70)), (0, 0), 1.5)
    return float(cv2.matchTemplate(crop, clean[6:-6, 10:-10], cv2.TM_CCOEFF_NORMED).max())


def test_the_box_holds_the_vehicle_it_names(drawn: tuple[Simulation, np.ndarray, np.ndarray]) -> None:
    simulation, _, segments = drawn
    model = simulation.world.model
    root = model.body("honest").id
    of_truck = np.array([int(model.body_rootid[b]) == root for b in model.geom_bodyid])
    ys, xs = np.nonzero((segments >= 0) & of_truck[np.maximum(segments, 0)])
    x0, y0, x1, y1 = box_of(simulation, "honest", simulation.layout.views["exit"]) or (0, 0, 0, 0)
    assert len(xs) > 20_000
    assert abs(xs.min() - x0) < 15
    assert abs(xs.max() - x1) < 25
    assert abs(ys.min() - y0) < 25
    assert abs(ys.max() - y1) < 25
