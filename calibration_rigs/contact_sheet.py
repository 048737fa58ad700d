"""All scenarios on one picture: each at its telling moment."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.layout import layout_of
from calibration_rigs.render import Painter
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import Dresser
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


def telling_moment(path: Path) -> Picture:
    """A scenario's picture when a vehicle stands large before its first camera, or passes close to one; BGR."""
    scenario, site = load_scenario(path)
    layout = layout_of(site)
    weather = Weather.named(scenario.weather)
    simulation = Simulation(scenario, layout, Dresser(weather, np.random.default_rng(scenario.seed), FLOOR_PX))
    size = next(iter(layout.views.values())).size
    with Painter(simulation.world, size, weather, scenario.seed, dirt=scenario.lens_dirt) as painter:
        best, chosen = 0.0, next(iter(layout.views))
        data = simulation.world.data
        kept = data.qpos.copy()
        for tick in simulation.ticks(0.5):
            for name in layout.views:
                worth = sum(_worth(simulation, tick, name, v.id) for v in tick.vehicles)
                if worth > best + 0.05:
                    best, chosen, kept = worth, name, data.qpos.copy()
            if best > 0.9:
                break
        data.qpos[:] = kept
        mujoco.mj_forward(simulation.world.model, data)
        return painter.picture(chosen, layout.views[chosen])


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
