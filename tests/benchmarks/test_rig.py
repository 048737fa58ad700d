"""How fast the virtual site is: physics against real time on one core, and pictures of 1280x720 with their clip."""

import itertools
import time

import numpy as np

from calibration_rigs.clip import Clip
from calibration_rigs.layout import layout_of
from calibration_rigs.render import Painter
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shelf import DEMO, SHELF
from calibration_rigs.simulation import Simulation
from calibration_rigs.truth import tick_record
from calibration_rigs.weather import Weather

PICTURES = 40
CORES = 2


def test_physics_with_its_truth_log_is_ten_times_as_fast_as_real_time():
    """One core; the truth of every frame is worked out as `rig run` and `rig render` do."""
    scenario, site = load_scenario(SHELF / "day_overcast_mixed.yaml")
    simulation = Simulation(scenario, layout_of(site))
    begin = time.process_time()
    for tick in simulation.ticks(1 / scenario.fps):
        tick_record(simulation, tick, 0)
    speed = scenario.seconds / (time.process_time() - begin)
    print(f"\nphysics and truth: {speed:.0f} times real time on one core")
    assert speed > 10


def test_five_pictures_a_second_or_more(tmp_path):
    """As `rig render` makes them: physics, truth, picture, coding. CPU time, so that other work does not count."""
    scenario, site = load_scenario(DEMO)
    layout, weather = layout_of(site), Weather.named("day")
    view = layout.views["exit"]
    assert view.size == (1280, 720)
    simulation = Simulation(scenario, layout, Dresser(weather, np.random.default_rng(1), (2048, 1024)))
    clip = Clip(tmp_path / "clip.mp4", view.size, scenario.fps)
    with Painter(simulation.world, view.size, weather) as painter:
        ticks = itertools.dropwhile(lambda t: t.t_s < 33, simulation.ticks(1 / scenario.fps))
        next(ticks)
        painter.picture("exit", view)  # sends the textures to the renderer
        began_s, began = time.process_time(), time.perf_counter()
        for tick in itertools.islice(ticks, PICTURES):
            tick_record(simulation, tick, 0)
            simulation.pose_drawn()
            clip.add(painter.picture("exit", view))
        clip.close()
        cpu_s, wall_s = time.process_time() - began_s, time.perf_counter() - began
    alone = PICTURES / cpu_s
    print(
        f"\n{alone:.1f} pictures/s of one core's time ({CORES * alone:.1f} of two); {PICTURES / wall_s:.1f} by the wall"
    )
    assert CORES * alone > 5
