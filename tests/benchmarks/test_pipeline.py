"""The bench itself: it counts what it says it counts."""

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.drawn import PLATES, Actor, build_drawn, driving, film
from vision.bench import beside, enlarge, offline, online
from vision.bench_peer import ultralytics_track
from vision.config import CameraConfig
from vision.facts import VehicleClass
from vision.source import Frame, RecordedSource


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    truck = Actor(VehicleClass.TRUCK, driving(-200, 120, 200, 150, 220), PLATES[0])
    return film(tmp_path_factory.mktemp("bench") / "clip.mp4", [truck], 4000)


def config(clip: Path) -> CameraConfig:
    return CameraConfig(id="cam", name="cam", site="bench", address=f"file:{clip}", size=(640, 360))


def test_a_clip_is_made_at_the_size_and_rate_asked_for(clip: Path, tmp_path: Path) -> None:
    made = enlarge(clip, tmp_path / "large.mp4", (960, 540), 15, 6)
    frames = [i for i in RecordedSource(str(made), "cam", 0) if isinstance(i, Frame)]
    assert len(frames) == 90
    assert (frames[0].width, frames[0].height) == (960, 540)
    assert frames[15].t_ms == 1000


def test_offline_counts_every_frame(clip: Path) -> None:
    result = offline(config(clip), build_drawn)
    assert result["frames"] == 60
    assert result["facts"] > 10
    assert result["cpu_ms_per_frame"] > 0


async def test_online_measures_all_cameras_at_once(clip: Path, tmp_path: Path) -> None:
    configs = [
        dataclasses.replace(config(clip), id=f"cam{n}", address=f"play:{clip}", record_dir=tmp_path / f"cam{n}")
        for n in (1, 2)
    ]
    result = await online(configs, 2, build_drawn)
    assert result["cameras"] == 2
    assert all(rate > 5 for rate in result["frames_per_s"].values())
    assert all(30 < mb < 400 for mb in result["memory_mb"])
    assert result["frame_to_viewer_ms"]["count"] > 10


def one_box(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.array([[0, 0, picture.shape[1] // 2, picture.shape[0] // 2]], np.float64)


def test_the_straight_pipeline_is_left_out_with_a_reason_where_its_parts_are_missing(clip: Path) -> None:
    said: list[str] = []
    result = beside(config(clip), 2, one_box, said.append)
    if importlib.util.find_spec("rapidocr") is None:
        assert "rapidocr" in result["left_out"]
        assert "left out" in said[0]
    else:
        assert (result["frames"], result["vehicles_a_frame"]) == (2, 1.0)


def test_weights_are_never_fetched() -> None:
    with pytest.raises((ImportError, FileNotFoundError)):
        ultralytics_track(Path("no-such-weights.pt"))
