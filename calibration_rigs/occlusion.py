"""How much of a vehicle, and of each of its plates, others hide from a camera: by rays against their hulls."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.vehicle import PlateOn, Unit, Vehicle, plate_corners
from calibration_rigs.world import HULL_GROUP, World

Points = NDArray[np.float64]
GRID = 5  # rays across and along each face that looks toward the camera
PLATE_GRID = (5, 3)
SKIN_M = 0.2  # a hull hit so little before a point is the thing itself
_HULLS = np.array([g == HULL_GROUP for g in range(6)], np.uint8)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Shares 0 to 1 hidden by others, of what lies in the picture. plates: by the plate's place among the vehicle's."""

    share: float
    plates: tuple[float, ...]


def hidden_in(world: World, vehicles: Sequence[Vehicle], view: View) -> dict[str, Hidden]:
    """What is hidden of each vehicle, by its id. Vehicles and the gate house hide; posts and arms are too thin."""
    out = {}
    for vehicle in vehicles:
        bodies = [_pose(world, vehicle.id if k == 0 else f"{vehicle.id}.{k}") for k in range(len(vehicle.units))]
        samples = [_faces(unit, pose, view) for unit, pose in zip(vehicle.units, bodies, strict=True)]
        points = np.vstack([p for p, _ in samples])
        weights = np.concatenate([w for _, w in samples])
        plates = [_plate_grid(plate, bodies[plate.unit]) for plate in vehicle.plates]
        unseen = _unseen(world, vehicle.id, np.vstack([points, *plates]), view)
        shares = np.split(unseen, np.cumsum([len(points), *(len(p) for p in plates)])[:-1])
        out[vehicle.id] = Hidden(_mean(shares[0], weights), tuple(_mean(s, np.ones(len(s))) for s in shares[1:]))
    return out


def _pose(world: World, body: str) -> tuple[Points, Points]:
    placed = world.data.body(body)
    return placed.xmat.reshape(3, 3), placed.xpos


def _faces(unit: Unit, pose: tuple[Points, Points], view: View) -> tuple[Points, Points]:
    """Points on the faces of a unit's box that look toward the camera, and what each stands for."""
    turn, at = pose
    low, high = np.array(unit.box)
    eye = (view.centre - at) @ turn
    spread = (np.arange(GRID) + 0.5) / GRID
    points, weights = [np.empty((0, 3))], [np.empty(0)]
    for axis in range(3):
        across = [a for a in range(3) if a != axis]
        for side, sign in ((low, -1.0), (high, 1.0)):
            if sign * (eye[axis] - side[axis]) <= 0:
                continue
            u, v = np.meshgrid(spread, spread)
            face = np.empty((GRID * GRID, 3))
            face[:, axis] = side[axis]
            face[:, across[0]] = low[across[0]] + u.ravel() * (high - low)[across[0]]
            face[:, across[1]] = low[across[1]] + v.ravel() * (high - low)[across[1]]
            away = eye - face
            reach = np.linalg.norm(away, axis=1)
            area = float(np.prod((high - low)[across]))
            points.append(face)
            weights.append(area * np.abs(away[:, axis]) / reach**3)  # as large as it looks
    return np.vstack(points) @ turn.T + at, np.concatenate(weights)


def _plate_grid(plate: PlateOn, pose: tuple[Points, Points]) -> Points:
    turn, at = pose
    left_top, right_top, _, left_bottom = plate_corners(plate)
    u, v = ((np.arange(n) + 0.5) / n for n in PLATE_GRID)
    grid = [left_top + a * (right_top - left_top) + b * (left_bottom - left_top) for b in v for a in u]
    return np.asarray(np.array(grid) @ turn.T + at)


def _unseen(world: World, vehicle: str, points: Points, view: View) -> Points:
    """1 where something else stands before a point, 0 where it is seen, NaN outside the picture."""
    model = world.model
    rays = points - view.centre
    hit, reach = np.full((len(points), 1), -1, np.int32), np.zeros((len(points), 1))
    mujoco.mj_multiRay(
        model, world.data, view.centre.reshape(3, 1), rays.reshape(-1, 1), _HULLS, True, -1, hit, reach, None,
        len(points), mujoco.mjMAXVAL,
    )  # fmt: skip
    length = np.linalg.norm(rays, axis=1)
    before = (hit[:, 0] >= 0) & (reach[:, 0] * length < length - SKIN_M)
    own = model.body_rootid[model.geom_bodyid[hit[:, 0]]] == model.body(vehicle).id
    out = np.where(before & ~own, 1.0, 0.0)
    ahead = view.depth(points) > 0.1
    image = view.project(points)
    inside = ahead & (image >= 0).all(axis=1) & (image < view.size).all(axis=1)
    out[~inside] = np.nan
    return out


def _mean(unseen: Points, weights: Points) -> float:
    inside = ~np.isnan(unseen)
    total = float(weights[inside].sum())
    return float((unseen[inside] * weights[inside]).sum()) / total if total > 0 else 0.0
