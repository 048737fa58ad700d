"""What a drawn picture shows of each vehicle, from the geom seen at every pixel: box, colour, wheels, plates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.vehicle import PlateOn, Unit, Vehicle, plate_corners
from calibration_rigs.world import World
from vision.facts import VehicleClass

LEAST_PIXELS = 70
LEAST_FILL = 0.12  # of its box by what is seen of a vehicle
LEAST_SIDE_PX = 6
LEAST_PLATE_PX = 12
LEAST_PLATE_SEEN = 0.55
NEAREST_M = 0.5
RIM_POINTS = 24
_OUTER_M = 0.15  # from the middle of an axle's track to a wheel's outer face

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture to be labelled. segments: geom id at each pixel, -1 for none, (H, W); owner: vehicle index by geom.

    paints: names of the colours that vehicles wear, by (vehicle id, part); parts as in `Vehicle.colours`.
    """

    world: World
    view: View
    segments: NDArray[np.int32]
    owner: NDArray[np.int64]
    paints: Mapping[tuple[str, str], str]


def labels_of(drawn: Drawn, vehicles: Iterable[int]) -> list[dict[str, Any]]:
    """One record for each vehicle, by its index in the world, that is seen well enough to be found.

    kind; box: x0 y0 x1 y1 in pixels round what is seen; pixels: how many show it; axles: all it has; colour: of the cab
    or of a car's body, "" for people; load_colour: of the body behind the cab, "" where it has none; colour_pixels:
    how many show each; wheels: those whose outer face looks to the camera, each with its axle (0 is the first), its
    side, the face's centre `at` and its outline's height in pixels, and the share of it that is seen.
    """
    owners = np.where(drawn.segments >= 0, drawn.owner[drawn.segments], -1)
    out = []
    for index in vehicles:
        ys, xs = np.nonzero(owners == index)
        if len(xs) < LEAST_PIXELS:
            continue
        x0, x1, y0, y1 = int(xs.min()), int(xs.max()) + 1, int(ys.min()), int(ys.max()) + 1
        if len(xs) < LEAST_FILL * (x1 - x0) * (y1 - y0) or min(x1 - x0, y1 - y0) < LEAST_SIDE_PX:
            continue
        vehicle = drawn.world.vehicles[index]
        out.append(
            {
                "kind": vehicle.kind.value,
                "box": [x0, y0, x1, y1],
                "pixels": len(xs),
                "axles": 0 if vehicle.kind is VehicleClass.PERSON else vehicle.axle_count,
                **_colours(drawn, vehicle),
                "wheels": _wheels(drawn, vehicle),
            }
        )
    return out


def plates_of(drawn: Drawn, vehicles: Iterable[int]) -> list[dict[str, Any]]:
    """Every plate of these vehicles of which more than half is seen: text, colour, rows, corners and vehicle class."""
    found = []
    for index in vehicles:
        vehicle = drawn.world.vehicles[index]
        for n, plate in enumerate(vehicle.plates):
            corners = _in_world(drawn.world, vehicle, plate.unit, plate_corners(plate))
            if drawn.view.depth(corners).min() < NEAREST_M:
                continue
            image = drawn.view.project(corners)
            area, seen = _seen(drawn, image, [drawn.world.model.geom(f"{vehicle.id}.plate{n}.face").id])
            if area >= LEAST_PLATE_PX and seen > LEAST_PLATE_SEEN * area:
                found.append(_plate(plate, image, vehicle))
    return found


def _plate(plate: PlateOn, image: Points, vehicle: Vehicle) -> dict[str, Any]:
    return {
        "text": plate.text,
        "colour": plate.colour.value,
        "rows": plate.rows,
        "corners": image.round(2).tolist(),
        "kind": vehicle.kind.value,
    }


def _colours(drawn: Drawn, vehicle: Vehicle) -> dict[str, Any]:
    if vehicle.kind is VehicleClass.PERSON:
        return {"colour": "", "load_colour": "", "colour_pixels": {}}
    pixels = {}
    for part in ("paint", "body"):
        geoms = [g for k in range(len(vehicle.units)) if (g := _geom(drawn, f"{vehicle.id}.{k}.{part}")) is not None]
        if geoms:
            pixels[part] = int(np.isin(drawn.segments, geoms).sum())
    names = {part: drawn.paints.get((vehicle.id, part), "") for part in pixels}
    counts = {name: pixels[part] for part, name in (("paint", "colour"), ("body", "load_colour")) if part in pixels}
    return {"colour": names.get("paint", ""), "load_colour": names.get("body", ""), "colour_pixels": counts}


def _wheels(drawn: Drawn, vehicle: Vehicle) -> list[dict[str, Any]]:
    if vehicle.kind is VehicleClass.PERSON:
        return []
    wheels, first = [], 0
    for k, unit in enumerate(vehicle.units):
        for i in range(len(unit.axles)):
            named = (_geom(drawn, f"{vehicle.id}.{k}.{i}.{part}") for part in ("wheel", "rubber"))
            geoms = [g for g in named if g is not None]
            for side, sign in (("left", 1), ("right", -1)):
                wheel = _wheel(drawn, _in_world(drawn.world, vehicle, k, _face(unit, i, sign)), geoms)
                if wheel is not None:
                    wheels.append({"axle": first + i, "side": side, **wheel})
        first += len(unit.axles)
    return wheels


def _face(unit: Unit, axle: int, sign: int) -> Points:
    """The middle of a wheel's outer face, a point further out, and the points of its rim, in its unit's frame."""
    y, r = sign * (unit.track / 2 + _OUTER_M), unit.tyre_radius
    turn = np.linspace(0, 2 * np.pi, RIM_POINTS, endpoint=False)
    rim = np.column_stack([unit.axles[axle] + r * np.cos(turn), np.full(RIM_POINTS, y), r + r * np.sin(turn)])
    return np.vstack([(unit.axles[axle], y, r), (unit.axles[axle], y + sign, r), rim])


def _wheel(drawn: Drawn, face: Points, geoms: list[int]) -> dict[str, Any] | None:
    middle, outward = face[0], face[1] - face[0]
    if drawn.view.depth(face).min() < NEAREST_M or outward @ (drawn.view.centre - middle) <= 0:
        return None
    image = drawn.view.project(np.vstack([middle[None], face[2:]]))
    (x, y), rim = image[0], image[1:]
    height, width = drawn.segments.shape
    if not (0 <= x < width and 0 <= y < height):
        return None
    area, seen = _seen(drawn, rim, geoms)
    if not area:
        return None
    tall = float(np.ptp(rim[:, 1]))
    return {"at": [round(float(x), 1), round(float(y), 1)], "height": round(tall, 1), "seen": round(seen / area, 2)}


def _seen(drawn: Drawn, outline: Points, geoms: list[int]) -> tuple[int, int]:
    """Pixels inside an outline, and how many of them show these geoms."""
    mask = np.zeros(drawn.segments.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 1)
    inside = mask > 0
    return int(inside.sum()), int(np.isin(drawn.segments[inside], geoms).sum())


def _in_world(world: World, vehicle: Vehicle, unit: int, points: Points) -> Points:
    body = world.data.body(vehicle.id if unit == 0 else f"{vehicle.id}.{unit}")
    return np.asarray(points @ body.xmat.reshape(3, 3).T + body.xpos)


def _geom(drawn: Drawn, name: str) -> int | None:
    try:
        return int(drawn.world.model.geom(name).id)
    except KeyError:
        return None
