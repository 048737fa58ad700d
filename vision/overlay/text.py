"""Text as rasters, kept: the same words are drawn once."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Raster = NDArray[np.uint8]
Colour = tuple[int, int, int]

_WEIGHT = 600  # of the font, 100..1000
_LINE = 1.28  # height of a line per text size: holds CJK and descenders
_RISE = 0.98  # baseline below the top of the line, per text size


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")  # OpenCV's built-in font; falls back to its built-in CJK glyphs


@lru_cache(maxsize=192)
def raster(text: str, size: int, colour: Colour) -> Raster:
    """A line of text on black, BGR (H, W, 3), H = 1.28 sizes, as wide as the text. Read-only: it is shared."""
    height = round(size * _LINE)
    origin = (0, round(size * _RISE))
    right = cv2.getTextSize((0, 0), text, origin, _font(), size, _WEIGHT)
    width = max(1, right[0] + right[2] + 1)
    picture = np.zeros((height, width, 3), np.uint8)
    cv2.putText(picture, text, origin, colour, _font(), size, _WEIGHT)
    picture.setflags(write=False)
    return picture


def lay_on(picture: NDArray[np.uint8], line: Raster, x: int, y: int) -> int:
    """Lay bright text on a dark place, cut at the picture's edges; returns the x after it."""
    after: int = x + line.shape[1]
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(after, picture.shape[1]), min(y + line.shape[0], picture.shape[0])
    if x0 < x1 and y0 < y1:
        place = picture[y0:y1, x0:x1]
        cv2.max(place, line[y0 - y : y1 - y, x0 - x : x1 - x], dst=place)
    return after


@lru_cache(maxsize=64)
def badge(text: str, size: int, ink: Colour, ground: Colour) -> Raster:
    """A number plate as people know it: text on its colour, with a margin. Read-only: it is shared."""
    line = raster(text, size, (255, 255, 255))
    margin = max(2, size // 5)
    share = np.zeros((line.shape[0] + margin // 2, line.shape[1] + 2 * margin, 1), np.float32)
    share[: line.shape[0], margin : margin + line.shape[1], 0] = line[..., 0] / 255
    mixed = share * np.array(ink, np.float32) + (1 - share) * np.array(ground, np.float32)
    picture: Raster = mixed.round().astype(np.uint8)
    picture.setflags(write=False)
    return picture
