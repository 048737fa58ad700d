"""Training with ultralytics on the prepared set: what it is given, and the file it gives, from random weights."""

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from gate.cli.models import app
from models.detectors.prepare import Picture
from models.promote import promote
from models.zoo import WEIGHTS, trained
from vision.detect import VehicleDetector
from vision.engine import open_engine
from vision.errors import ModelError

pytest.importorskip("torch", reason="training needs the extra 'train'")
pytest.importorskip("ultralytics", reason="training with ultralytics needs the extra 'train'")


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[Path, Path]:
    """A data folder of four pictures of boxes, and an output folder in which they are prepared already."""
    data, out = tmp_path / "data", tmp_path / "out"
    (data / "p").mkdir(parents=True)
    out.mkdir()
    rng = np.random.default_rng(1)
    pictures = []
    for number in range(4):
        frame = rng.integers(60, 90, (120, 160, 3), np.uint8)
        cv2.rectangle(frame, (30, 40), (110, 100), (20, 30, 200), -1)
        cv2.imwrite(str(data / f"p/{number}.jpg"), frame)
        boxes = [("car", [30.0, 40.0, 110.0, 100.0]), ("bicycle", [130.0, 90.0, 155.0, 118.0])]
        pictures.append(Picture(f"p/{number}.jpg", (160, 120), boxes, held_out=number == 3))
    record = {"pictures": [asdict(p) for p in pictures], "crops": {}}
    (out / "prepared.json").write_text(json.dumps(record))
    return data, out


def test_the_prepared_set_as_ultralytics_reads_it(prepared: tuple[Path, Path]) -> None:
    from models.detectors.prepare import prepare
    from models.detectors.published import write_yolo

    data, out = prepared
    table = write_yolo(data, out / "yolo", prepare(data, out)[0], out / "none")
    assert "6: person" in table.read_text()
    assert sorted(p.name for p in (out / "yolo/images/train").iterdir()) == ["p_0.jpg", "p_1.jpg", "p_2.jpg"]
    assert (out / "yolo/labels/val/p_3.txt").read_text() == "0 0.437500 0.583333 0.500000 0.500000\n"
    left_open = cv2.imread(str(out / "yolo/images/train/p_0.jpg"))[95:115, 135:150]
    assert abs(float(left_open.mean()) - 114) < 4


def test_weights_that_cannot_be_had_are_named(prepared: tuple[Path, Path]) -> None:
    data, out = prepared
    wrong = CliRunner().invoke(
        app, ["train", "reader", "--data", str(data), "--out", str(out), "--from-ultralytics", "yolo11n.pt"]
    )
    assert wrong.exit_code == 2
    from models.detectors.published import train
    from models.registry import TrainingJob

    (out / "broken.pt").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"broken\.pt: .*cannot be read"):
        train(TrainingJob(data, out, published=str(out / "broken.pt")))


@pytest.mark.slow
def test_random_weights_train_export_and_go_into_service(prepared: tuple[Path, Path], tmp_path: Path) -> None:
    data, out = prepared
    done = CliRunner().invoke(
        app,
        ["train", "vehicle-detector", "--data", str(data), "--out", str(out), "--minutes", "0.1",
         "--threads", "1", "--from-ultralytics", "yolo11n.yaml"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    path, card = trained(out)
    detector = VehicleDetector(open_engine(path, card=card, threads=1), card)
    frame = cv2.imread(str(data / "p/3.jpg"))
    seen = detector.detect(frame, threshold=1e-6)
    assert seen.boxes.shape[1] == 4
    assert (seen.boxes >= 0).all()
    assert (seen.boxes[:, 2] <= 160).all()
    measured = json.loads((out / "vehicle-detector.json").read_text()) | {"metrics": {"one run": {}}}
    (out / "vehicle-detector.json").write_text(json.dumps(measured))
    shelf = tmp_path / "weights"
    shelf.mkdir()
    for name in ("vehicle-detector.json", "vehicle_detector.onnx"):
        (shelf / name).write_bytes((WEIGHTS / name).read_bytes())
    assert promote(out, shelf).settings["head"] == "ultralytics"
