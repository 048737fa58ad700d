"""A peer's plate reader (CRNN, 48×168, CTC), run as its own project runs it; only ever to compare with."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.engine import open_engine

_ALPHABET = (
    "#京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新学警港澳挂使领民航危"
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ险品"
)
_SIZE = (168, 48)


class Crnn:
    """Reads plate crops as the peer does. It cannot tell two rows from one: it has to be told."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        self._engine = open_engine(path, threads=threads)

    def read(self, crops: Sequence[NDArray[np.uint8]], rows: Sequence[int]) -> list[str]:
        """One text a crop."""
        return [self._one(crop, lines) for crop, lines in zip(crops, rows, strict=True)]

    def _one(self, crop: NDArray[np.uint8], rows: int) -> str:
        picture = cv2.resize(_side_by_side(crop) if rows == 2 else crop, _SIZE)
        normal = (picture.astype(np.float32) / 255 - 0.588) / 0.193
        steps = self._engine.run(np.ascontiguousarray(normal.transpose(2, 0, 1)[None]))[0][0].argmax(-1)
        kept = [index for place, index in enumerate(steps) if index and (place == 0 or steps[place - 1] != index)]
        return "".join(_ALPHABET[index] for index in kept)


def _side_by_side(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height = crop.shape[0]
    lower = crop[height // 3 :]
    upper = cv2.resize(crop[: max(height * 5 // 12, 1)], (lower.shape[1], lower.shape[0]))
    return np.hstack([upper, lower])
