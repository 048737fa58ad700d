"""The picture every detector sees: a frame fitted into the network's size, and the way back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import PictureError

PAD_GREY = 114
CELL_PX = 32


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a frame was fitted: frame point = (network point - offset) / scale."""

    scale: float
    offset: tuple[float, float]

    def to_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Network points (..., 2) in pixels of the frame."""
        return np.asarray((points - np.asarray(self.offset)) / self.scale, np.float64)


def check_frame(frame: NDArray[np.uint8]) -> None:
    """Raises PictureError for anything but a BGR picture of 8 bits."""
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or 0 in frame.shape:
        raise PictureError(f"expected a BGR picture (height, width, 3) of uint8, got {frame.shape} of {frame.dtype}")


def letterbox(frame: NDArray[np.uint8], size: int, *, enlarge: float = 4.0) -> tuple[NDArray[np.uint8], Letterbox]:
    """Fit a BGR frame into `size` px, its sides filled up to multiples of 32 with grey, not to a square.

    enlarge: the most a small frame is magnified. Gives (H, W, 3) uint8 and the way back.
    """
    height, width = frame.shape[:2]
    scale = min(size / max(height, width), enlarge)
    inner_w, inner_h = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = frame if scale == 1 else cv2.resize(frame, (inner_w, inner_h), interpolation=method)
    outer_w, outer_h = -(-inner_w // CELL_PX) * CELL_PX, -(-inner_h // CELL_PX) * CELL_PX
    left, top = (outer_w - inner_w) // 2, (outer_h - inner_h) // 2
    canvas = np.full((outer_h, outer_w, 3), PAD_GREY, np.uint8)
    canvas[top : top + inner_h, left : left + inner_w] = fitted
    return canvas, Letterbox(scale, (float(left), float(top)))
