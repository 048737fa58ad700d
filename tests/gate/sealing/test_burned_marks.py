"""Boxes and zones are in the sealed copy only where the site file asks for them."""

from pathlib import Path

import numpy as np
import pytest

from gate.sealing.burned_marks import with_marks
from gate.site.load import load_site
from gate.site.model import Site
from vision.facts import PlateColour, PlateReading, Sighting, VehicleClass
from vision.overlay import Mark, OverlayState
from vision.source import Frame

SITE_FILE = Path(__file__).parents[3] / "calibration_rigs" / "scenarios" / "site.yaml"
START = 1_000_000


def site(*marks: str) -> Site:
    loaded = load_site(SITE_FILE)
    (camera,) = loaded.cameras
    return loaded.model_copy(update={"cameras": (camera.model_copy(update={"marks": marks}),)})


def sighting(t_ms: int, x: float, *, camera: str = "exit") -> Sighting:
    plate = PlateReading("晋DK8T20", PlateColour.YELLOW, 1, 0.9)
    return Sighting(t_ms, camera, f"{camera}:7", VehicleClass.TRUCK, 0.9, (x, 10, x + 50, 60), None, (plate,))


def marks_at(t_ms: int, *asked: str) -> tuple[Mark, ...]:
    facts = [sighting(START, 0), sighting(START + 200, 20), sighting(START + 200, 500, camera="other")]
    frame = Frame.of_image(np.zeros((64, 64, 3), np.uint8), t_ms)
    return with_marks(lambda f: OverlayState(f.t_ms, "某矿", "出口"), facts, site(*asked), "exit")(frame).marks


@pytest.mark.parametrize("asked", [(), ("live",)])
def test_the_sealed_copy_has_none_unless_asked(asked: tuple[str, ...]) -> None:
    assert marks_at(START, *asked) == ()


@pytest.mark.parametrize(("t_ms", "x"), [(START - 100, 0), (START + 90, 0), (START + 110, 20), (START + 340, 20)])
def test_a_box_is_that_of_the_nearest_picture(t_ms: int, x: float) -> None:
    *zones, box = marks_at(t_ms, "evidence")
    assert box.points == ((x, 10), (x + 50, 60))
    assert box.label == "货车 晋D·K8T20"
    assert "1 号磅" in [z.label for z in zones]


def test_a_vehicle_seen_too_long_ago_has_no_box() -> None:
    assert all(len(mark.points) > 2 for mark in marks_at(START + 400, "evidence"))
