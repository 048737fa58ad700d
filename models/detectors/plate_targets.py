"""What each cell of the plate detector should say of a scene, and how far off it is."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.detectors.plate_scenes import Scene
from vision.cells import STRIDES, cell_grid

# Which level sees a plate, by its length in pixels; neighbours share what lies between.
LENGTHS = ((0.0, 80.0), (48.0, 176.0), (112.0, 1e9))
VALUE_UNIT = 2.0
_REACH_CELLS = 1.6

Arrays = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def cells(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The service's grid of cells in the precision of training."""
    centres, strides = cell_grid(height, width)
    return centres.astype(np.float32), strides.astype(np.float32)


def targets(scene: Scene, size: int) -> Arrays:
    """What every cell should say.

    scores (cells, 2) for one and two rows, -1 where nothing counts; corners (cells, 8) px from the cell; heights
    (cells,) of the plate a cell answers for, 0 for none.
    """
    centres, strides = cells(size, size)
    scores = np.zeros((len(centres), 2), np.float32)
    corners, heights = np.zeros((len(centres), 8), np.float32), np.zeros(len(centres), np.float32)
    for quad in scene.ignored:
        inside = ((centres > quad.min(0) - 4) & (centres < quad.max(0) + 4)).all(1)
        scores[inside] = -1
    for quad, rows in sorted(zip(scene.quads, scene.rows, strict=True), key=lambda pair: -float(np.ptp(pair[0][:, 0]))):
        length = float(np.hypot(*(quad[1] - quad[0])))
        height = float(np.hypot(*(quad[3] - quad[0])) + np.hypot(*(quad[2] - quad[1]))) / 2
        away = np.abs(centres - quad.mean(0))
        reach = np.minimum(strides * _REACH_CELLS, np.maximum(height * 0.6, strides * 0.71))
        for level, stride in enumerate(STRIDES):
            if not LENGTHS[level][0] <= length < LENGTHS[level][1]:
                inside = (strides == stride) & (away[:, 0] < length / 2) & (away[:, 1] < height / 2)
                scores[inside] = -1
                continue
            near = (
                (strides == stride)
                & (away[:, 0] < np.minimum(strides * _REACH_CELLS, np.maximum(length * 0.35, stride * 0.71)))
                & (away[:, 1] < reach)
            )
            fall = np.exp(-((away[near] / (2.4 * stride)) ** 2).sum(1))
            scores[near] = 0
            scores[near, rows - 1] = np.clip(fall, 0.4, 1)
            corners[near] = (quad[None] - centres[near, None]).reshape(-1, 8)
            heights[near] = max(height, 3.0)
    return scores, corners, heights


def plate_loss(out: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    """Focal loss on scores, smooth L1 on corners in units of the plate's height."""
    _, scores, corners, heights, strides = batch
    counted = (scores >= 0).float()
    wanted = scores.clamp(min=0)
    guess = out[..., :2]
    sure = guess.sigmoid()
    focal = (wanted - sure).abs().square() * functional.binary_cross_entropy_with_logits(
        guess, wanted, reduction="none"
    )
    positive = heights > 0
    score_loss = (focal * counted).sum() / positive.sum().clamp(min=1)
    away = out[..., 2:][positive] * (strides[positive] * VALUE_UNIT)[:, None] - corners[positive]
    unit = heights[positive][:, None]
    corner_loss = (
        functional.smooth_l1_loss(away / unit, torch.zeros_like(away), beta=0.05) if len(away) else out.sum() * 0
    )
    total = 4 * score_loss + 4 * corner_loss
    return total, {"score": float(score_loss.detach()), "corner": float(corner_loss.detach())}
