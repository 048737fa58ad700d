"""What lies on a camera's front glass: rain drops that bend the picture, dirt that veils it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.textures import noise

Field = NDArray[np.float32]
DROPS = 22
STAY_FRAMES = 40  # before some of the drops have run off and others have come
_MUD = np.array((84, 98, 112), np.float32)  # BGR


class Drops:
    """Drops on the glass; each shows the scene behind it upside down and small."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        self._size, self._rng = size, rng
        self._drops = [self._drop() for _ in range(DROPS)]
        self._count = 0
        self._map()

    def __call__(self, picture: Field) -> Field:
        """The picture, (H, W, 3), as seen through the glass now."""
        self._count += 1
        if self._count % STAY_FRAMES == 0:
            for i in self._rng.integers(0, DROPS, 3):
                self._drops[i] = self._drop()
            self._map()
        bent = cv2.remap(picture, self._across, self._down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(bent * self._rim, np.float32)

    def _drop(self) -> tuple[float, float, float]:
        width, height = self._size
        radius = height * float(self._rng.uniform(0.006, 0.028))
        return float(self._rng.uniform(0, width)), float(self._rng.uniform(0, height)), radius

    def _map(self) -> None:
        width, height = self._size
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        self._across, self._down, self._rim = x.copy(), y.copy(), np.ones((height, width, 1), np.float32)
        for cx, cy, radius in self._drops:
            x0, x1 = max(0, int(cx - radius)), min(width, int(cx + radius) + 1)
            y0, y1 = max(0, int(cy - 1.2 * radius)), min(height, int(cy + 1.2 * radius) + 1)
            part = (slice(y0, y1), slice(x0, x1))
            dx, dy = x[part] - cx, y[part] - cy
            away = np.hypot(dx, dy / 1.2) / radius
            inside = away < 1
            bend = 4.0 * (0.3 + away**2)
            self._across[part] = np.where(inside, cx - bend * dx, self._across[part])
            self._down[part] = np.where(inside, cy - bend * dy, self._down[part])
            shade = 1.04 - 0.35 * np.clip(away, 0, 1) ** 6
            self._rim[part] = np.where(inside, shade, self._rim[part][..., 0])[..., None]


def dirt_on(size: tuple[int, int], dirt: float, rng: np.random.Generator) -> Field:
    """How much of each pixel dirt covers, (H, W, 1). dirt: 0 clean to 1 blind."""
    width, height = size
    blobs = noise((height, width), height / 4, rng, 5)
    edge = np.abs(np.linspace(-1, 1, width, dtype=np.float32))[None, :] ** 3
    cover = dirt * (0.75 + 0.35 * blobs + 0.25 * edge) + 0.25 * (dirt - 0.5)
    return np.asarray(np.clip(cover, 0, 0.98)[..., None], np.float32)


def through_dirt(picture: Field, cover: Field) -> Field:
    """The picture, (H, W, 3) BGR, behind dirt: veiled, and lit by what falls on the dirt."""
    light = float(picture.mean()) / 110.0
    return np.asarray((1 - cover) * picture + cover * np.minimum(light, 1.5) * _MUD, np.float32)
