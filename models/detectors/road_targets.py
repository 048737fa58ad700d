"""What each cell of the vehicle detector should say of a scene, and how far off it is."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.detectors.plate_targets import cells
from models.detectors.road_labels import CLASSES, RoadLabels
from vision.cells import STRIDES

# Which level sees an object, by the square root of its area in pixels; neighbours share what lies between.
SIDES = ((0.0, 52.0), (36.0, 116.0), (84.0, 1e9))
_REACH_CELLS = 1.6

Arrays = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def targets(labels: RoadLabels, size: int) -> Arrays:
    """What every cell should say.

    scores (cells, classes), -1 where nothing counts; boxes (cells, 4) of the object a cell answers for; weights
    (cells,), 0 for the cells that answer for none. Where objects overlap the smaller one has the cell.
    """
    centres, strides = cells(size, size)
    scores = np.zeros((len(centres), len(CLASSES)), np.float32)
    boxes, weights = np.zeros((len(centres), 4), np.float32), np.zeros(len(centres), np.float32)
    for box in labels.ignored:
        scores[((centres > box[:2]) & (centres < box[2:])).all(1)] = -1
    sides = labels.boxes[:, 2:] - labels.boxes[:, :2]
    for index in np.argsort(-sides.prod(1)):
        box, side = labels.boxes[index], float(np.sqrt(sides[index].prod()))
        away = np.abs(centres - (box[:2] + box[2:]) / 2)
        for level, stride in enumerate(STRIDES):
            here = strides == stride
            if not SIDES[level][0] <= side < SIDES[level][1]:
                scores[here & (away < sides[index] / 4).all(1) & (weights == 0)] = -1
                continue
            reach = np.minimum(stride * _REACH_CELLS, np.maximum(sides[index] * 0.35, stride * 0.71))
            near = here & (away < reach).all(1)
            fall = np.clip(np.exp(-((away[near] / (2.4 * stride)) ** 2).sum(1)), 0.4, 1)
            scores[near] = 0
            scores[near, labels.kinds[index]] = fall
            boxes[near], weights[near] = box, fall
    return scores, boxes, weights


def decode(values: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Raw distances (..., cells, 4) as boxes x0 y0 x1 y1 in pixels of the input."""
    away = values.clamp(-6, 5).exp() * strides[..., None]
    return torch.cat([centres - away[..., :2], centres + away[..., 2:]], -1)


def general_overlap(a: Tensor, b: Tensor) -> Tensor:
    """Generalised intersection over union (Rezatofighi et al., 2019) of matching boxes (N, 4): (N,), -1 to 1."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - common
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    return common / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


def road_loss(out: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    """Focal loss on scores, generalised overlap on boxes."""
    _, scores, boxes, weights, centres, strides = batch
    counted, wanted, guess = (scores >= 0).float(), scores.clamp(min=0), out[..., : len(CLASSES)]
    entropy = functional.binary_cross_entropy_with_logits(guess, wanted, reduction="none")
    focal = (wanted - guess.sigmoid()).abs().square() * entropy
    positive = weights > 0
    score_loss = (focal * counted).sum() / positive.sum().clamp(min=1)
    seen = decode(out[..., len(CLASSES) :][positive], centres[positive], strides[positive])
    share = weights[positive]
    off = (1 - general_overlap(seen, boxes[positive])) * share
    box_loss = off.sum() / share.sum().clamp(min=1)
    return 4 * score_loss + 2 * box_loss, {"score": float(score_loss.detach()), "box": float(box_loss.detach())}
