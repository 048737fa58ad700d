"""What lies between a drawn scene and a camera's file: exposure, glow, corners, rain, the glass, sensor noise."""

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.glass import Drops, dirt_on, through_dirt
from calibration_rigs.weather import Weather

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
GRAINS = 5  # pictures of noise, used in turn
_GLOWS_FROM = 205  # of 255: what is brighter shines over its surroundings
_STREAKS = 420
_STREAK_PX = (6, 26)  # across and down
_STREAK_LIGHT = 37


class Finish:
    """Finishes one camera's pictures in their order. noise: one sigma of a pixel by day. dirt: of the glass, 0 to 1."""

    def __init__(
        self, size: tuple[int, int], weather: Weather, seed: int = 1, noise: float = 1.6, *, dirt: float = 0.0
    ) -> None:
        width, height = size
        self._weather, self._rng = weather, np.random.default_rng(seed)
        dark = weather.kind in ("night", "dusk")
        self._curve = _curve(dark)
        x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        tint = np.array((0.97, 1.0, 1.02))  # BGR: a warm camera
        self._gain = ((1.0 - 0.13 * (x**2 + y**2))[..., None] * tint).astype(np.float32)
        grains = [self._rng.normal(0, noise * (2.4 if dark else 1.0), (height, width)) for _ in range(GRAINS)]
        self._grains = [cv2.merge([np.clip(np.round(g), -127, 127).astype(np.int8)] * 3) for g in grains]
        self._count = 0
        self._dirt = dirt_on(size, dirt, self._rng) if dirt > 0 else None
        self._drops = Drops(size, self._rng) if weather.kind == "rain" else None

    def __call__(self, picture: Picture) -> Picture:
        out: Layer = np.asarray(cv2.LUT(picture, self._curve), np.float32)
        out = np.asarray(cv2.multiply(_glowing(out), self._gain), np.float32)
        if self._weather.kind == "rain":
            out = self._rained_on(out)
        if self._drops is not None:
            out = self._drops(out)
        if self._dirt is not None:
            out = through_dirt(out, self._dirt)
        soft = cv2.GaussianBlur(out, (0, 0), 0.55)
        self._count += 1
        return np.asarray(cv2.add(soft, self._grains[self._count * 3 % GRAINS], dtype=cv2.CV_8U), np.uint8)

    def _rained_on(self, picture: Layer) -> Layer:
        height, width = picture.shape[:2]
        tops = np.stack([self._rng.integers(0, width, _STREAKS), self._rng.integers(0, height, _STREAKS)], axis=1)
        streaks = np.zeros((height, width), np.uint8)
        cv2.polylines(streaks, list(np.stack([tops, tops + _STREAK_PX], axis=1)), False, _STREAK_LIGHT, 1)
        return np.asarray(cv2.add(picture, cv2.merge([streaks] * 3), dtype=cv2.CV_32F), np.float32)


def _curve(dark: bool) -> Layer:
    """What a camera makes of each of 256 brightnesses."""
    tone = np.linspace(0, 1, 256)
    curve = tone**0.82 if dark else 1.04 * tone**0.78
    return np.clip(255 * (0.015 + 0.985 * (curve - 0.035 * np.sin(2 * np.pi * tone))), 0, 255).astype(np.float32)


def _glowing(picture: Layer) -> Layer:
    small = cv2.resize(picture, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    bright = np.maximum(small - _GLOWS_FROM, 0)
    if not bright.any():
        return picture
    glow = cv2.resize(cv2.GaussianBlur(bright, (0, 0), 5), (picture.shape[1], picture.shape[0]))
    return np.asarray(cv2.scaleAdd(glow, 0.9, picture), np.float32)
