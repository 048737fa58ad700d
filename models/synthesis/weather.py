"""What light, weather, dirt, lens, sensor and codec do to a crop before anybody reads it."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Float = NDArray[np.float32]


def degrade(crop: Picture, rng: np.random.Generator, strength: float = 1.0) -> tuple[Picture, bool]:
    """The crop after all that may befall it, and whether its colours still tell anything.

    strength: 1 for a freshly rendered plate, less for a crop that has been through a camera once already.
    """
    picture = crop.astype(np.float32)
    coloured = True
    for chance, effect in _SCENE:
        if rng.random() < chance * strength:
            picture = effect(picture, rng)
    if rng.random() < 0.06 * strength:
        picture, coloured = _infrared(picture, rng), False
    for chance, effect in _CAMERA:
        if rng.random() < chance * strength:
            picture = effect(picture, rng)
    result = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.7 * strength:
        result = _jpeg(result, rng)
    return result, coloured


def smooth_field(rng: np.random.Generator, shape: tuple[int, int], cells: int = 4) -> Float:
    """A soft random field of 0 to 1 over (height, width)."""
    coarse = rng.random((cells, cells * 2), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 1)


def _shade(picture: Float, rng: np.random.Generator) -> Float:
    """Uneven light: a soft ramp, or the hard edge of a shadow."""
    height, width = picture.shape[:2]
    if rng.random() < 0.6:
        field = smooth_field(rng, (height, width), 2)
    else:
        x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
        angle = rng.uniform(0, np.pi)
        field = np.clip((np.cos(angle) * x + np.sin(angle) * y - rng.uniform(-0.6, 0.6)) * 12 + 0.5, 0, 1)
    return np.asarray(picture * (1 - rng.uniform(0.2, 0.65) * field[:, :, None]), np.float32)


def _dirt(picture: Float, rng: np.random.Generator) -> Float:
    """Mud and dust, thickest where they please."""
    height, width = picture.shape[:2]
    field = smooth_field(rng, (height, width), int(rng.integers(3, 14)))
    amount = np.clip((field - rng.uniform(0.35, 0.75)) * rng.uniform(1.5, 5), 0, rng.uniform(0.3, 0.85))[:, :, None]
    mud = np.array((60, 80, 95), np.float32) * rng.uniform(0.5, 2.0)
    return np.asarray(picture * (1 - amount) + mud * amount, np.float32)


def _glare(picture: Float, rng: np.random.Generator) -> Float:
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
    centre, size = rng.uniform(0, 1, 2), rng.uniform(0.08, 0.45, 2)
    spot = np.exp(-(((x - centre[0]) / size[0]) ** 2 + ((y - centre[1]) / size[1]) ** 2))
    return np.asarray(picture + spot[:, :, None] * rng.uniform(40, 170), np.float32)


def _rain(picture: Float, rng: np.random.Generator) -> Float:
    height, width = picture.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    slant = rng.normal(0, 0.15)
    for _ in range(int(rng.integers(4, 26))):
        x, y, length = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.1, 0.5) * height
        cv2.line(layer, (int(x), int(y)), (int(x + slant * length), int(y + length)), int(rng.integers(60, 200)), 1)
    soft = cv2.GaussianBlur(layer, (3, 3), 0).astype(np.float32)[:, :, None]
    return np.asarray(picture * 0.93 + soft * 0.7, np.float32)


def _haze(picture: Float, rng: np.random.Generator) -> Float:
    veil = rng.uniform(0.15, 0.65)
    return np.asarray(picture * (1 - veil) + rng.uniform(60, 235) * veil, np.float32)


def _cast(picture: Float, rng: np.random.Generator) -> Float:
    return np.asarray(picture * rng.uniform(0.65, 1.3, 3).astype(np.float32), np.float32)


def _fade(picture: Float, rng: np.random.Generator) -> Float:
    """Colours washed out, as at dusk or by a cheap sensor."""
    grey = picture.mean(2, keepdims=True)
    keep = rng.uniform(0.1, 0.8)
    return np.asarray(grey * (1 - keep) + picture * keep, np.float32)


def _expose(picture: Float, rng: np.random.Generator) -> Float:
    """Too little light, too much, or another gamma."""
    manner = rng.random()
    if manner < 0.4:
        return np.asarray(picture * rng.uniform(0.15, 0.7), np.float32)
    if manner < 0.7:
        return np.asarray(picture * rng.uniform(1.2, 2.3) + rng.uniform(0, 40), np.float32)
    return np.asarray(255 * (np.clip(picture, 0, 255) / 255) ** rng.uniform(0.5, 1.9), np.float32)


def _infrared(picture: Float, rng: np.random.Generator) -> Float:
    """Night, infrared lamp: no colour, a bright middle, the retroreflecting sheet glowing."""
    grey = picture @ rng.dirichlet((2, 2, 2)).astype(np.float32)
    height, width = grey.shape
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    lamp = 1 - rng.uniform(0, 0.6) * np.clip((x - rng.normal(0, 0.3)) ** 2 + (y - rng.normal(0, 0.3)) ** 2, 0, 1)
    lit = grey * lamp * rng.uniform(0.7, 1.6)
    return np.repeat(lit[:, :, None].astype(np.float32), 3, axis=2)


def _motion(picture: Float, rng: np.random.Generator) -> Float:
    length = int(rng.uniform(0.02, 0.09) * picture.shape[1]) + 2
    kernel = np.zeros((length, length), np.float32)
    angle = rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (np.array([length / 2, length / 2]) + sign * reach for sign in (-1, 1))
    cv2.line(kernel, tuple(start.astype(int).tolist()), tuple(end.astype(int).tolist()), 1.0, 1)
    return np.asarray(cv2.filter2D(picture, -1, kernel / max(kernel.sum(), 1e-6)), np.float32)


def _defocus(picture: Float, rng: np.random.Generator) -> Float:
    sigma = rng.uniform(0.3, 0.016 * picture.shape[1] + 0.3)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _coarse(picture: Float, rng: np.random.Generator) -> Float:
    """Seen small and blown up again."""
    height, width = picture.shape[:2]
    small = (max(int(rng.uniform(44, 110)), 8), max(int(rng.uniform(0.85, 1.2) * height * 72 / width), 12))
    if small[0] >= width:
        return picture
    ways = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST)
    shrunk = cv2.resize(picture, small, interpolation=ways[int(rng.choice(3, p=(0.6, 0.3, 0.1)))])
    if rng.random() < 0.5:
        return np.asarray(shrunk, np.float32)
    way = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=way), np.float32)


def _noise(picture: Float, rng: np.random.Generator) -> Float:
    height, width = picture.shape[:2]
    sigma = rng.uniform(2, 18)
    if rng.random() < 0.5:
        return picture + sigma * rng.standard_normal((height, width, 1), dtype=np.float32)
    grain = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
    return np.asarray(picture + sigma * cv2.resize(grain, (width, height)), np.float32)


def _sharpen(picture: Float, rng: np.random.Generator) -> Float:
    """The halo cheap cameras draw around edges."""
    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 2.0))
    return np.asarray(picture + rng.uniform(0.5, 2.5) * (picture - soft), np.float32)


def _stamp(picture: Float, rng: np.random.Generator) -> Float:
    """The camera's own writing across the plate's upper or lower edge."""
    out = np.clip(picture, 0, 255).astype(np.uint8)
    height, width = out.shape[:2]
    text = f"20{rng.integers(10, 27)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02} {rng.integers(0, 24):02}:00"
    place = (
        int(rng.uniform(-0.6, 0.5) * width),
        round(height * (rng.uniform(0.95, 1.15) if rng.random() < 0.7 else 0.1)),
    )
    size = height * rng.uniform(0.008, 0.018)
    bright = float(rng.uniform(200, 255))
    cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (bright,) * 3, 1, cv2.LINE_AA)
    return out.astype(np.float32)


def _jpeg(picture: Picture, rng: np.random.Generator) -> Picture:
    quality = int(rng.uniform(18, 92))
    _, code = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)


_Effect = Callable[[Float, np.random.Generator], Float]
_SCENE: tuple[tuple[float, _Effect], ...] = (
    (0.22, _dirt),
    (0.3, _shade),
    (0.12, _glare),
    (0.05, _rain),
    (0.3, _haze),
    (0.2, _fade),
    (0.45, _cast),
)
_CAMERA: tuple[tuple[float, _Effect], ...] = (
    (0.3, _motion),
    (0.45, _defocus),
    (0.6, _expose),
    (0.35, _coarse),
    (0.45, _noise),
    (0.18, _sharpen),
    (0.03, _stamp),
)
