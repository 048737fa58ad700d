"""What is learned of colour and axles: labels, what may be counted, and a training that can be repeated and resumed."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.attributes import labels
from models.attributes.labels import NOT_JUDGED, countable, drawn, real
from models.evaluate.attributes import measure
from models.registry import TrainingJob
from models.zoo import weights
from vision.attributes import VehicleAttributes
from vision.engine import open_engine
from vision.errors import ModelError
from vision.facts import VehicleColour


def wheel(axle: int, x: float, side: str = "left", seen: float = 0.9, height: float = 12.0) -> dict[str, Any]:
    return {"axle": axle, "side": side, "at": [x, 80.0], "height": height, "seen": seen}


@pytest.mark.parametrize(
    ("wheels", "count"),
    [
        ([wheel(0, 20), wheel(1, 60), wheel(2, 72)], 3),
        ([wheel(0, 20), wheel(1, 60), wheel(2, 62)], NOT_JUDGED),  # too near to each other to be told apart
        ([wheel(0, 20), wheel(1, 60), wheel(2, 72, seen=0.3)], NOT_JUDGED),  # half hidden
        ([wheel(0, 20), wheel(0, 90, "right")], 0),  # from ahead
        ([wheel(0, 20), wheel(1, 60), wheel(2, 72, height=3.0)], NOT_JUDGED),  # too far away
        ([], 0),
    ],
)
def test_axles_count_where_one_side_shows_them_apart(wheels: list[dict[str, Any]], count: int) -> None:
    assert countable({"axles": 3, "wheels": wheels}) == count


def test_the_table_of_real_vehicles_is_sound_and_names_no_picture_twice_the_same(tmp_path: Path) -> None:
    rows = labels.LABELS.read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) == len(set(rows)) > 500
    assert real(tmp_path) == []  # no pictures, no vehicles
    broken = tmp_path / "labels.csv"
    broken.write_text("image,x0,y0,x1,y1,colour,axles\na.jpg,0,0,9,9,rainbow,2\n")
    with pytest.raises(ModelError, match=r"labels\.csv, line 2: 'rainbow'"):
        real(tmp_path, broken)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twenty drawn pictures of a red or a blue box each, in a run's folder."""
    folder = tmp_path / "rendered/a"
    (folder / "images").mkdir(parents=True)
    lines = []
    for number in range(20):
        frame = np.full((120, 160, 3), 110, np.uint8)
        colour = ((30, 30, 200), (200, 40, 30))[number % 2]
        cv2.rectangle(frame, (20, 20), (139, 99), colour, -1)
        cv2.imwrite(str(folder / f"images/{number:06}.jpg"), frame)
        vehicle = {
            "kind": "truck", "box": [20, 20, 140, 100], "pixels": 9600, "axles": 2, "load_colour": "",
            "colour": ("red", "blue")[number % 2], "colour_pixels": {"colour": 9000},
            "wheels": [wheel(0, 40), wheel(1, 110)],
        }  # fmt: skip
        lines.append(json.dumps({"image": f"images/{number:06}.jpg", "vehicles": [vehicle]}))
    (folder / "vehicles.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_drawn_vehicles_come_with_their_truth(pictures: Path) -> None:
    found = drawn(pictures / "rendered")
    assert [(v.colour, v.axles, len(v.wheels)) for v in found[:2]] == [
        (VehicleColour.RED, 2, 2),
        (VehicleColour.BLUE, 2, 2),
    ]
    assert sum(v.held_out for v in found) == 2
    path, card = weights("attributes")
    row = measure("ours", VehicleAttributes(open_engine(path, card=card, threads=1), card), {"drawn": found})
    assert row["drawn_colour_right"][1] == 20
    assert sum(row["drawn_colour_wrong"].values()) + row["drawn_colour_right"][0] + row["drawn_colour_unknown"][0] == 20
    (pictures / "rendered/a/vehicles.jsonl").write_text('{"image": "x.jpg"}\n')
    with pytest.raises(ModelError, match=r"vehicles\.jsonl, line 1"):
        drawn(pictures / "rendered")


def test_the_same_seed_gives_the_same_network_also_when_it_is_resumed(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch", reason="training needs the extra 'train'")
    from models.attributes import train

    monkeypatch.setattr(train, "BATCH", 4)
    monkeypatch.setattr(train, "ROUND", 1)
    monkeypatch.setattr(train, "_CALIBRATION", 8)
    two = 8 / (60 * train.NOMINAL_CROPS_PER_S["cpu"])

    def run(minutes: float, *, resume: bool) -> dict[str, Any]:
        job = TrainingJob(tmp_path / "none", pictures, seed=5, minutes=minutes, threads=1, resume=resume)
        path = train.train(job)
        assert open_engine(path, card=labels_card(path), threads=1) is not None
        state: dict[str, Any] = torch.load(pictures / "checkpoint.pt", weights_only=True)
        return state

    whole = run(two, resume=False)
    learn = train._round
    with monkeypatch.context() as cut:
        cut.setattr(train, "_round", lambda *args: learn(*args) if args[-1] == 0 else pytest.fail("power cut"))
        with pytest.raises(pytest.fail.Exception, match="power cut"):
            run(two, resume=False)
    again = run(two, resume=True)
    assert all(torch.equal(whole["net"][name], again["net"][name]) for name in whole["net"])
    assert whole["done"] == 2
    with pytest.raises(ModelError, match="none of the judged pictures"):
        train.train(TrainingJob(tmp_path / "none", tmp_path / "empty"))


def labels_card(path: Path) -> Any:
    from vision.card import load_card

    return load_card(path.with_name("attributes.json"))
