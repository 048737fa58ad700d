"""From the site file to shapes, planes and a picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from gate.cli.site import app
from gate.errors import SiteError
from gate.site import parse_site
from gate.site.draw import camera_picture, draw_site, plan_picture
from gate.site.shapes import satellite_areas, site_planes, site_shapes

SITE = """
id: test
name: {zh: 测试煤场, en: Test yard}
cameras:
  - id: gate
    name: {zh: 大门, en: Gate}
    address: rtsp://10.0.0.1/1
    size: [1280, 720]
    points:
      - {image: [140, 700], ground: [-4, 8]}
      - {image: [1140, 700], ground: [4, 8]}
      - {image: [760, 250], ground: [4, 40]}
      - {image: [520, 250], ground: [-4, 40]}
zones:
  - {id: deck, kind: deck, ground: [[-1.7, 14], [1.7, 14], [1.7, 32], [-1.7, 32]]}
  - id: night
    name: {zh: 夜间禁区, en: Closed at night}
    kind: forbidden
    camera: gate
    image: [[0, 400], [300, 400], [300, 720], [0, 720]]
    hours: [{from: "22:00", to: "06:00", days: [mon, sun]}]
boundaries:
  - id: fence
    ground: [[20, 10], [-20, 10]]
    gates: [{id: 门, use: both, from: [3, 10], to: [-3, 10]}]
lanes:
  - {id: out, ground: [[0, 40], [0, 0]], manoeuvre: [deck]}
satellite:
  - id: route
    points: [[112.5, 37.8], [112.6, 37.9]]
    datum: gcj02
    width_m: 300
    hours: [{from: "8:00", to: "18:00"}]
"""


def test_shapes_planes_and_areas():
    site = parse_site(SITE)
    shapes = site_shapes(site)
    night = shapes.zones[1]
    assert night.hours is not None
    assert night.hours.active(1_767_542_400_000 + 23 * 3600_000)  # 23 hours after Monday 2026-01-05, 00:00 in Shanghai
    assert not night.hours.active(1_767_542_400_000 + 12 * 3600_000)
    assert min(night.ring) == (0, 400)
    assert min(night.counted) == (-1280, 400)  # drawn to the picture's edge, so it reaches beyond it
    assert shapes.lanes[0].manoeuvre == ("deck",)
    plane = site_planes(site)["gate"]
    np.testing.assert_allclose(plane.to_ground(np.array([[140.0, 700.0]])), [[-4, 8]], atol=1e-6)
    assert satellite_areas(site)[0].width_m == 300


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("to: [-3, 10]", "to: [-3, 12]", "'fence': gates.门.to: a point on the boundary; it is 2.00 m away"),
        ("[300, 720]", "[300, 900]", "'night': image.2: a point inside the picture of 1280×720 px"),
        ("[1.7, 32], [-1.7, 32]", "[-1.7, 32], [1.7, 32]", "'deck': points: a ring that does not cross"),
        ("[[0, 40], [0, 0]]", "[[0, 40], [0, 40]]", "'out': points: neighbouring points apart"),
    ],
)
def test_shapes_that_are_none(old, new, message):
    with pytest.raises(SiteError, match=message.replace("[", r"\[").replace("(", r"\(")):
        site_shapes(parse_site(SITE.replace(old, new)))


def test_surveyed_points_in_one_line():
    with pytest.raises(SiteError, match="camera 'gate': points: the surveyed points on the ground"):
        site_planes(parse_site(SITE.replace("ground: [4, 40]", "ground: [0, 8]")))


def test_pictures_show_every_shape(tmp_path: Path):
    site = parse_site(SITE)
    grey = np.full((720, 1280, 3), 90, np.uint8)
    for picture in (camera_picture(site, site.cameras[0], grey), plan_picture(site)):
        for colour in ((0, 170, 255), (255, 200, 80), (60, 60, 255), (230, 230, 90)):  # deck, lane, boundary, gate
            assert (np.abs(picture.astype(int) - colour).max(axis=2) < 12).sum() > 30
    assert (grey == 90).all()
    written = draw_site(site, tmp_path, tmp_path / "out")
    assert [p.name for p in written] == ["gate.png", "plan.png", "map.png"]
    assert cv2.imread(str(written[0])).shape == (720, 1280, 3)


def test_the_command_draws_on_a_given_still(tmp_path: Path):
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    cv2.imwrite(str(tmp_path / "still.png"), np.full((720, 1280, 3), (10, 20, 30), np.uint8))
    arguments = ["draw", str(tmp_path / "site.yaml"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, "--still", f"gate={tmp_path / 'still.png'}"])
    assert done.exit_code == 0, done.output
    assert done.stdout.split() == [str(tmp_path / "out" / f"{name}.png") for name in ("gate", "plan", "map")]
    assert (cv2.imread(str(tmp_path / "out" / "gate.png"))[60, 900] < 40).all()
    wrong = CliRunner().invoke(app, [*arguments, "--still", "gate"])
    assert wrong.exit_code == 2
