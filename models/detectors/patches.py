"""Pictures to paste: real plates whose corners a teacher found, plates drawn from glyphs, things that are no plate."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthesis.glyphs import Glyphs, font_mask
from models.synthesis.paint import Plate, paint
from models.synthesis.texts import draw_kind, draw_text
from vision.plates.grammar import KINDS

Picture8 = NDArray[np.uint8]
Corners = NDArray[np.float32]

_POOL = 500
_TWO_ROWS = tuple(kind for kind in KINDS if kind.rows == 2)
_WORDS = (
    "煤矿运输有限公司物流危险品严禁超载上海天津请勿靠近注意安全"
    "放大号限速检测厂出口入口洗车大货车空载服务热线电话东风解放重汽"
)
_LATIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-:/.abcdefgimnorst"


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A plate to paste. corners: (4, 2) of the plate inside the picture; rows 0: no plate, a negative."""

    picture: Picture8
    corners: Corners
    rows: int


class PaintedPlates:
    """Plates of every kind as the painter of the reader's training makes them, two rows more often than on the road."""

    def __init__(self, national: Path) -> None:
        self._glyphs = Glyphs(national)
        self._pool: list[Patch] = []

    def draw(self, rng: np.random.Generator) -> Patch:
        """One plate of a random kind, corners at its metal edge; most come from a pool that is slowly renewed."""
        if len(self._pool) < _POOL:
            self._pool.append(self._paint(rng))
            return self._pool[-1]
        place = int(rng.integers(_POOL))
        if rng.random() < 0.1:
            self._pool[place] = self._paint(rng)
        return self._pool[place]

    def _paint(self, rng: np.random.Generator) -> Patch:
        kind = draw_kind(rng)
        if kind.rows == 1 and rng.random() < 0.3:
            kind = _TWO_ROWS[int(rng.integers(len(_TWO_ROWS)))]
        picture = paint(Plate(kind, draw_text(rng, kind)), self._glyphs, rng)
        height, width = picture.shape[:2]
        edge, colour = int(rng.integers(0, 8)), rng.integers(0, 255, 3).tolist()
        framed = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=colour)
        inner = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + edge
        return Patch(np.asarray(framed, np.uint8), inner, kind.rows)


def real_patches(data: Path, corners: dict[str, list[list[float]]]) -> list[Patch]:
    """The training crops whose corners are known and lie near the crop's edges, as a plate's corners should."""
    found = []
    for name, relative in corners.items():
        at = np.array(relative, np.float32)
        inside = (at > -0.12).all() and (at < 1.12).all()
        if not inside or at[:, 0].max() - at[:, 0].min() < 0.75 or at[:, 1].max() - at[:, 1].min() < 0.6:
            continue
        crop = np.asarray(cv2.imread(str(data / "plates/train" / name)), np.uint8)
        height, width = crop.shape[:2]
        if height < 0.5 * width:
            found.append(Patch(crop, at * np.array([width, height], np.float32), 1))
    return found


def no_plates(data: Path) -> list[Patch]:
    """Crops that are no plate."""
    found = []
    for path in sorted((data / "plates/not_plates").iterdir()):
        crop = cv2.imread(str(path))
        if crop is not None:
            found.append(whole(np.asarray(crop, np.uint8), 0))
    return found


def whole(picture: Picture8, rows: int) -> Patch:
    """A patch whose corners are the picture's own."""
    height, width = picture.shape[:2]
    return Patch(picture, np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), rows)


def lettering(rng: np.random.Generator) -> Patch:
    """A board, sticker or sign that is no plate: a coloured rectangle with other text than a plate's, or with none."""
    size = (int(rng.integers(120, 520)), int(rng.integers(50, 200)))
    grounds = [(150, 40, 10), (0, 180, 250), (245, 245, 245), (60, 140, 40)]
    ground = np.array(grounds[int(rng.integers(4))]) if rng.random() < 0.4 else rng.integers(0, 255, 3)
    picture = np.empty((size[1], size[0], 3), np.uint8)
    picture[:] = ground
    ink = (255 - ground) if rng.random() < 0.5 else rng.integers(0, 255, 3)
    rows = int(rng.integers(0, 4))
    for row in range(rows):
        mask = phrase(rng)
        high = int(size[1] / rows * rng.uniform(0.5, 0.9))
        wide = min(int(mask.shape[1] * high / mask.shape[0]), size[0] - 8)
        cover = cv2.resize(mask, (max(wide, 4), max(high, 4)), interpolation=cv2.INTER_AREA)[:, :, None] / 255
        y, x = int(size[1] / rows * row), int(rng.integers(0, size[0] - cover.shape[1]))
        part = picture[y : y + cover.shape[0], x : x + cover.shape[1]]
        part[:] = part * (1 - cover[: part.shape[0]]) + ink * cover[: part.shape[0]]
    return whole(picture, 0)


def phrase(rng: np.random.Generator) -> Picture8:
    """The ink of some text that is no plate's: words, a telephone number, a time, a make."""
    draw = rng.random()
    if draw < 0.35:
        start = int(rng.integers(len(_WORDS) - 6))
        text = _WORDS[start : start + int(rng.integers(2, 7))]
    elif draw < 0.6:
        text = "".join(str(n) for n in rng.integers(0, 10, int(rng.integers(3, 12))))
    elif draw < 0.75:
        text = f"{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    else:
        text = "".join(rng.choice(list(_LATIN), int(rng.integers(3, 9))))
    return font_mask(text, 48)
