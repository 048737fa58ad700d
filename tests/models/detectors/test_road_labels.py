"""Given labels, taught labels, and groups of near-identical frames."""

from pathlib import Path

import cv2
import numpy as np

from models.detectors.prepare import Picture, pictures, set_apart
from models.detectors.road_labels import CLASSES, agreed, road_labels
from vision.facts import VehicleClass

_BOX = [100.0, 100.0, 200.0, 200.0]


def _seen(label: int, score: float, box: list[float]) -> list[tuple[str, int, float, list[float]]]:
    return [("a", label, score, box), ("a", label, score, box), ("b", label, score, box), ("b", label, score, box)]


def test_what_teachers_agree_on_becomes_one_label() -> None:
    near = [102.0, 101.0, 199.0, 202.0]
    picture = Picture(
        "vehicles/openimages/images/1.jpg", (416, 416), [], taught=_seen(2, 0.8, _BOX) + _seen(7, 0.2, near)
    )
    assert [(label, round(score, 2)) for label, score, _ in agreed(picture)] == [(2, 0.8)]
    labels = road_labels(picture)
    assert labels.kinds.tolist() == [CLASSES.index(VehicleClass.CAR)]


def test_what_one_teacher_alone_sees_is_ignored() -> None:
    picture = Picture("vehicles/openimages/images/1.jpg", (416, 416), [], taught=[("a", 7, 0.6, _BOX)])
    labels = road_labels(picture)
    assert len(labels.boxes) == 0
    assert labels.ignored.tolist() == [_BOX]


def test_a_given_label_outweighs_the_teachers() -> None:
    picture = Picture("vehicles/highway/images/1.jpg", (720, 405), [("truck", _BOX)], taught=_seen(2, 0.9, _BOX))
    labels = road_labels(picture)
    assert labels.kinds.tolist() == [CLASSES.index(VehicleClass.TRUCK)]
    assert len(labels.ignored) == 0


def test_a_completely_labelled_picture_takes_only_persons_from_teachers() -> None:
    elsewhere = [300.0, 100.0, 360.0, 160.0]
    taught = _seen(2, 0.9, elsewhere) + _seen(0, 0.9, [10.0, 10.0, 40.0, 90.0])
    labels = road_labels(Picture("vehicles/highway/images/1.jpg", (720, 405), [("truck", _BOX)], taught=taught))
    assert [CLASSES[k] for k in labels.kinds] == [VehicleClass.TRUCK, VehicleClass.PERSON]
    assert labels.ignored.tolist() == [elsewhere]


def test_near_identical_frames_never_straddle_the_split(tmp_path: Path) -> None:
    folder = tmp_path / "vehicles/highway"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (tmp_path / "vehicles/classes.txt").write_text("car\ntruck\n")
    rng = np.random.default_rng(1)
    for scene in range(8):
        base = cv2.resize(rng.integers(0, 255, (9, 16, 3), np.uint8), (320, 180), interpolation=cv2.INTER_CUBIC)
        for copy in range(3):
            frame = np.clip(base.astype(int) + rng.integers(-3, 4, base.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / "images" / f"{copy}{scene}.png"), frame)
            (folder / "labels" / f"{copy}{scene}.txt").write_text("1 0.5 0.5 0.25 0.5\n\n")
    found = pictures(tmp_path, "vehicles/highway")
    set_apart(tmp_path, found)
    assert found[0].boxes == [("truck", [120.0, 45.0, 200.0, 135.0])]
    by_scene = {p.path[-5]: set() for p in found}
    for picture in found:
        by_scene[picture.path[-5]].add((picture.group, picture.held_out))
    assert all(len(groups) == 1 for groups in by_scene.values())
    assert sum(p.held_out for p in found) == 6
