"""What surrounds plates, and what is taken for one: patches of real pictures, boards, lettering, half plates."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthesis.glyphs import font_mask
from vision.errors import PictureError
from vision.plates.crop import read_picture

Picture = NDArray[np.uint8]

# Pictures that may train what ships, and show no Chinese plate.
SCENES = ("scenes/romania", "vehicles/openimages", "vehicles/fixed_camera", "vehicles/highway")
_BOARDS = (
    "危险品", "陕西", "山西", "苏州", "榆林", "韩城", "东风", "解放", "重汽", "豪沃", "限速", "爆", "腐蚀", "易燃",
    "易燃液体", "注意安全", "保持车距", "严禁烟火", "煤炭运输", "物流有限公司", "载重", "禁止超车", "大货车", "自卸",
    "JAC", "HOWO", "SINOTRUK", "FAW", "SCANIA", "ISUZU", "DONGFENG", "TOYOTA", "STOP", "POLICE", "TAXI", "LPG",
)  # fmt: skip


class Backgrounds:
    """Patches cut from pictures once, then dealt out at random. Without pictures, paint and noise serve."""

    def __init__(self, data: Path | None, rng: np.random.Generator, pictures: int = 640) -> None:
        files: list[Path] = []
        for scene in SCENES if data is not None else ():
            assert data is not None
            found = sorted(path for path in (data / scene).rglob("*") if path.suffix.lower() in (".jpg", ".png"))
            files += [found[i] for i in rng.permutation(len(found))[: pictures // len(SCENES)]]
        self._patches = [patch for file in files for patch in _patches(file, rng)]

    def patch(self, rng: np.random.Generator) -> Picture:
        """Something a plate might hang on."""
        if self._patches and rng.random() < 0.75:
            patch = self._patches[int(rng.integers(len(self._patches)))]
            return np.asarray(cv2.flip(patch, 1) if rng.random() < 0.5 else patch, np.uint8)
        corners = rng.integers(0, 255, 3) + rng.normal(0, 25, (2, 2, 3))
        return np.asarray(np.clip(cv2.resize(corners, (160, 64)), 0, 255), np.uint8)

    def board(self, rng: np.random.Generator) -> Picture:
        """Lettering that is no plate: hazard and town boards, makers' names, phone numbers, time stamps."""
        manner = rng.random()
        if manner < 0.6:
            text = _BOARDS[int(rng.integers(len(_BOARDS)))]
        elif manner < 0.8:
            text = "".join(str(d) for d in rng.integers(0, 10, int(rng.integers(9, 13))))
        else:
            text = f"20{rng.integers(10, 27)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"
        colours = np.array([(20, 165, 235), (150, 62, 14), (235, 235, 235), (30, 30, 190), (30, 30, 30), (60, 130, 40)])
        ground = self.patch(rng) if rng.random() < 0.4 else np.full((64, 160, 3), colours[rng.integers(6)], np.uint8)
        canvas = cv2.resize(ground, (220, 80)).astype(np.float32)
        margin = rng.uniform(0.04, 0.22, 2) * (220, 80)
        size = (round(220 - 2 * margin[0]), round(80 - 2 * margin[1]))
        mask = cv2.resize(font_mask(text), size, interpolation=cv2.INTER_AREA)
        x, y = round(margin[0]), round(margin[1])
        share = mask[:, :, None].astype(np.float32) / 255
        area = canvas[y : y + size[1], x : x + size[0]]
        area[:] = area * (1 - share) + colours[rng.integers(6)] * share
        return np.asarray(np.clip(canvas, 0, 255), np.uint8)


def _patches(file: Path, rng: np.random.Generator, count: int = 5) -> list[Picture]:
    try:
        picture = read_picture(file)
    except PictureError:
        return []
    height, width = picture.shape[:2]
    patches = []
    for _ in range(count):
        w = int(np.exp(rng.uniform(np.log(40), np.log(max(min(width, 500), 41)))))
        h = int(np.clip(w / rng.uniform(1.6, 4.0), 16, height))
        x, y = int(rng.integers(0, max(width - w, 1))), int(rng.integers(0, max(height - h, 1)))
        patches.append(cv2.resize(picture[y : y + h, x : x + w], (200, 80), interpolation=cv2.INTER_AREA))
    return patches
