"""What befalls a camera is seen in its pictures; what it does not send is a gap in its clip."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from calibration_rigs.clip import Clip
from calibration_rigs.glass import Drops, dirt_on, through_dirt
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shelf import SHELF
from calibration_rigs.shot import Shot
from calibration_rigs.simulation import Simulation
from calibration_rigs.weather import Weather

STATES = ("ok", "covered", "turned", "defocused", "blinded", "lost", "ok", "frozen")


@pytest.fixture(scope="module")
def pictures() -> Iterator[list[Any]]:
    """One picture in each state, a second after the other; the last one twice."""
    base, site = load_scenario(SHELF / "near_bypass_car.yaml")
    devices = [{"at_s": t, "device": "exit", "state": state} for t, state in enumerate(STATES)]
    scenario = Scenario.model_validate(base.model_dump(mode="json") | {"devices": devices, "seconds": 10})
    simulation = Simulation(scenario, layout_of(site), Dresser(Weather(), np.random.default_rng(1), (256, 128)))
    with Shot(simulation, "exit", Weather()) as shot:
        ticks = simulation.ticks(1.0)
        next(ticks)
        out = []
        for t in (*range(len(STATES)), len(STATES)):
            next(ticks)
            out.append(shot.take(float(t)))
        yield out


def grey(picture: Any) -> Any:
    return picture.astype(np.float64).mean(axis=2)


def sharp(picture: Any) -> float:
    return float(np.abs(np.diff(grey(picture), axis=1)).mean())


def test_each_trouble_shows(pictures: list[Any]) -> None:
    plain, covered, turned, defocused, blinded, lost, again, frozen, still = pictures
    assert grey(covered).mean() < 25
    assert grey(blinded).mean() > 220
    assert sharp(defocused) < 0.5 * sharp(plain)
    assert np.abs(grey(turned) - grey(plain)).mean() > 15
    assert lost is None
    assert np.abs(grey(again) - grey(plain)).mean() < 6
    assert (frozen == again).all()
    assert (still == again).all()


def test_a_picture_left_out_is_a_gap_in_the_clip(tmp_path: Path) -> None:
    clip = Clip(tmp_path / "clip.mp4", (64, 48), 10)
    for i in range(10):
        clip.add(None if 3 <= i < 7 else np.full((48, 64, 3), 20 * i, np.uint8))
    clip.close()
    with av.open(str(tmp_path / "clip.mp4")) as file:
        times = [round(float(f.time) * 10) for f in file.decode(video=0) if f.time is not None]
    assert times == [0, 1, 2, 7, 8, 9]


def test_dirt_hides_more_the_more_there_is() -> None:
    covers = [float(dirt_on((320, 180), d, np.random.default_rng(2)).mean()) for d in (0.2, 0.5, 0.9)]
    assert covers == sorted(covers)
    assert covers[0] < 0.15
    assert covers[2] > 0.6
    picture = np.random.default_rng(1).uniform(0, 255, (180, 320, 3)).astype(np.float32)
    veiled = through_dirt(picture, dirt_on((320, 180), 0.7, np.random.default_rng(2)))
    assert veiled.std() < picture.std()


def test_drops_bend_some_of_the_picture_and_run_off_in_time() -> None:
    drops = Drops((320, 180), np.random.default_rng(3))
    x = np.tile(np.linspace(0, 255, 320, dtype=np.float32), (180, 1))
    picture = np.repeat(x[..., None], 3, axis=2)
    bent = np.abs(drops(picture) - picture).max(axis=2) > 4
    assert 0.005 < bent.mean() < 0.2
    for _ in range(200):
        later = drops(picture)
    assert ((np.abs(later - picture).max(axis=2) > 4) != bent).any()
