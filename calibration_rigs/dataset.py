"""Training pictures of the virtual site with their truth: boxes by class, colours, axles, wheels, plate corners; light,
weather, cameras and vehicles changed from picture to picture."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import mujoco
import numpy as np
import shapely
from numpy.typing import NDArray

from calibration_rigs import catalogue, world
from calibration_rigs.camera import View, looking_at
from calibration_rigs.finish import Finish
from calibration_rigs.labels import Drawn, labels_of, plates_of
from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.render import Painter
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.vehicle import Vehicle
from calibration_rigs.weather import WEATHERS, Weather
from vision.facts import VehicleClass

SIZE = (640, 360)
PER_WORLD = 100
CLASSES = tuple(VehicleClass)
_SERIAL = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_FLEET = (
    "coal_semi_6", "coal_semi_5", "tank_semi_6", "tank_semi_5", "dumper_2", "dumper_3", "dumper_4", "tank_truck_2",
    "tank_truck_3", "box_truck_2", "car", "suv", "van", "bus", "person", "person",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class _Stage:
    """One compiled world full of vehicles, and what is needed to change it."""

    world: world.World
    painter: Painter
    weather: Weather
    owner: NDArray[np.int64]  # vehicle index of each geom, -1 for scenery
    home: NDArray[np.float64]
    rng: np.random.Generator


def write_dataset(
    scenario: Path,
    out: Path,
    pictures: int,
    seed: int = 1,
    *,
    progress: Callable[[int], None] | None = None,
    size: tuple[int, int] = SIZE,
) -> None:
    """Write images/NNNNNN.jpg, labels/NNNNNN.txt (YOLO, classes as VehicleClass), two JSONL files and classes.txt.

    plates.jsonl: one line per picture, {"image", "plates": [{"text", "colour", "rows", "corners", "kind"}]}.
    vehicles.jsonl: one line per picture, {"image", "vehicles": […]} with the records of `labels.labels_of`, in the
    order of the lines of labels/NNNNNN.txt. Raises ScenarioError, SiteImpossible or RenderError.
    """
    _, site = load_scenario(scenario)
    layout = layout_of(site)
    for name in ("images", "labels"):
        (out / name).mkdir(parents=True, exist_ok=True)
    (out / "classes.txt").write_text("\n".join(CLASSES) + "\n", "utf-8")
    done = 0
    with ExitStack() as stack:
        plates, vehicles = (
            stack.enter_context((out / f"{name}.jsonl").open("w", encoding="utf-8")) for name in ("plates", "vehicles")
        )
        for number in range(-(-pictures // PER_WORLD)):
            stage = _stage(layout, np.random.default_rng((seed, number)), size)
            try:
                for _ in range(min(PER_WORLD, pictures - done)):
                    picture, drawn, placed = _shoot(stage, layout, size)
                    name = f"{seed:02d}{done:05d}"
                    _save(out / "images" / f"{name}.jpg", picture, stage.rng)
                    labels = labels_of(drawn, placed)
                    (out / "labels" / f"{name}.txt").write_text("".join(_yolo(labels, size)), "ascii")
                    vehicles.write(_line(name, "vehicles", labels))
                    plates.write(_line(name, "plates", plates_of(drawn, placed)))
                    done += 1
                    if progress is not None:
                        progress(done)
            finally:
                stage.painter.close()


def _save(path: Path, picture: NDArray[np.uint8], rng: np.random.Generator) -> None:
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 95))])


def _line(name: str, what: str, records: list[dict[str, Any]]) -> str:
    return json.dumps({"image": f"images/{name}.jpg", what: records}, ensure_ascii=False) + "\n"


def _stage(layout: Layout, rng: np.random.Generator, size: tuple[int, int]) -> _Stage:
    kinds = ("day", "day", "day", "overcast", "overcast", "dusk", "night", "rain", "fog")
    weather = WEATHERS[kinds[int(rng.integers(len(kinds)))]]
    if weather.kind == "day":
        weather = replace(
            weather,
            sun_deg=(float(rng.uniform(0, 360)), float(rng.uniform(15, 70))),
            haze_m=float(rng.uniform(150, 500)),
        )
    vehicles = tuple(_random_vehicle(model, f"v{i}", rng) for i, model in enumerate(_FLEET))
    made = world.build(layout, vehicles, (), Dresser(weather, rng, (1536, 1024)))
    mujoco.mj_forward(made.model, made.data)
    roots = {made.model.body(v.id).id: i for i, v in enumerate(vehicles)}
    owner = np.array([roots.get(int(made.model.body_rootid[b]), -1) for b in made.model.geom_bodyid])
    painter = Painter(made, size, weather, int(rng.integers(1 << 30)))
    return _Stage(made, painter, weather, owner, made.data.qpos.copy(), rng)


def _random_vehicle(model: str, vehicle_id: str, rng: np.random.Generator) -> Vehicle:
    heavy = model not in ("car", "suv", "van", "person")
    made = catalogue.vehicle(
        model, vehicle_id, float(rng.uniform(5_000, 30_000)) if heavy and rng.random() < 0.7 else 0.0
    )
    body = catalogue.any_paint(rng)
    made = catalogue.painted(
        made, catalogue.any_paint(rng), body, None if rng.random() < 0.5 else catalogue.any_paint(rng)
    )
    if model == "person":
        return replace(made, units=(replace(made.units[0], height=float(rng.uniform(1.55, 1.9))),))
    grime = float(rng.uniform(0, 0.45) if rng.random() < 0.4 else 0.05)
    return catalogue.plated(
        made, _random_text(rng), _random_text(rng)[:6] + "挂" if len(made.units) > 1 else "", grime=grime
    )


def _random_text(rng: np.random.Generator) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    province = "皖" if rng.random() < 0.1 else _PROVINCES[int(rng.integers(len(_PROVINCES)))]
    return (
        province
        + letters[int(rng.integers(len(letters)))]
        + "".join(_SERIAL[int(rng.integers(len(_SERIAL)))] for _ in range(5))
    )


def _shoot(stage: _Stage, layout: Layout, size: tuple[int, int]) -> tuple[NDArray[np.uint8], Drawn, list[int]]:
    rng, model, data = stage.rng, stage.world.model, stage.world.data
    view = _random_view(layout, rng, size)
    _aim(model, 0, view)
    paints = _recolour(stage)
    placed = _place(stage, layout, view)
    mujoco.mj_forward(model, data)
    name = model.camera(0).name
    segments = stage.painter.segments(name)
    picture = Finish(size, stage.weather, int(rng.integers(1 << 30)), float(rng.uniform(0.8, 4)))(
        stage.painter.raw(name)[:, :, ::-1]
    )
    return _spoil(picture, rng), Drawn(stage.world, view, segments, stage.owner, paints), placed


def _random_view(layout: Layout, rng: np.random.Generator, size: tuple[int, int]) -> View:
    """From gantries, gate houses, masts and the roadside, toward the lanes."""
    lanes = [np.array(lane.ground) for lane in layout.lanes.values()]
    lane = lanes[int(rng.integers(len(lanes)))]
    target = lane[0] + rng.uniform(0.1, 0.75) * (lane[-1] - lane[0]) + rng.normal(0, 1.5, 2)
    turn = (
        rng.uniform(0, 2 * np.pi) if rng.random() < 0.35 else rng.choice([-np.pi / 2, np.pi / 2]) + rng.normal(0, 0.3)
    )
    reach, height = rng.uniform(8, 28), rng.uniform(2.2, 8.5)
    centre = target + reach * np.array([np.cos(turn), np.sin(turn)])
    focal = size[0] / 2 / np.tan(np.radians(rng.uniform(38, 75)) / 2)
    return looking_at([*centre, height], [*target, rng.uniform(0.3, 1.6)], size, float(focal))


def _aim(model: Any, camera: int, view: View) -> None:
    right, down, forward = view.rotation
    mujoco.mju_mat2Quat(model.cam_quat[camera], np.stack([right, -down, -forward], axis=1).ravel())
    model.cam_pos[camera] = view.centre
    model.cam_fovy[camera] = 2 * np.degrees(np.arctan(view.size[1] / 2 / view.matrix[1, 1]))


def _recolour(stage: _Stage) -> dict[tuple[str, str], str]:
    """Other paints, another sun; the paints' names by vehicle and part."""
    rng, model = stage.rng, stage.world.model
    paints = {}
    for vehicle in stage.world.vehicles:
        for part in vehicle.colours:
            try:
                material = model.material(f"{vehicle.id}.{part}").id
            except KeyError:
                continue
            paints[vehicle.id, part], model.mat_rgba[material, :3] = catalogue.named_paint(rng)
            model.mat_specular[material] = rng.uniform(0.1, 0.7)
    strength = rng.uniform(0.7, 1.25)
    for light in range(model.nlight):
        if model.light_castshadow[light]:
            turn, rise = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(15, 70))
            model.light_dir[light] = -np.array([np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)])
            model.light_diffuse[light] = stage.weather.sun * strength * np.array((1.0, 0.95, 0.88))
    return paints


def _place(stage: _Stage, layout: Layout, view: View) -> list[int]:
    """Put a few vehicles before the camera, none through another; the indices of those placed."""
    rng, data = stage.rng, stage.world.data
    data.qpos[:] = stage.home
    for index in range(len(stage.world.vehicles)):
        data.qpos[stage.world.planar[stage.world.vehicles[index].id][:2]] = (300 + 30 * index, -350)
    taken = [shapely.Point(*view.centre[:2]).buffer(2.5)]
    wanted = int(rng.choice([0, 1, 2, 3, 4, 5], p=[0.05, 0.3, 0.27, 0.2, 0.12, 0.06]))
    placed: list[int] = []
    weights = np.array([1.6, 1.2, 1.2, 1.0, 1.0, 1.3, 1.3, 1.0, 1.2, 1.0, 0.8, 0.6, 0.7, 0.4, 0.8, 0.6])
    for index in rng.choice(len(_FLEET), size=8, replace=False, p=weights / weights.sum()):
        if len(placed) >= wanted:
            break
        vehicle = stage.world.vehicles[int(index)]
        for _ in range(12):
            ground = view.ground([[rng.uniform(0.05, 0.95) * view.size[0], rng.uniform(0.3, 0.97) * view.size[1]]])[0]
            if not np.isfinite(ground).all() or np.linalg.norm(ground - view.centre[:2]) > 55:
                continue
            yaw = _heading(layout, ground, rng)
            bend = float(rng.normal(0, 0.08))
            shape = _footprint(vehicle, ground, yaw)
            if any(shape.intersects(t) for t in taken):
                continue
            taken.append(shape.buffer(0.4))
            addresses = stage.world.planar[vehicle.id]
            data.qpos[addresses] = [*ground, yaw, *([bend] * (len(addresses) - 3))]
            placed.append(int(index))
            break
    return placed


def _heading(layout: Layout, ground: NDArray[np.float64], rng: np.random.Generator) -> float:
    if rng.random() < 0.2:
        return float(rng.uniform(0, 2 * np.pi))
    lanes = list(layout.lanes.values())
    near = min(lanes, key=lambda lane: shapely.LineString(lane.ground).distance(shapely.Point(*ground)))
    along = np.subtract(near.ground[-1], near.ground[0])
    flip = np.pi if rng.random() < 0.4 else 0.0
    return float(np.arctan2(along[1], along[0]) + flip + rng.normal(0, 0.08))


def _footprint(vehicle: Vehicle, ground: NDArray[np.float64], yaw: float) -> shapely.Polygon:
    half, front = vehicle.units[0].width / 2 + 0.2, vehicle.units[0].front
    back = front - vehicle.length_m
    c, s = np.cos(yaw), np.sin(yaw)
    corners = np.array([(front, half), (back, half), (back, -half), (front, -half)])
    return shapely.Polygon(corners @ np.array([[c, s], [-s, c]]) + ground)


def _yolo(labels: list[dict[str, Any]], size: tuple[int, int]) -> list[str]:
    width, height = size
    lines = []
    for label in labels:
        x0, y0, x1, y1 = label["box"]
        box = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        lines.append(f"{CLASSES.index(VehicleClass(label['kind']))} " + " ".join(f"{v:.6f}" for v in box) + "\n")
    return lines


def _spoil(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Exposure, colour cast, defocus and motion, as cameras differ."""
    out = picture.astype(np.float32) * rng.uniform(0.7, 1.3) * rng.uniform(0.92, 1.08, 3).astype(
        np.float32
    ) + rng.uniform(-12, 18)
    if rng.random() < 0.3:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.3)))
    return np.asarray(np.clip(out, 0, 255), np.uint8)
