"""A newly trained model comes into service whole, and goes out of it again."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.cli.models import app
from models.promote import promote, roll_back
from models.zoo import WEIGHTS, contenders, trained, weights
from vision.card import Card, load_card
from vision.errors import ModelError


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A folder of shipped weights of its own."""
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder, ignore=shutil.ignore_patterns("previous"))
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """What a training left: the shipped detector as another version."""
    folder = tmp_path / "run"
    folder.mkdir()
    path, card = weights("plate-detector")
    shutil.copy2(path, folder)
    return rewritten(folder, replace(card, version="9.0.0"))


def rewritten(folder: Path, card: Card) -> Path:
    (folder / f"{card.name}.json").write_text(card.to_json(), encoding="utf-8")
    return folder


def test_promoted_and_rolled_back(service: Path, run: Path) -> None:
    _, before = weights("plate-detector", service)
    assert promote(run, service).version == "9.0.0"
    assert weights("plate-detector", service)[1].version == "9.0.0"
    assert roll_back("plate-detector", service) == before
    assert weights("plate-detector", service)[1] == before
    assert not list(service.glob("*.new"))
    with pytest.raises(ModelError, match="no earlier plate-detector"):
        roll_back("plate-detector", service)


def test_refused_before_anything_is_touched(service: Path, run: Path) -> None:
    _, card = trained(run)
    for wrong, why in (
        (replace(card, metrics={}), "no measurements"),
        (replace(card, sha256="0" * 64), "SHA-256"),
        (replace(card, inputs=(replace(card.inputs[0], shape=(1, None, None, 1)),)), "plate_detector"),
    ):
        rewritten(run, wrong)
        with pytest.raises(ModelError, match=why):
            promote(run, service)
    assert weights("plate-detector", service)[1] == weights("plate-detector")[1]
    assert not (service / "previous").exists()


def test_a_folder_without_a_model_is_named(tmp_path: Path, run: Path) -> None:
    with pytest.raises(ModelError, match="expected a folder with one model card"):
        trained(tmp_path)
    (run / "prepared.json").write_text(json.dumps({"pictures": []}))
    assert trained(run)[1].version == "9.0.0"
    with pytest.raises(ModelError, match="holds a plate-detector, expected a reader"):
        contenders("reader", run)
    (run / "plate_detector.onnx").unlink()
    with pytest.raises(ModelError, match="no such file"):
        trained(run)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder laid out as it must be, with nothing in it."""
    folder = tmp_path / "data"
    for part in ("plates/not_plates", "scenes/easypr", "scenes/ccpd50"):
        (folder / part).mkdir(parents=True)
    (folder / "scenes/easypr/labels.json").write_text("[]")
    (folder / "scenes/ccpd50/labels.csv").write_text("name,text,box\n")
    return folder


def test_compared_from_the_command_line_on_pictures_that_are_there(run: Path, data: Path) -> None:
    done = CliRunner().invoke(app, ["compare", str(run), "--data", str(data), "--write", "--json"])
    assert done.exit_code == 0, done.output
    assert [row["model"] for row in json.loads(done.stdout)] == ["ours + our reader", "runs/run + our reader"]
    measured = load_card(run / "plate-detector.json").metrics["one run"]
    assert set(measured) == {"ours + our reader", "runs/run + our reader"}
    assert not any(key.endswith("_missed") for key in measured["ours + our reader"]), "names plates of real people"


def test_shipped_cards_keep_what_was_measured_and_what_was_noted(
    service: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.cli.models.WEIGHTS", service)
    done = CliRunner().invoke(app, ["evaluate", "scenes", "--data", str(data), "--write", "--json"])
    assert done.exit_code == 0, done.output
    _, card = weights("plate-detector", service)
    assert card.metrics["one run"]["ours + our reader"]["easypr_read"] == [0, 0]
    assert card.metrics["note"] == weights("plate-detector")[1].metrics["note"]
    assert weights("reader", service)[1] == weights("reader")[1]
