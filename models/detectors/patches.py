"""Pictures to paste: real plates whose corners a teacher found, plates drawn from glyphs, things that are no plate."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture8 = NDArray[np.uint8]
Corners = NDArray[np.float32]

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_SERIAL = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_WHITE, _BLACK = (245, 245, 245), (20, 20, 20)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A plate to paste. corners: (4, 2) of the plate inside the picture; rows 0: no plate, a negative."""

    picture: Picture8
    corners: Corners
    rows: int


@dataclass(frozen=True, slots=True)
class _Kind:
    ground: tuple[int, int, int]
    ink: tuple[int, int, int]
    width: int
    rows: int
    tail: str = ""
    share: float = 1.0


_KINDS = (
    _Kind((150, 40, 10), _WHITE, 440, 1, share=3),
    _Kind((0, 180, 250), _BLACK, 440, 1, share=4),
    _Kind((0, 180, 250), _BLACK, 440, 2, share=5),
    _Kind((0, 180, 250), _BLACK, 440, 2, "挂", share=3),
    _Kind((0, 180, 250), _BLACK, 440, 1, "学", share=0.5),
    _Kind((120, 200, 90), _BLACK, 480, 1, share=3),
    _Kind((110, 200, 60), _BLACK, 481, 1, share=2),
    _Kind(_WHITE, _BLACK, 440, 1, "警", share=0.8),
    _Kind(_WHITE, _BLACK, 440, 2, share=0.4),
    _Kind(_BLACK, _WHITE, 440, 1, "港", share=0.8),
    _Kind((60, 120, 20), _WHITE, 300, 2, share=0.7),
)


class GlyphPlates:
    """Draws plates of every kind with the national glyphs."""

    def __init__(self, folder: Path) -> None:
        fonts = sorted(folder.glob("*/font_model/*.jpg"))
        read = {path.stem: cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE) for path in fonts}
        self._glyphs = {name: np.asarray(glyph, np.uint8) for name, glyph in read.items() if glyph is not None}

    def draw(self, rng: np.random.Generator) -> Patch:
        """One plate of a random kind, corners at its metal edge."""
        shares = np.array([k.share for k in _KINDS])
        kind = _KINDS[int(rng.choice(len(_KINDS), p=shares / shares.sum()))]
        width, height = (300, 165) if kind.width == 300 else (min(kind.width, 480), 140 if kind.rows == 1 else 220)
        picture = np.empty((height, width, 3), np.uint8)
        picture[:] = np.clip(np.array(kind.ground) + rng.normal(0, 18, 3), 0, 255)
        if kind.width == 480:
            fade = np.linspace(rng.uniform(0.3, 0.9), 0, height)[:, None, None]
            picture[:] = (picture * (1 - fade) + 245 * fade).astype(np.uint8)
        if kind.width == 481:
            picture[:, :110] = np.clip(np.array((0, 180, 250)) + rng.normal(0, 18, 3), 0, 255)
        cv2.rectangle(picture, (4, 4), (width - 5, height - 5), kind.ink, 3)
        self._letter(picture, kind, rng)
        margin = int(rng.integers(0, 8))
        framed = cv2.copyMakeBorder(
            picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=rng.integers(0, 255, 3).tolist()
        )
        inner = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + margin
        return Patch(np.asarray(framed, np.uint8), inner, kind.rows)

    def _letter(self, picture: Picture8, kind: _Kind, rng: np.random.Generator) -> None:
        height, width = picture.shape[:2]
        count = 6 if kind.width in (480, 481) else 5
        head = rng.choice(list(_PROVINCES)) + rng.choice(list(_SERIAL[10:]))
        serial = "".join(rng.choice(list(_SERIAL), count - len(kind.tail))) + kind.tail
        if kind.rows == 1:
            pitch, size = (57, (45, 90)) if count == 5 else (52, (43, 90))
            left = 15 if count == 5 else 14
            for i, char in enumerate(head + serial):
                gap = 22 if i >= 2 else 0
                self._put(picture, f"140_{char}", (left + i * pitch + gap, 25), size, kind.ink)
            return
        k = width / 440
        up, down = int(height * 0.08), int(height * 0.42)
        for i, char in enumerate(head):
            self._put(
                picture,
                f"220_up_{char}" if i else f"220_{char}",
                (int((110 + i * 140) * k), up),
                (int(80 * k), int(height * 0.27)),
                kind.ink,
            )
        for i, char in enumerate(serial):
            name = f"220_down_{char}" if f"220_down_{char}" in self._glyphs else f"220_{char}"
            self._put(picture, name, (int((27 + i * 80) * k), down), (int(65 * k), int(height * 0.5)), kind.ink)

    def _put(
        self, picture: Picture8, name: str, at: tuple[int, int], size: tuple[int, int], ink: tuple[int, int, int]
    ) -> None:
        glyph = self._glyphs.get(name, self._glyphs.get("140_" + name[-1]))
        if glyph is None:
            return
        cover = 1 - cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)[:, :, None] / 255.0
        x, y = at
        part = picture[y : y + size[1], x : x + size[0]]
        cover = cover[: part.shape[0], : part.shape[1]]
        part[:] = (part * (1 - cover) + np.array(ink) * cover).astype(np.uint8)


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
    """A sign, phone board, bonnet badge or time stamp: text in a rectangle, or bare, that is no plate."""
    size = (int(rng.integers(120, 520)), int(rng.integers(50, 200)))
    ground = (
        rng.integers(0, 255, 3)
        if rng.random() < 0.6
        else np.array([(150, 40, 10), (0, 180, 250), _WHITE, (60, 140, 40)][int(rng.integers(4))])
    )
    picture = np.empty((size[1], size[0], 3), np.uint8)
    picture[:] = ground
    ink = (255 - ground).tolist() if rng.random() < 0.5 else rng.integers(0, 255, 3).tolist()
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -:/.abcdefgimnorst"
    if rng.random() < 0.4:
        letters = "0123456789-: "
    for row in range(int(rng.integers(1, 4))):
        text = "".join(rng.choice(list(letters), int(rng.integers(3, 14))))
        scale = float(rng.uniform(0.7, 3))
        at = (int(rng.integers(0, 20)), int((row + 1) * 40 * max(scale / 1.5, 0.7)))
        cv2.putText(picture, text, at, int(rng.integers(0, 5)), scale, ink, int(rng.integers(1, 6)), cv2.LINE_AA)
    return whole(picture, 0)
