"""Where something moves: a cheap look at every frame that decides where the dear looks go."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.source import Frame

_WIDTH = 160  # of the small picture looked at
_LEARN_PER_S = 0.35  # how fast the background takes in what stays
_LEAST_DIFFERENCE = 14.0  # of 255; noise of a night picture stays below
_LEAST_SHARE = 0.0012  # of the picture


class Motion:
    """Differences from a slowly learned background, on a picture of about 160 pixels' width.

    Changes of light over the whole picture (clouds, headlights, exposure) are taken out by its median.
    """

    def __init__(self) -> None:
        self._background: NDArray[np.float32] | None = None
        self._t_ms = 0
        self.mask: NDArray[np.bool_] = np.zeros((0, 0), dtype=bool)
        self.share = 1.0

    def look(self, frame: Frame) -> bool:
        """Whether anything moves. `share` says how much of the picture, `mask` where."""
        small = frame.luma(max(1, frame.width // _WIDTH)).astype(np.float32)
        if self._background is None or self._background.shape != small.shape:
            self._background, self._t_ms = small, frame.t_ms
            self.mask, self.share = np.ones(small.shape, dtype=bool), 1.0
            return True
        small = cv2.blur(small, (3, 3))
        difference = small - self._background
        difference -= np.median(difference)
        spread = float(np.median(np.abs(difference)))
        self.mask = np.abs(difference) > max(_LEAST_DIFFERENCE, 6 * spread)
        self.share = float(self.mask.mean())
        learn = min(1.0, _LEARN_PER_S * max(0, frame.t_ms - self._t_ms) / 1000)
        self._background += learn * (small - self._background)
        self._t_ms = frame.t_ms
        return self.share >= _LEAST_SHARE
