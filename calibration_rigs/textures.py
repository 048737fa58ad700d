"""Pictures of surfaces, made from noise: asphalt, concrete, coal, dirt, glass, wheels, signs. RGB uint8, (H, W, 3)."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Field = NDArray[np.float32]
COARSER = 4  # of the grid on which large blobs are drawn


def noise(size: tuple[int, int], cell_px: float, rng: np.random.Generator, octaves: int = 4) -> Field:
    """Smooth noise of mean 0 and standard deviation 1, (height, width); cell_px: size of its largest blobs."""
    height, width = size
    out = np.zeros(size, np.float32)
    coarse = np.zeros((-(-height // COARSER), -(-width // COARSER)), np.float32)
    weight = 1.0
    for octave in range(octaves):
        cell = max(1.0, cell_px / 2**octave)
        small = rng.standard_normal((int(height / cell) + 3, int(width / cell) + 3)).astype(np.float32)
        whole = coarse if cell >= 4 * COARSER else out  # large blobs need no fine grid
        whole += weight * cv2.resize(small, whole.shape[::-1], interpolation=cv2.INTER_CUBIC)
        weight *= 0.6
        if cell == 1.0:
            break
    out += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    out -= out.mean()
    return np.asarray(out / (out.std() or 1.0), np.float32)


def tinted(value: Field, rgb: tuple[float, float, float]) -> Picture:
    """A grey field (1 is the full colour) times a colour of 0..255."""
    return np.clip(value[..., None] * np.array(rgb, np.float32), 0, 255).astype(np.uint8)


def asphalt(size_px: int, rng: np.random.Generator) -> Field:
    """Brightness of worn asphalt around 1, (size, size): grain, patches, cracks."""
    shape = (size_px, size_px)
    value = 1 + 0.10 * noise(shape, size_px / 6, rng) + 0.09 * rng.standard_normal(shape).astype(np.float32)
    value += 0.05 * noise(shape, 8, rng, 3)
    ridge = np.abs(noise(shape, size_px / 9, rng, 5))
    where = noise(shape, size_px / 4, rng, 2) > 0.4
    value[(ridge < 0.012) & where] *= 0.55
    return value.astype(np.float32)


def concrete(rng: np.random.Generator, size_px: int = 512) -> Picture:
    shape = (size_px, size_px)
    value = 1 + 0.07 * noise(shape, 150, rng) + 0.04 * rng.standard_normal(shape).astype(np.float32)
    return tinted(value.astype(np.float32), (150, 147, 140))


def dirt(rng: np.random.Generator, amount: float = 0.6, size_px: int = 512) -> Picture:
    """What lies over a vehicle's paint: multiplies it; the lower edge (bottom of the picture) is the dirtiest."""
    shape = (size_px, size_px)
    height = np.linspace(0, 1, size_px, dtype=np.float32)[:, None]
    cover = amount * (0.25 + 1.1 * height**3) + 0.10 * amount * noise(shape, 90, rng) * (0.5 + height)
    streak = noise((size_px, size_px), 14, rng, 2).mean(axis=0, keepdims=True)
    cover = np.clip(cover + 0.25 * amount * np.abs(streak) * height, 0, 0.9)[..., None]
    brown = np.array((150, 132, 112), np.float32)
    return np.asarray(np.clip((1 - cover) * 255 + cover * brown, 0, 255), np.uint8)


def coal(rng: np.random.Generator, size_px: int = 512) -> Picture:
    shape = (size_px, size_px)
    lumps = np.maximum(noise(shape, 22, rng, 4), -0.6)
    value = 0.55 + 0.28 * lumps + 0.1 * rng.standard_normal(shape).astype(np.float32)
    return tinted(np.clip(value, 0.1, 2.2).astype(np.float32), (48, 48, 52))


def corrugated(
    rng: np.random.Generator, rgb: tuple[float, float, float], waves: int = 24, size_px: int = 512
) -> Picture:
    wave = 1 + 0.16 * np.sin(np.linspace(0, 2 * np.pi * waves, size_px, dtype=np.float32))[None, :]
    value = wave * (1 + 0.05 * noise((size_px, size_px), 120, rng)) - 0.1 * np.abs(noise((size_px, size_px), 60, rng))
    return tinted(value.astype(np.float32), rgb)


def wall(rng: np.random.Generator, rgb: tuple[float, float, float], size_px: int = 512) -> Picture:
    shape = (size_px, size_px)
    stain = np.abs(noise((1, size_px), 20, rng)).repeat(size_px, 0) * np.linspace(0.12, 0, size_px)[:, None]
    value = 1 + 0.03 * noise(shape, 90, rng) - stain.astype(np.float32) + 0.012 * rng.standard_normal(shape)
    return tinted(value.astype(np.float32), rgb)


def glass(rng: np.random.Generator, size_px: int = 256) -> Picture:
    """A dark window with the sky in it, brighter toward the top."""
    height = np.linspace(1, 0, size_px, dtype=np.float32)[:, None] ** 1.6
    cloud = noise((size_px, size_px // 2), 80, rng)
    value = 0.22 + 0.55 * height + 0.06 * np.hstack([cloud, cloud[:, ::-1]])
    return tinted(np.clip(value, 0, 1).astype(np.float32), (165, 185, 200))


def wheel(size_px: int = 256) -> Picture:
    """A truck wheel seen from the side: tyre, rim, ten holes, hub."""
    picture = np.full((size_px, size_px, 3), 26, np.uint8)
    centre, r = (size_px // 2, size_px // 2), size_px // 2
    line = cv2.LINE_AA
    cv2.circle(picture, centre, int(0.93 * r), (38, 37, 36), int(0.06 * r), line)
    cv2.circle(picture, centre, int(0.60 * r), (96, 94, 90), -1, line)
    cv2.circle(picture, centre, int(0.60 * r), (58, 56, 54), int(0.05 * r), line)
    cv2.circle(picture, centre, int(0.50 * r), (120, 118, 113), int(0.06 * r), line)
    for i in range(10):
        a = 2 * np.pi * i / 10
        at = (int(centre[0] + 0.38 * r * np.cos(a)), int(centre[1] + 0.38 * r * np.sin(a)))
        cv2.circle(picture, at, int(0.055 * r), (30, 29, 28), -1, line)
    cv2.circle(picture, centre, int(0.22 * r), (70, 68, 66), -1, line)
    cv2.circle(picture, centre, int(0.17 * r), (112, 110, 106), -1, line)
    return picture


def stripes(first: tuple[int, int, int], second: tuple[int, int, int], bands: int = 8, size_px: int = 128) -> Picture:
    """Diagonal warning stripes."""
    y, x = np.mgrid[0:size_px, 0:size_px]
    odd = ((x + y) * bands // size_px) % 2 == 0
    return np.where(odd[..., None], np.array(first, np.uint8), np.array(second, np.uint8))


def grille(size_px: int = 256) -> Picture:
    """The front of a cab between its lamps: dark with bright slats."""
    picture = np.full((size_px, size_px, 3), 24, np.uint8)
    for i in range(6):
        y = int((i + 0.5) * size_px / 6)
        cv2.rectangle(picture, (10, y - 7), (size_px - 10, y + 6), (88, 90, 93), -1)
        cv2.line(picture, (10, y - 7), (size_px - 10, y - 7), (170, 172, 175), 2)
    return picture


def sign(
    text: str,
    size: tuple[int, int],
    ink: tuple[int, int, int] = (255, 255, 255),
    paper: tuple[int, int, int] = (20, 70, 150),
    frame: bool = True,
) -> Picture:
    """A painted board with one line of text, Chinese or Latin, filling its width (size: width, height)."""
    width, height = size
    picture = np.full((height, width, 3), paper, np.uint8)
    face = cv2.FontFace("uni")
    pixels = int(height * 0.62)
    while pixels > 6:
        rect = cv2.getTextSize((0, 0), text, (0, 0), face, pixels, 700)
        if rect[2] <= width * 0.92:
            break
        pixels -= 1
    at = (int((width - rect[2]) / 2 - rect[0]), int((height - rect[3]) / 2 - rect[1]))
    cv2.putText(picture, text, at, ink, face, pixels, 700)
    if frame:
        cv2.rectangle(picture, (3, 3), (width - 4, height - 4), ink, 2)
    return picture
