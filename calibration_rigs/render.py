"""Pictures of a world as a camera would send them: drawn by MuJoCo, then given a lens and a finish."""

from typing import Any

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.errors import RenderError
from calibration_rigs.finish import Finish
from calibration_rigs.scene import VISIBLE_GROUP
from calibration_rigs.weather import FINER, Weather
from calibration_rigs.world import World

Picture = NDArray[np.uint8]
_UNSEEN_GROUP = 5
_BURIED_M = -30.0


class Painter:
    """Draws one world through its cameras. Close it, or use it as a context manager. dirt: of the glass, 0 to 1.

    Raises RenderError where this machine has no OpenGL without a display.
    """

    def __init__(
        self, world: World, size: tuple[int, int], weather: Weather, seed: int = 1, *, dirt: float = 0.0
    ) -> None:
        self._world, self._size = world, size
        drawn = round(size[0] * FINER), round(size[1] * FINER)
        try:
            self._renderer = mujoco.Renderer(world.model, drawn[1], drawn[0])
        except Exception as error:
            raise RenderError(
                f"no OpenGL without a display ({error}); install libegl1 and libgl1-mesa-dri, or set MUJOCO_GL=osmesa"
            ) from error
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_FOG] = 1
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_HAZE] = 0
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 0
        self._option.geomgroup[VISIBLE_GROUP] = 1
        self._shown = np.isin(world.model.geom_group, (VISIBLE_GROUP, _UNSEEN_GROUP))
        self._finish = Finish(size, weather, seed, dirt=dirt)
        self._maps: dict[str, Any] = {}

    def __enter__(self) -> "Painter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the drawing context back."""
        self._renderer.close()

    def raw(self, camera: str) -> Picture:
        """What the renderer makes of it, (H, W, 3) RGB."""
        return np.asarray(cv2.resize(self._drawn(camera), self._size, interpolation=cv2.INTER_AREA), np.uint8)

    def segments(self, camera: str) -> NDArray[np.int32]:
        """Geom id seen at each pixel, -1 for none, (H, W); no lens distortion."""
        self._renderer.enable_segmentation_rendering()
        try:
            seen = cv2.resize(self._drawn(camera), self._size, interpolation=cv2.INTER_NEAREST)
        finally:
            self._renderer.disable_segmentation_rendering()
        geoms = seen[..., 1] == int(mujoco.mjtObj.mjOBJ_GEOM)
        return np.where(geoms, seen[..., 0], -1).astype(np.int32)

    def picture(self, camera: str, view: View, turn_rad: float = 0.0) -> Picture:
        """One frame, (H, W, 3) BGR, as the camera would send it. turn_rad: it was turned to the left by so much."""
        return self._finish(self.seen(camera, view, turn_rad))

    def seen(self, camera: str, view: View, turn_rad: float = 0.0) -> Picture:
        """What `picture` shows before its finish, (H, W, 3) BGR."""
        place = self._world.data.cam_xmat[self._world.model.camera(camera).id]
        stood = place.copy()
        c, s = np.cos(turn_rad), np.sin(turn_rad)
        place[:] = (np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ stood.reshape(3, 3)).ravel()
        seen = self._lens(camera, view)[:, :, ::-1]
        place[:] = stood
        return seen

    def _drawn(self, camera: str) -> NDArray[Any]:
        """The scene at FINER times the size, without the vehicles that wait below the ground."""
        model, data = self._world.model, self._world.data
        buried = data.geom_xpos[:, 2] < _BURIED_M
        model.geom_group[self._shown] = np.where(buried, _UNSEEN_GROUP, VISIBLE_GROUP)[self._shown]
        self._renderer.update_scene(data, model.camera(camera).id, self._option)
        return np.asarray(self._renderer.render())

    def _lens(self, camera: str, view: View) -> Picture:
        m = view.matrix
        middle = (np.array(view.size) - 1) / 2
        centred = np.abs(m[:2, 2] - middle).max() < 0.01
        if centred and m[0, 0] == m[1, 1] and not view.distortion.any():
            return self.raw(camera)
        if camera not in self._maps:
            # A pixel's middle keeps its place as the picture is made larger.
            self._maps[camera] = tuple((place + 0.5) * FINER - 0.5 for place in lens_map(view))
        across, down = self._maps[camera]
        bent = cv2.remap(self._drawn(camera), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(bent, np.uint8)


def lens_map(view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each pixel of the real camera's picture, where it lies in the renderer's plain one."""
    width, height = view.size
    x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    seen = np.stack([x.ravel(), y.ravel()], axis=1).reshape(-1, 1, 2)
    plain = cv2.undistortPoints(seen, view.matrix, view.distortion).reshape(-1, 2)
    focal = view.matrix[1, 1]
    # Image points count from the first pixel's middle, and the renderer's axis goes through the picture's middle.
    return (
        (plain[:, 0] * focal + (width - 1) / 2).reshape(height, width).astype(np.float32),
        (plain[:, 1] * focal + (height - 1) / 2).reshape(height, width).astype(np.float32),
    )
