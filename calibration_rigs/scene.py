"""What is only seen: materials, vehicles' bodies, floor, buildings, fences, light and weather."""

import itertools
from functools import lru_cache
from typing import Any

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs import textures
from calibration_rigs.bodywork import shell_of, wheels_of
from calibration_rigs.equipment import arm_body, closed_quat
from calibration_rigs.ground import Patch, ground_picture, patches_of
from calibration_rigs.layout import Arm, Deck, Layout
from calibration_rigs.mesh import Mesh, MeshBuilder
from calibration_rigs.plates import plate_picture
from calibration_rigs.scenery import ARM_M, scenery_of
from calibration_rigs.vehicle import Vehicle, plate_corners
from calibration_rigs.weather import Weather, add_camera, add_light

VISIBLE_GROUP = 2
FLOOR_PX = (4096, 2048)  # of the floor's sharp picture and of the one round it


# How far before a unit's end its tail wall stands, where a number is painted on it.
_TAIL_AT = {"coal_trailer": 0.09, "dumper": 0.04, "box_truck": 0.02}

# material: colour, texture, specular, shininess, emission
_MATERIALS: dict[str, tuple[tuple[float, float, float], str, float, float, float]] = {
    "paint": ((0.6, 0.1, 0.1), "dirt", 0.45, 0.6, 0.0),
    "body": ((0.5, 0.5, 0.5), "dirt", 0.25, 0.4, 0.0),
    "bumper": ((0.5, 0.5, 0.5), "dirt", 0.3, 0.4, 0.0),
    "dark": ((0.07, 0.07, 0.075), "", 0.2, 0.3, 0.0),
    "chrome": ((0.62, 0.63, 0.65), "", 0.9, 0.8, 0.0),
    "glass": ((1, 1, 1), "glass", 0.9, 0.9, 0.0),
    "skin": ((0.72, 0.52, 0.40), "", 0.1, 0.2, 0.0),
    "rubber": ((0.055, 0.053, 0.05), "", 0.05, 0.1, 0.0),
    "wheel": ((1, 1, 1), "wheel", 0.2, 0.3, 0.0),
    "grille": ((1, 1, 1), "grille", 0.5, 0.5, 0.0),
    "coal": ((1, 1, 1), "coal", 0.25, 0.3, 0.0),
    "lamp_white": ((0.93, 0.93, 0.9), "", 0.9, 0.9, 0.25),
    "lamp_red": ((0.65, 0.05, 0.04), "", 0.6, 0.6, 0.12),
    "lamp_amber": ((0.85, 0.42, 0.05), "", 0.6, 0.6, 0.12),
    "stripes": ((1, 1, 1), "red_white", 0.3, 0.3, 0.0),
    "reflect": ((0.80, 0.70, 0.25), "", 0.3, 0.3, 0.05),
    "concrete": ((1, 1, 1), "concrete", 0.05, 0.1, 0.0),
    "steel": ((1, 1, 1), "steel", 0.3, 0.4, 0.0),
    "wall": ((1, 1, 1), "wall", 0.05, 0.1, 0.0),
    "blue": ((0.12, 0.28, 0.52), "", 0.2, 0.3, 0.0),
    "hall": ((1, 1, 1), "hall", 0.15, 0.3, 0.0),
    "roof": ((1, 1, 1), "roof", 0.15, 0.3, 0.0),
    "kerb": ((1, 1, 1), "yellow_black", 0.1, 0.2, 0.0),
    "pole": ((0.62, 0.63, 0.64), "", 0.5, 0.5, 0.0),
    "barrier": ((1, 1, 1), "red_white", 0.3, 0.4, 0.0),
    "leaf": ((1, 1, 1), "leaf", 0.05, 0.1, 0.0),
    "wood": ((0.40, 0.30, 0.20), "", 0.05, 0.1, 0.0),
    "lamp": ((1.0, 0.97, 0.88), "", 0.2, 0.2, 0.9),
    "sign_house": ((1, 1, 1), "sign_house", 0.2, 0.3, 0.1),
    "sign_exit": ((1, 1, 1), "sign_exit", 0.2, 0.3, 0.1),
    "display": ((1, 1, 1), "display", 0.2, 0.3, 0.5),
}


class Dresser:
    """Adds looks to a world as it is built. One Dresser dresses one world."""

    def __init__(self, weather: Weather, rng: np.random.Generator, floor_px: tuple[int, int] = FLOOR_PX) -> None:
        self._weather, self._rng, self._floor_px = weather, rng, floor_px
        self._known: set[str] = set()
        self._count = 0
        self._pictures = _pictures()

    def site(self, spec: Any, layout: Layout) -> None:
        """Floor, buildings, fences, lamps and light."""
        for name, patch in zip(("near", "far"), patches_of(layout, self._floor_px), strict=True):
            self._floor(spec, layout, name, patch)
        for material, builder in scenery_of(layout).items():
            self._geom(spec, spec.worldbody, builder.build(), self._material(spec, material))
        for name, view in layout.views.items():
            add_camera(spec, name, view)
        for arm in layout.arms:
            self._arm(spec, arm)
        add_light(spec, layout, self._weather)

    def deck(self, spec: Any, body: Any, deck: Deck) -> None:
        """The deck's plates and its striped edges."""
        x, y = deck.length / 2, deck.width / 2
        top, edge = MeshBuilder(scale=0.25), MeshBuilder(scale=1.0)
        top.polygon([(-x, -y, 0.006), (x, -y, 0.006), (x, y, 0.006), (-x, y, 0.006)])
        for side in (1, -1):
            edge.box((-x, side * (y - 0.07) - 0.07, 0.004), (x, side * (y - 0.07) + 0.07, 0.010))
        seam = MeshBuilder()
        for at in np.linspace(-x, x, 4):
            seam.box((at - 0.02, -y, 0.005), (at + 0.02, y, 0.008))
        for builder, material in ((top, "steel"), (edge, "kerb"), (seam, "dark")):
            self._geom(spec, body, builder.build(), self._material(spec, material))

    def board(self, spec: Any, geom: Any) -> None:
        """A plank: the contact body itself, shown as wood."""
        geom.material = self._material(spec, "wood")
        geom.group = VISIBLE_GROUP

    def unit(self, spec: Any, body: Any, vehicle: Vehicle, index: int) -> None:
        """Body, wheels and plates of one unit."""
        unit = vehicle.units[index]
        for name, builder in shell_of(vehicle, index).items():
            material = self._placard(spec, vehicle) if name == "placard" else self._material(spec, name, vehicle)
            self._geom(spec, body, builder.build(), material, f"{vehicle.id}.{index}.{name}")
        for i in range(len(unit.axles)):
            axle = next(b for b in body.bodies if b.name == f"{vehicle.id}.{index}.{i}")
            steered = index == 0 and (i == 0 or (unit.body == "dumper" and len(unit.axles) == 4 and i == 1))
            for name, builder in wheels_of(unit, steered).items():
                self._geom(spec, axle, builder.build(), self._material(spec, name), f"{vehicle.id}.{index}.{i}.{name}")
        self._tail_number(spec, body, vehicle, index)
        for n, plate in enumerate(vehicle.plates):
            if plate.unit != index:
                continue
            picture = plate_picture(plate, self._rng, vehicle.grime)
            name = f"{vehicle.id}.plate{n}"
            self._texture(spec, name, picture)
            material = spec.add_material(name=name, specular=0.15, shininess=0.2)
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
            builder = MeshBuilder()
            builder.quad_picture(plate_corners(plate))
            self._geom(spec, body, builder.build(), name, f"{name}.face")

    def _arm(self, spec: Any, arm: Arm) -> None:
        body = spec.worldbody.add_body(name=arm_body(arm), mocap=True, pos=[*arm.pivot, ARM_M], quat=closed_quat(arm))
        pole = MeshBuilder(scale=0.25)  # bands of half a metre: in short ones the vehicle detector sees cars
        pole.box((0.1, -0.03, -0.05), (arm.length_m - 0.1, 0.03, 0.05))
        self._geom(spec, body, pole.build(), self._material(spec, "barrier"))

    def _tail_number(self, spec: Any, body: Any, vehicle: Vehicle, index: int) -> None:
        """The enlarged number painted on a truck's tail, as the road law asks."""
        unit = vehicle.units[index]
        text = next((p.text for p in vehicle.plates if p.unit == index and p.facing < 0), "")
        if not text or unit.body not in _TAIL_AT:
            return
        name, x = f"{vehicle.id}.{index}.tail", unit.back + _TAIL_AT[unit.body]
        paper = tuple(round(255 * c) for c in vehicle.colours.get("body", (0.5, 0.5, 0.5)))
        ink = (235, 235, 230) if sum(paper) < 400 else (30, 30, 30)
        self._texture(spec, name, textures.sign(text, (512, 112), ink, (paper[0], paper[1], paper[2]), frame=False))
        material = spec.add_material(name=name, specular=0.1, shininess=0.2)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        builder = MeshBuilder()
        builder.quad_picture([(x, 0.95, 2.25), (x, -0.95, 2.25), (x, -0.95, 1.83), (x, 0.95, 1.83)])
        self._geom(spec, body, builder.build(), name, name)

    def _floor(self, spec: Any, layout: Layout, name: str, patch: Patch) -> None:
        picture = ground_picture(patch, layout, self._rng, self._weather.wet)
        self._texture(spec, f"floor_{name}", picture)
        material = spec.add_material(name=f"floor_{name}", specular=0.04 + 0.3 * self._weather.wet, shininess=0.3)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"floor_{name}"
        x0, x1, y0, y1 = patch.x0, patch.x0 + patch.side_m, patch.y1 - patch.side_m, patch.y1
        z = 0.0 if name == "near" else -0.03
        builder = MeshBuilder()
        # Light and fog are worked out at corners only, so a large floor is laid in tiles.
        cuts = np.linspace(0, 1, 33)
        for u0, u1 in itertools.pairwise(cuts):
            for v0, v1 in itertools.pairwise(cuts):
                xs, ys = (x0 + u0 * (x1 - x0), x0 + u1 * (x1 - x0)), (y1 - v1 * (y1 - y0), y1 - v0 * (y1 - y0))
                builder.polygon(
                    [(xs[0], ys[0], z), (xs[1], ys[0], z), (xs[1], ys[1], z), (xs[0], ys[1], z)],
                    [(u0, v1), (u1, v1), (u1, v0), (u0, v0)],
                )
        self._geom(spec, spec.worldbody, builder.build(), f"floor_{name}")

    def _placard(self, spec: Any, vehicle: Vehicle) -> str:
        name = f"{vehicle.id}.placard"
        if name not in self._known:
            self._known.add(name)
            self._texture(
                spec, name, textures.sign(vehicle.placard or "危险品", (512, 96), (200, 30, 25), (240, 238, 230))
            )
            material = spec.add_material(name=name, specular=0.2, shininess=0.3)
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        return name

    def _material(self, spec: Any, name: str, vehicle: Vehicle | None = None) -> str:
        rgb, texture, specular, shininess, emission = _MATERIALS[name]
        key = name
        if vehicle is not None and name in vehicle.colours:
            rgb, key = vehicle.colours[name], f"{vehicle.id}.{name}"
        if key in self._known:
            return key
        self._known.add(key)
        lit = 3.0 if self._weather.lamps and name.startswith("lamp") else 1.0
        material = spec.add_material(name=key, rgba=[*rgb, 1], specular=specular, shininess=shininess)
        material.emission = min(1.0, emission * lit)
        if texture:
            if f"texture:{texture}" not in self._known:
                self._known.add(f"texture:{texture}")
                self._texture(spec, texture, self._pictures[texture])
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = texture
        return key

    def _texture(self, spec: Any, name: str, picture: NDArray[np.uint8]) -> None:
        height, width = picture.shape[:2]
        texture = spec.add_texture(
            name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
        )
        texture.data = np.ascontiguousarray(picture).tobytes()

    def _geom(self, spec: Any, body: Any, mesh: Mesh, material: str, name: str | None = None) -> None:
        self._count += 1
        key = f"mesh{self._count}"
        added = spec.add_mesh(name=key, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
        added.uservert = mesh.vertices.ravel()
        added.usernormal = mesh.normals.ravel()
        added.usertexcoord = mesh.uv.ravel()
        added.userface = mesh.faces.ravel()
        geom = body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=key, material=material)
        if name:
            geom.name = name
        geom.group = VISIBLE_GROUP
        geom.contype = geom.conaffinity = 0
        geom.mass = 0


@lru_cache(maxsize=1)
def _pictures() -> dict[str, NDArray[np.uint8]]:
    """Surfaces every world shares."""
    rng = np.random.default_rng(4)
    steel = textures.tinted(
        (1 + 0.06 * textures.noise((512, 512), 90, rng) + 0.05 * rng.standard_normal((512, 512))).astype(np.float32),
        (104, 104, 106),
    )
    leaf = textures.tinted(
        np.clip(0.75 + 0.4 * textures.noise((256, 256), 20, rng), 0.2, 1.6).astype(np.float32), (62, 84, 44)
    )
    return {
        "dirt": textures.dirt(rng),
        "glass": textures.glass(rng),
        "wheel": textures.wheel(),
        "grille": textures.grille(),
        "coal": textures.coal(rng),
        "concrete": textures.concrete(rng),
        "steel": cv2.addWeighted(steel, 0.9, textures.dirt(rng, 0.5), 0.12, 0),
        "wall": textures.wall(rng, (214, 212, 204)),
        "hall": textures.corrugated(rng, (150, 160, 168)),
        "roof": textures.corrugated(rng, (60, 96, 150)),
        "red_white": textures.stripes((200, 30, 28), (235, 235, 230)),
        "yellow_black": textures.stripes((225, 175, 30), (28, 28, 28)),
        "leaf": leaf,
        "sign_house": textures.sign("1号汽车衡 计量房", (512, 96)),
        "sign_exit": textures.sign("出口 停车受检", (512, 128), (255, 255, 255), (170, 25, 25)),
        "display": textures.sign("一车一磅", (256, 96), (255, 60, 40), (20, 12, 10), frame=False),
    }
