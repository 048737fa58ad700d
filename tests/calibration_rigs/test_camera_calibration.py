"""Camera calibration proved on the twin: boards and ground points seen through a lens whose truth is known."""

from typing import Any

import cv2
import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration_rigs.camera import View, lens_of, looking_at, residual_px, view_of
from calibration_rigs.camera_calibration import calibrate_camera, grid_picture
from calibration_rigs.errors import CalibrationError
from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.lens_calibration import Board, calibrate_lens
from calibration_rigs.mesh import MeshBuilder
from calibration_rigs.render import Painter, lens_map
from calibration_rigs.scene import VISIBLE_GROUP, Dresser
from calibration_rigs.shelf import SHELF
from calibration_rigs.weather import Weather
from calibration_rigs.world import build
from gate.site.areas import Name
from gate.site.devices import Camera, Lens, SurveyedPoint
from gate.site.load import load_site

BOARD = Board()
SIZE = (1280, 720)
DISTORTION = (-0.21, 0.07, 0.0006, -0.0004, 0.0)
GROUND = [(-4.0, 16.0), (-0.5, 16.0), (-4.0, 34.0), (-0.5, 34.0), (4.6, 17.0), (4.6, 33.0), (0.0, 12.0), (2.0, 24.0)]


def true_view() -> View:
    return looking_at((0.2, 0.0, 4.4), (0.0, 16.0, 0.0), SIZE, 1300.0, DISTORTION)


def camera_with(points: list[tuple[float, float]], view: View, noise_px: float, lens: bool = True) -> Camera:
    rng = np.random.default_rng(5)
    image = view.project([(*p, 0.0) for p in points]) + rng.normal(0, noise_px, (len(points), 2))
    surveyed = tuple(
        SurveyedPoint(image=(float(x), float(y)), ground=p) for p, (x, y) in zip(points, image, strict=True)
    )
    return Camera(
        id="c",
        name=Name(zh="相机"),
        address="file:x.mp4",
        size=view.size,
        points=surveyed,
        lens=lens_of(view) if lens else None,
    )


def board_pictures(count: int) -> list[NDArray[np.uint8]]:
    """The board rendered at many tilts by a plain camera, then bent as the true lens bends."""
    view = looking_at((0, 0, 0), (0, 1, 0), SIZE, 1300.0, DISTORTION)
    spec = mujoco.MjSpec()
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.9, 0.9, 0.9], [0.1, 0.1, 0.1]
    spec.visual.map.znear = 0.01
    spec.visual.global_.offwidth, spec.visual.global_.offheight = SIZE
    picture = cv2.cvtColor(BOARD.picture(120), cv2.COLOR_GRAY2RGB)
    picture = cv2.copyMakeBorder(picture, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    texture = spec.add_texture(
        name="b", type=mujoco.mjtTexture.mjTEXTURE_2D, width=picture.shape[1], height=picture.shape[0], nchannel=3
    )
    texture.data = np.ascontiguousarray(picture).tobytes()
    material = spec.add_material(name="b", specular=0.0)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "b"
    half = np.array((picture.shape[1], picture.shape[0])) / 120 * BOARD.square_m / 2
    builder = MeshBuilder()
    x, z = half
    builder.quad_picture([(-x, 0, z), (x, 0, z), (x, 0, -z), (-x, 0, -z)])
    made = builder.build()
    mesh = spec.add_mesh(name="b", inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    mesh.uservert, mesh.usernormal = made.vertices.ravel(), made.normals.ravel()
    mesh.usertexcoord, mesh.userface = made.uv.ravel(), made.faces.ravel()
    body = spec.worldbody.add_body(name="board", mocap=True)
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="b", material="b", contype=0, conaffinity=0)
    right, down, forward = view.rotation
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.stack([right, -down, -forward], axis=1).ravel())
    camera = spec.worldbody.add_camera(name="c", quat=quat)
    camera.fovy = 2 * np.degrees(np.arctan(SIZE[1] / 2 / 1300.0))
    model = spec.compile()
    data = mujoco.MjData(model)
    rng = np.random.default_rng(2)
    across, along = lens_map(view)
    out = []
    with mujoco.Renderer(model, SIZE[1], SIZE[0]) as renderer:
        for _ in range(count):
            away = rng.uniform(1.1, 2.0)
            data.mocap_pos[0] = (rng.uniform(-0.28, 0.28) * away, away, rng.uniform(-0.14, 0.14) * away)
            turn = rng.uniform(-0.55, 0.55, 3)
            mujoco.mju_euler2Quat(data.mocap_quat[0], turn, "xyz")
            mujoco.mj_forward(model, data)
            renderer.update_scene(data, "c")
            out.append(cv2.remap(renderer.render(), across, along, cv2.INTER_LINEAR))
    return out


def test_a_rendered_board_gives_the_lens_back() -> None:
    found = calibrate_lens(board_pictures(14), BOARD)
    assert found.rms_px < 0.5
    view = true_view()
    again = View(SIZE, _matrix(found.lens), np.array(found.lens.distortion), view.rotation, view.centre)
    points = [(x, y, 0.0) for x in np.linspace(-4, 5, 10) for y in np.linspace(12, 34, 10)]
    off = np.linalg.norm(again.project(points) - view.project(points), axis=1)
    inside = ((view.project(points) > 0) & (view.project(points) < SIZE)).all(axis=1)
    assert off[inside].max() < 2.0


def test_a_camera_is_placed_within_two_pixels_and_five_centimetres() -> None:
    view = true_view()
    found = calibrate_camera(camera_with(GROUND, view, noise_px=0.4))
    near = np.array([(x, y) for x in np.linspace(-4, 4, 9) for y in np.linspace(11, 24, 9)])
    image = view.project([(*p, 0.0) for p in near])
    assert np.linalg.norm(found.view.project([(*p, 0.0) for p in near]) - image, axis=1).max() < 2.0
    assert np.linalg.norm(found.view.ground(image) - near, axis=1).max() < 0.05
    assert np.linalg.norm(found.view.centre - view.centre) < 0.15
    assert found.worst_left_out_cm is not None
    assert found.worst_left_out_cm >= found.points[0].cm * 0.1


# Clear of rails and kerbs.
DISCS = [(-5.0, 15.9), (1.6, 18.0), (7.0, 26.0), (1.4, 31.0), (4.9, 17.0), (4.9, 31.0), (0.0, 13.0), (2.0, 24.0)]


class Surveyed(Dresser):
    """A dresser that lays a magenta disc on every surveyed ground point."""

    def site(self, spec: Any, layout: Layout) -> None:
        super().site(spec, layout)
        spec.add_material(name="disc", rgba=[1, 0, 1, 1], emission=0.8, specular=0)
        for x, y in DISCS:
            disc = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, pos=[x, y, 0.002], material="disc")
            disc.size, disc.group, disc.contype, disc.conaffinity = [0.15, 0.0005, 0], VISIBLE_GROUP, 0, 0


def test_a_camera_of_the_twin_is_found_again_from_its_own_picture() -> None:
    """Discs are found in the rendered frame as a surveyor would click them; lens known, place unknown."""
    view = true_view()
    site = load_site(SHELF / "site.yaml").model_copy(update={"cameras": (camera_with(DISCS, view, 0.0),)})
    layout = layout_of(site)
    made = build(layout, (), (), Surveyed(Weather(), np.random.default_rng(1), (256, 128)))
    mujoco.mj_forward(made.model, made.data)
    with Painter(made, SIZE, Weather()) as painter:
        picture = painter.picture("c", layout.views["c"]).astype(np.int32)
    magenta = (picture.min(axis=2) == picture[..., 1]) & (picture[..., [0, 2]].min(axis=2) - picture[..., 1] > 50)
    count, _, stats, centres = cv2.connectedComponentsWithStats(magenta.astype(np.uint8))
    found = [c for c, s in zip(centres[1:count], stats[1:count], strict=True) if s[cv2.CC_STAT_AREA] >= 6]
    assert len(found) == len(DISCS)
    truth = view.project([(*p, 0.0) for p in DISCS])
    clicked = [min(found, key=lambda c: float(np.linalg.norm(c - t))) for t in truth]
    surveyed = tuple(
        SurveyedPoint(image=(float(x), float(y)), ground=p) for p, (x, y) in zip(DISCS, clicked, strict=True)
    )
    placed = calibrate_camera(camera_with(DISCS, view, 0.0).model_copy(update={"points": surveyed})).view
    near = np.array([(x, y) for x in np.linspace(-4, 4, 9) for y in np.linspace(11, 24, 9)])
    image = view.project([(*p, 0.0) for p in near])
    assert np.linalg.norm(placed.project([(*p, 0.0) for p in near]) - image, axis=1).max() < 2.0
    assert np.linalg.norm(placed.ground(image) - near, axis=1).max() < 0.05


def test_a_misread_point_stands_out() -> None:
    camera = camera_with(GROUND, true_view(), noise_px=0.2)
    x, y = camera.points[2].image
    wrong = camera.points[2].model_copy(update={"image": (x + 14.0, y)})
    found = calibrate_camera(camera.model_copy(update={"points": (*camera.points[:2], wrong, *camera.points[3:])}))
    assert max(found.points, key=lambda p: p.left_out_cm or 0).ground == GROUND[2]


def test_without_a_lens_a_plain_one_is_found() -> None:
    view = looking_at((0.2, 0.0, 5.0), (1.0, 18.0, 0.0), SIZE, 1100.0)
    found = view_of(camera_with(GROUND, view, noise_px=0.0, lens=False))
    assert found.matrix[0, 0] == pytest.approx(1100, rel=0.04)
    assert residual_px(found, camera_with(GROUND, view, 0.0).points) < 2.0


def test_points_that_do_not_determine_a_place_are_refused() -> None:
    row = [(0.0, 12.0), (0.0, 16.0), (0.0, 20.0), (0.0, 30.0)]
    with pytest.raises(CalibrationError, match="one line"):
        calibrate_camera(camera_with(row, true_view(), 0.0))
    with pytest.raises(CalibrationError, match="four or more"):
        calibrate_camera(camera_with(GROUND, true_view(), 0.0).model_copy(update={"points": ()}))


def test_pictures_without_a_board_are_refused() -> None:
    blank = np.full((SIZE[1], SIZE[0], 3), 127, np.uint8)
    with pytest.raises(CalibrationError, match="0 of 5 pictures"):
        calibrate_lens([blank] * 5, BOARD)
    with pytest.raises(CalibrationError, match="differ in size"):
        calibrate_lens([blank, blank[:100]], BOARD)


def test_the_grid_lies_on_the_surveyed_points() -> None:
    found = calibrate_camera(camera_with(GROUND, true_view(), 0.0))
    picture = grid_picture(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), found)
    x, y = (round(v) for v in found.view.project([(0.0, 15.0, 0.0)])[0])
    assert picture[y - 2 : y + 3, x - 2 : x + 3].max() > 150


def _matrix(lens: Lens) -> NDArray[np.float64]:
    return np.array([[lens.fx, 0, lens.cx], [0, lens.fy, lens.cy], [0, 0, 1.0]])
