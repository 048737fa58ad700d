"""Pictures of a world as a camera would send them: drawn by MuJoCo, then given a lens, exposure, rain and noise."""

from typing import Any

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.errors import RenderError
from calibration_rigs.glass import Drops, dirt_on, through_dirt
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
        place = self._world.data.cam_xmat[self._world.model.camera(camera).id]
        stood = place.copy()
        c, s = np.cos(turn_rad), np.sin(turn_rad)
        place[:] = (np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ stood.reshape(3, 3)).ravel()
        seen = self._lens(camera, view)[:, :, ::-1]
        place[:] = stood
        return self._finish(seen)

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


class Finish:
    """What lies between the scene and the file: exposure, glow, corners, rain, the glass, sensor noise.

    noise: one sigma of a pixel by day. dirt: of the glass, 0 clean to 1 blind.
    """

    def __init__(
        self, size: tuple[int, int], weather: Weather, seed: int = 1, noise: float = 1.6, *, dirt: float = 0.0
    ) -> None:
        width, height = size
        self._weather, self._rng = weather, np.random.default_rng(seed)
        x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        self._corners = (1.0 - 0.13 * (x**2 + y**2)).astype(np.float32)[..., None]
        tone = np.linspace(0, 1, 256)
        dark = weather.kind in ("night", "dusk")
        curve = 1.04 * tone**0.78 if not dark else tone**0.82
        self._curve = np.clip(255 * (0.015 + 0.985 * (curve - 0.035 * np.sin(2 * np.pi * tone))), 0, 255).astype(
            np.uint8
        )
        grains = [self._rng.normal(0, noise * (2.4 if dark else 1.0), (height, width, 1)) for _ in range(5)]
        self._grains = [g.astype(np.float32) for g in grains]
        self._tint = np.array((0.97, 1.0, 1.02), np.float32)  # BGR: a warm camera
        self._count = 0
        self._dirt = dirt_on(size, dirt, self._rng) if dirt > 0 else None
        self._drops = Drops(size, self._rng) if weather.kind == "rain" else None

    def __call__(self, picture: Picture) -> Picture:
        graded = cv2.LUT(picture, self._curve).astype(np.float32)
        small = cv2.resize(graded, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
        glow = cv2.resize(cv2.GaussianBlur(np.maximum(small - 205, 0), (0, 0), 5), (picture.shape[1], picture.shape[0]))
        out = (graded + 0.9 * glow) * self._corners * self._tint
        if self._weather.kind == "rain":
            out = self._rain(out)
        if self._drops is not None:
            out = self._drops(out)
        if self._dirt is not None:
            out = through_dirt(out, self._dirt)
        soft = cv2.GaussianBlur(out, (0, 0), 0.55)
        self._count += 1
        soft += self._grains[self._count * 3 % 5]
        return np.asarray(np.clip(soft, 0, 255), np.uint8)

    def _rain(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = picture.shape[:2]
        drops = np.zeros((height, width), np.float32)
        drops[self._rng.integers(0, height, 420), self._rng.integers(0, width, 420)] = 255
        kernel = np.zeros((27, 27), np.float32)
        cv2.line(kernel, (10, 0), (16, 26), 1.0 / 9, 1)
        streaks = cv2.filter2D(drops, -1, kernel)[..., None]
        return np.asarray(picture + 1.3 * streaks, np.float32)
