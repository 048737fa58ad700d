"""Training pictures say what each vehicle in them is: class, colour, axles, and where its wheels are."""

import json
from pathlib import Path
from typing import Any

import cv2
import mujoco
import numpy as np
import pytest

from calibration_rigs import catalogue
from calibration_rigs.dataset import write_dataset
from calibration_rigs.labels import Drawn, labels_of
from calibration_rigs.layout import layout_of
from calibration_rigs.render import Painter
from calibration_rigs.scene import Dresser
from calibration_rigs.shelf import SHELF
from calibration_rigs.weather import Weather
from calibration_rigs.world import build
from gate.site.load import load_site
from vision.facts import VehicleClass


@pytest.fixture(scope="module")
def label() -> dict[str, Any]:
    """A blue six-axle truck seen from its left side and front."""
    layout = layout_of(load_site(SHELF / "site.yaml"))
    paint, body = catalogue.PAINTS["blue"], catalogue.PAINTS["white"]
    vehicle = catalogue.painted(catalogue.vehicle("coal_semi_6", "t", 20_000), paint, body)
    made = build(layout, (vehicle,), (), Dresser(Weather(), np.random.default_rng(1), (256, 128)))
    made.data.qpos[made.planar["t"]] = [-1.0, 22.0, -1.1, 0.0]
    mujoco.mj_forward(made.model, made.data)
    view = layout.views["exit"]
    owner = np.where(made.model.body_rootid[made.model.geom_bodyid] == made.model.body("t").id, 0, -1)
    with Painter(made, view.size, Weather()) as painter:
        drawn = Drawn(made, view, painter.segments("exit"), owner, {("t", "paint"): "blue", ("t", "body"): "white"})
        (found,) = labels_of(drawn, [0])
    return found


def test_a_vehicle_is_named_with_class_colours_and_axles(label: dict[str, Any]) -> None:
    assert (label["kind"], label["axles"]) == ("truck", 6)
    assert (label["colour"], label["load_colour"]) == ("blue", "white")
    assert label["colour_pixels"]["colour"] > 2_000
    assert label["pixels"] > sum(label["colour_pixels"].values())


def test_wheels_that_face_the_camera_lie_within_the_box_in_order(label: dict[str, Any]) -> None:
    wheels, (x0, y0, x1, y1) = label["wheels"], label["box"]
    assert len({w["side"] for w in wheels}) == 1
    assert [w["axle"] for w in wheels] == [0, 1, 2, 3, 4, 5]
    assert all(x0 < w["at"][0] < x1 and y0 < w["at"][1] < y1 for w in wheels)
    assert all(0 <= w["seen"] <= 1 for w in wheels)
    assert wheels[0]["seen"] > 0.6
    assert wheels[0]["height"] > wheels[5]["height"] > 4


def test_a_data_set_holds_a_record_for_each_line_of_labels(tmp_path: Path) -> None:
    write_dataset(SHELF / "near_no_ticket_valid.yaml", tmp_path, 4, seed=3, size=(320, 180))
    records = [json.loads(line) for line in (tmp_path / "vehicles.jsonl").read_text("utf-8").splitlines()]
    assert len(records) == len((tmp_path / "plates.jsonl").read_text("utf-8").splitlines()) == 4
    classes = (tmp_path / "classes.txt").read_text("utf-8").split()
    for record in records:
        picture = cv2.imread(str(tmp_path / record["image"]))
        assert picture is not None
        assert picture.shape == (180, 320, 3)
        lines = (tmp_path / "labels" / f"{Path(record['image']).stem}.txt").read_text("ascii").splitlines()
        assert [classes[int(line.split()[0])] for line in lines] == [v["kind"] for v in record["vehicles"]]
        for vehicle in record["vehicles"]:
            is_person = vehicle["kind"] == VehicleClass.PERSON
            assert vehicle["colour"] in ({""} if is_person else catalogue.PAINTS)
            assert (vehicle["axles"] == 0) is is_person
    assert any(record["vehicles"] for record in records)
