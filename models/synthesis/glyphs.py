"""Characters as plates carry them: the national glyph pictures where there are any, the machine's fonts elsewhere."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "sans",
)
# A cell style asks for these pictures in turn; the first that exists is taken.
_PICTURES = {
    "row": ("140_{}",),
    "upper": ("220_{}", "220_up_{}", "140_{}"),
    "lower": ("220_down_{}", "220_{}", "140_{}"),
    "green": ("green_{}", "140_{}"),
}
STYLES = tuple(_PICTURES)


class Glyphs:
    """Ink masks by style, character and size. national: a folder holding `140_京.jpg` and the like, or None."""

    def __init__(self, national: Path | None = None) -> None:
        found = sorted(national.rglob("*_*.jpg")) if national is not None and national.is_dir() else []
        self._pictures = {path.stem: path for path in found}
        self.cut = lru_cache(maxsize=20_000)(self._cut)
        self._source = lru_cache(maxsize=None)(self._load)

    def _cut(self, style: str, character: str, width_px: int, height_px: int) -> Mask:
        """The character's ink, 0 to 255, stretched to the cell."""
        mask: Mask = cv2.resize(self._source(style, character), (width_px, height_px), interpolation=cv2.INTER_AREA)
        return mask

    def _load(self, style: str, character: str) -> Mask:
        for pattern in _PICTURES[style]:
            path = self._pictures.get(pattern.format(character))
            if path is not None:
                grey = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
                if grey is not None:
                    return np.asarray(255 - grey, np.uint8)
        return font_mask(character)


@lru_cache(maxsize=1)
def _face() -> cv2.FontFace:
    # An unknown file raises nothing: the face merely keeps the built-in font, so look before asking.
    name = next(font for font in CJK_FONTS if font == "sans" or Path(font).is_file())
    return cv2.FontFace(name)


@lru_cache(maxsize=4096)
def font_mask(text: str, size: int = 96) -> Mask:
    """Text drawn with the machine's font, trimmed to its ink; never empty."""
    canvas = np.zeros((size * 2, size * (len(text) + 2), 3), np.uint8)
    cv2.putText(canvas, text, (size // 2, round(size * 1.4)), (255, 255, 255), _face(), size, 700)
    ink = canvas[:, :, 0]
    rows, columns = np.flatnonzero(ink.max(1) > 40), np.flatnonzero(ink.max(0) > 40)
    if not len(rows) or not len(columns):
        return np.full((size, size // 2), 255, np.uint8)
    trimmed = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if len(text) == 1 and trimmed.shape[1] < trimmed.shape[0] * 0.4:
        side = (trimmed.shape[0] // 2 - trimmed.shape[1]) // 2
        trimmed = cv2.copyMakeBorder(trimmed, 0, 0, side, side, cv2.BORDER_CONSTANT, value=0)
    return np.ascontiguousarray(trimmed)
