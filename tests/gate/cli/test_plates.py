"""`gatewarden plates read`: one JSON line a picture whatever happens, errors on stderr, status 1 when one failed."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from gate.cli.plates import app
from models.synthesis.glyphs import Glyphs
from models.synthesis.paint import Plate, paint
from tests.data import data_folder
from vision.plates.grammar import BY_NAME


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    glyphs = Glyphs(data_folder() / "plates" / "glyphs")
    rng = np.random.default_rng(5)
    for name, kind, text in (("a.png", "small", "晋AK4837"), ("b.png", "large_rear", "陕K72915")):
        picture = paint(Plate(BY_NAME[kind], text), glyphs, rng)
        (tmp_path / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return tmp_path


def test_crops_give_the_contracts_lines(folder: Path) -> None:
    result = CliRunner().invoke(app, ["read", str(folder), "--crops", "--json"])
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["image"] == str(folder / "a.png")
    assert "晋AK4837" in result.stdout, "Chinese text is not escaped"
    plate = second["plates"][0]
    assert (plate["text"], plate["colour"], plate["rows"]) == ("陕K72915", "yellow", 2)
    assert 0 < plate["confidence"] <= 1
    assert np.array(plate["corners"]).shape == (4, 2)


def test_a_bad_picture_costs_only_itself(folder: Path) -> None:
    bad = folder / "c.jpg"
    bad.write_bytes(b"\xff\xd8 no picture")
    paths = [str(bad), str(folder / "a.png"), str(folder / "missing.png")]
    result = CliRunner().invoke(app, ["read", *paths, "--crops", "--json"])
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["image"] for line in lines] == paths
    assert [len(line["plates"]) for line in lines] == [0, 1, 0]
    assert "c.jpg" in result.stderr
    assert "missing.png" in result.stderr


def test_scenes_are_searched(tmp_path: Path) -> None:
    flat = tmp_path / "flat.png"
    flat.write_bytes(cv2.imencode(".png", np.full((360, 640), 40_000, np.uint16))[1].tobytes())
    result = CliRunner().invoke(app, ["read", str(flat), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"image": str(flat), "plates": []}


def test_no_path_is_wrong_use() -> None:
    assert CliRunner().invoke(app, ["read"]).exit_code == 2
