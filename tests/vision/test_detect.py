"""The vehicle detector with the weights this house ships."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.zoo import weights
from tests.data import data_folder
from vision.boxes import overlaps
from vision.detect import VehicleDetector
from vision.engine import open_engine
from vision.errors import ModelError, PictureError
from vision.facts import VehicleClass


@pytest.fixture(scope="module")
def detector() -> VehicleDetector:
    path, card = weights("vehicle-detector")
    return VehicleDetector(open_engine(path, card=card, threads=1), card)


def test_nothing_in_an_empty_yard(detector: VehicleDetector) -> None:
    found = detector.detect(np.full((720, 1280, 3), 100, np.uint8))
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)


def test_boxes_stay_inside_the_frame_and_apart(detector: VehicleDetector) -> None:
    frame = np.random.default_rng(2).integers(0, 255, (180, 320, 3), np.uint8)
    found = detector.detect(cv2.GaussianBlur(frame, (0, 0), 6), threshold=0.001)
    assert len(found) <= 200
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2] <= 320).all()
    assert (found.boxes[:, 3] <= 180).all()
    assert (np.diff(found.scores) <= 0).all()
    assert set(found.classes.tolist()) <= set(range(len(VehicleClass)))
    person = list(VehicleClass).index(VehicleClass.PERSON)
    vehicles = found.boxes[found.classes != person]
    shared = overlaps(vehicles, vehicles) - np.eye(len(vehicles))
    assert len(vehicles) == 0 or shared.max() <= 0.9


def test_finds_vehicles_of_a_road_camera(detector: VehicleDetector) -> None:
    folder = data_folder() / "vehicles/highway"
    seen = [len(detector.detect(cv2.imread(str(path)))) for path in sorted((folder / "images").glob("*.jpg"))[:10]]
    assert np.median(seen) >= 2


def test_refuses_a_card_of_other_classes() -> None:
    path, card = weights("vehicle-detector")
    with pytest.raises(ModelError, match="tanker"):
        VehicleDetector(open_engine(path, card=card), replace(card, classes=("car", "truck")))


def test_refuses_what_is_no_frame(detector: VehicleDetector) -> None:
    with pytest.raises(PictureError, match="BGR"):
        detector.detect(np.zeros((10, 10, 3), np.uint16))
