"""All scenarios on one picture: each at its telling moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.equipment import pose_arms
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shot import Shot
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.truth import box_of
from calibration_rigs.weather import Weather

Picture = NDArray[np.uint8]
TILE = (192, 108)
LABEL_PX = 16
COLUMNS = 10
FLOOR_PX = (1024, 512)  # smaller than a clip's: a tile shows no more


def contact_sheet(paths: Sequence[Path], progress: Callable[[int], None] = lambda _: None) -> Picture:
    """One tile per scenario with its name under it, BGR. Raises as `render` does."""
    tiles = []
    for number, path in enumerate(paths):
        picture = telling_moment(path)
        tile = np.full((TILE[1] + LABEL_PX, TILE[0], 3), 255, np.uint8)
        tile[: TILE[1]] = cv2.resize(picture, TILE, interpolation=cv2.INTER_AREA)
        cv2.putText(tile, path.stem[:34], (2, TILE[1] + 11), cv2.FONT_HERSHEY_SIMPLEX, 0.30, (20, 20, 20), 1)
        tiles.append(tile)
        progress(number + 1)
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)])


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """An instant worth showing: how much, from which camera, and how the world stood."""

    worth: float
    camera: str
    t_s: float
    qpos: NDArray[np.float64]
    arms: dict[str, float]


def telling_moment(path: Path) -> Picture:
    """A scenario's picture when a vehicle stands large before a camera, or passes close to one; BGR.

    Where something befalls a camera, that camera afterwards; black where it sends nothing.
    """
    scenario, site = load_scenario(path)
    layout = layout_of(site)
    weather = Weather.named(scenario.weather)
    simulation = Simulation(scenario, layout, Dresser(weather, np.random.default_rng(scenario.seed), FLOOR_PX))
    hurt = next((e for e in scenario.devices if e.device in layout.views), None)
    cameras = [hurt.device] if hurt else list(layout.views)
    data = simulation.world.data
    best = _Moment(0.0, cameras[0], 0.0, data.qpos.copy(), {arm.id: 0.0 for arm in layout.arms})
    for tick in simulation.ticks(0.5):
        if hurt and tick.t_s < hurt.at_s:
            continue
        for name in cameras:
            worth = sum(_worth(simulation, tick, name, v.id) for v in tick.vehicles)
            if worth > best.worth + 0.05 or (hurt and best.t_s < hurt.at_s):
                best = _Moment(worth, name, tick.t_s, data.qpos.copy(), tick.arms)
        if best.worth > 0.9:
            break
    data.qpos[:] = best.qpos
    pose_arms(simulation.world, layout.arms, best.arms)
    mujoco.mj_forward(simulation.world.model, data)
    with Shot(simulation, best.camera, weather) as shot:
        picture = shot.take(best.t_s)
    width, height = layout.views[best.camera].size
    return np.zeros((height, width, 3), np.uint8) if picture is None else picture


def _worth(simulation: Simulation, tick: Tick, camera: str, vehicle: str) -> float:
    """How much a vehicle tells at an instant: large, whole in the picture, and standing rather than passing."""
    view = simulation.layout.views[camera]
    box = box_of(simulation, vehicle, view)
    if box is None:
        return 0.0
    width, height = view.size
    whole = box[0] > 2 and box[2] < width - 2 and box[3] < height - 2
    share = (box[3] - box[1]) / height
    still = next(abs(v.speed_m_s) for v in tick.vehicles if v.id == vehicle) < 0.05
    return min(share / 0.45, 1.0) * (1.0 if whole else 0.3) * (1.0 if still else 0.8)
