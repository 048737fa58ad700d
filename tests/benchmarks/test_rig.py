"""How fast the virtual site is: physics against real time, and pictures of 1280x720 with their clip."""

import itertools
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from calibration_rigs.clip import Clip, render
from calibration_rigs.easel import own_easel, staged
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import load_scenario
from calibration_rigs.shelf import DEMO, SHELF
from calibration_rigs.shot import Darkroom
from calibration_rigs.simulation import Simulation
from calibration_rigs.truth import tick_record
from calibration_rigs.weather import Weather

PICTURES = 40
SECONDS = 16.0  # of the demo: what the wall-clock rate is measured over


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


def test_five_pictures_a_second_or_more_of_one_core():
    """As `rig render` makes them: physics, truth, picture, coding. CPU time, so that other work does not count."""
    simulation = staged(DEMO, (2048, 1024))
    scenario, view = simulation.scenario, simulation.layout.views["exit"]
    assert view.size == (1280, 720)
    with TemporaryDirectory() as folder, own_easel(simulation) as easel:
        clip = Clip(Path(folder) / "clip.mp4", view.size, scenario.fps)
        darkroom = Darkroom(scenario, "exit", view, Weather.named(scenario.weather))
        ticks = itertools.dropwhile(lambda t: t.t_s < 33, simulation.ticks(1 / scenario.fps))
        easel.draw(next(ticks).t_s)  # sends the textures to the renderer
        began_s = time.process_time()
        for tick in itertools.islice(ticks, PICTURES):
            tick_record(simulation, tick, 0)
            clip.add(darkroom.develop(easel.draw(tick.t_s)["exit"], tick.t_s))
        clip.close()
        rate = PICTURES / (time.process_time() - began_s)
    print(f"\n{rate:.1f} pictures/s of 1280x720 of one core's time")
    assert rate > 5


def test_five_pictures_a_second_or_more_by_the_wall_on_two_cores(tmp_path):
    """`rig render --jobs 2` from its start to its end: only a machine that does nothing else shows what it can."""
    raw = yaml.safe_load(DEMO.read_text("utf-8"))
    path = tmp_path / "part.yaml"
    path.write_text(yaml.safe_dump(raw | {"seconds": SECONDS, "site": str(DEMO.parent / "site.yaml")}), "utf-8")
    began_s = time.perf_counter()
    first_s = last_s = began_s

    def progress(share):
        nonlocal first_s, last_s
        last_s = time.perf_counter()
        if share == 0:
            first_s = last_s

    render(path, tmp_path / "out", progress, jobs=2)
    rate = SECONDS * raw.get("fps", 12.5) / (last_s - first_s)
    print(
        f"\n{rate:.1f} pictures/s of 1280x720 by the wall, two processes, after {first_s - began_s:.1f} s of building"
    )
    assert rate > 5
