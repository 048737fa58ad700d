"""The grid of cells in which the house's detectors answer: strides 8, 16 and 32, level after level, row after row."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32)


@lru_cache(maxsize=64)
def cell_grid(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (cells, 2) in pixels of the network's picture and strides (cells,), read-only.

    height, width: sides of that picture, multiples of 32.
    """
    centres, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[0 : height // stride, 0 : width // stride]
        centres.append((np.stack([x.ravel(), y.ravel()], 1) + 0.5) * stride)
        strides.append(np.full(x.size, float(stride)))
    grid = np.concatenate(centres).astype(np.float64), np.concatenate(strides).astype(np.float64)
    for part in grid:
        part.flags.writeable = False
    return grid


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of raw scores."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -40, 40))), np.float64)
