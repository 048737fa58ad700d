"""Number plates as textures, drawn by the same painter that makes training plates."""

import os
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.errors import ScenarioError
from calibration_rigs.vehicle import PlateOn
from models.synthesis.glyphs import Glyphs
from models.synthesis.paint import Plate, paint
from vision.plates.grammar import kinds_of


@lru_cache(maxsize=1)
def _glyphs() -> Glyphs:
    data = os.environ.get("GATEWARDEN_DATA")
    return Glyphs(Path(data) / "plates" / "glyphs" if data else None)


def plate_picture(plate: PlateOn, rng: np.random.Generator, grime: float = 0.1) -> NDArray[np.uint8]:
    """The plate as RGB. grime: 0 clean to 1 unreadable.

    Raises ScenarioError for a text no kind of plate of that colour and that many rows can carry.
    """
    kinds = [k for k in kinds_of(plate.text) if k.colour is plate.colour and k.rows == plate.rows]
    if not kinds:
        raise ScenarioError(f"{plate.text!r}: no {plate.colour} plate with {plate.rows} row(s) says that")
    picture = paint(Plate(kinds[0], plate.text), _glyphs(), rng)[:, :, ::-1].astype(np.float32)
    if grime > 0:
        picture = _soiled(picture, rng, grime)
    return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8))


def _soiled(picture: NDArray[np.float32], rng: np.random.Generator, grime: float) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    small = rng.standard_normal((6, 14)).astype(np.float32)
    blobs = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    low = np.linspace(-0.3, 0.3, height, dtype=np.float32)[:, None]
    cover = np.clip(1.6 * grime - 0.35 + (0.5 * blobs + low) * min(1.0, 2 * grime), 0, 0.97)[..., None]
    return np.asarray((1 - cover) * picture + cover * np.array((112, 98, 84), np.float32), np.float32)
