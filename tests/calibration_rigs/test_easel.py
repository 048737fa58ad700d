"""Pictures drawn by several processes are those that one draws; one that fails says why."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml

from calibration_rigs.clip import render
from calibration_rigs.easel import easels, own_easel, staged
from calibration_rigs.errors import RenderError
from calibration_rigs.shelf import SHELF

FLOOR_PX = (256, 128)


def short(tmp_path: Path, seconds: float, **changes: object) -> Path:
    raw = yaml.safe_load((SHELF / "near_bypass_car.yaml").read_text("utf-8"))
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump(raw | {"seconds": seconds, "site": str(SHELF / "site.yaml")} | changes), "utf-8")
    return path


def test_pictures_are_the_same_whoever_draws_them(tmp_path: Path) -> None:
    path = short(tmp_path, 0.4, devices=[{"at_s": 0.15, "device": "exit", "state": "frozen"}])
    for jobs in (1, 2):
        render(path, tmp_path / str(jobs), jobs=jobs, floor_px=FLOOR_PX)
    names = {p.name for p in (tmp_path / "1").iterdir()}
    assert names == {"clip.mp4", "weights.csv", "beams.csv", "truth.jsonl"}
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def test_the_first_picture_shows_what_the_second_does(tmp_path: Path) -> None:
    simulation = staged(short(tmp_path, 0.3), FLOOR_PX)
    with own_easel(simulation) as easel:
        first, second = (easel.draw(tick.t_s)["exit"] for tick in itertools.islice(simulation.ticks(0.1), 2))
    assert first is not None
    assert second is not None
    assert np.abs(first.astype(int) - second).mean() < 2


def test_a_process_that_cannot_draw_says_why(tmp_path: Path) -> None:
    with easels(tmp_path / "nowhere.yaml", 1, FLOOR_PX) as easel, pytest.raises(RenderError, match="cannot be read"):
        easel.draw(0.0)


def test_a_run_that_is_over_has_no_more_pictures(tmp_path: Path) -> None:
    path = short(tmp_path, 0.05)
    instants = [tick.t_s for tick in staged(path).ticks(1 / 12.5)]
    with easels(path, 1, FLOOR_PX) as easel:
        for t_s in instants:
            assert easel.draw(t_s)["exit"] is not None
        with pytest.raises(RenderError, match="has ended"):
            easel.draw(1.0)
