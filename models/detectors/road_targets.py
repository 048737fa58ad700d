"""What each cell of the vehicle detector should say of a scene, and how far off it is.

Which cells answer for an object is not fixed by its size: the cells whose own box and score already suit it best do,
whatever their level (task-aligned assignment: Feng et al., TOOD, 2021). What a cell should score is how well its box
lies, so that of two boxes the better one wins (generalised focal loss: Li et al., 2020).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.detectors.road_labels import CLASSES, RoadLabels

NOTHING, IGNORED = -1, -2
_CELLS_AN_OBJECT = 10
_SCORE_POWER, _OVERLAP_POWER = 0.5, 6.0
_LEAST_REACH_PX = 6.0
_TINY = 1e-9


def padded(labels: Sequence[RoadLabels]) -> tuple[Tensor, Tensor]:
    """Labels of a batch as boxes (N, M, 4) and kinds (N, M): a class, IGNORED, or NOTHING where a row is padding."""
    rows = max(1, *(len(one.boxes) + len(one.ignored) for one in labels))
    boxes = np.zeros((len(labels), rows, 4), np.float32)
    kinds = np.full((len(labels), rows), NOTHING, np.int64)
    for index, one in enumerate(labels):
        count, whole = len(one.boxes), len(one.boxes) + len(one.ignored)
        boxes[index, :count], boxes[index, count:whole] = one.boxes, one.ignored
        kinds[index, :count], kinds[index, count:whole] = one.kinds, IGNORED
    return torch.from_numpy(boxes), torch.from_numpy(kinds)


def decode(values: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Raw distances (..., cells, 4) as boxes x0 y0 x1 y1 in pixels of the input."""
    away = values.clamp(-6, 5).exp() * strides[..., None]
    return torch.cat([centres - away[..., :2], centres + away[..., 2:]], -1)


def general_overlap(a: Tensor, b: Tensor) -> Tensor:
    """Generalised intersection over union (Rezatofighi et al., 2019) of matching boxes (N, 4): (N,), -1 to 1."""
    common, union = _common_and_union(a, b)
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    return common / union - (hull - union) / hull.clamp(min=1e-6)


def targets(
    scores: Tensor, seen: Tensor, boxes: Tensor, kinds: Tensor, centres: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What every cell should say, given what it says now.

    scores (N, cells, classes) in 0..1 and seen (N, cells, 4) are the network's; boxes and kinds come from `padded`;
    centres (cells, 2). Gives the wanted scores (N, cells, classes), -1 where nothing counts, the index of the box a
    cell answers for (N, cells), and its weight (N, cells), 0 for the cells that answer for none.
    """
    at = centres[None, None]
    hidden = ((at > boxes[:, :, None, :2]) & (at < boxes[:, :, None, 2:])).all(-1) & (kinds == IGNORED)[:, :, None]
    rows = max(int((kinds >= 0).sum(1).max()), 1)  # `padded` puts what is ignored last
    boxes, kinds = boxes[:, :rows], kinds[:, :rows]
    low, high = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    middle, half = (low + high) / 2, ((high - low) / 2).clamp(min=_LEAST_REACH_PX)
    near = ((at - middle).abs() < half).all(-1)
    common, union = _common_and_union(boxes[:, :, None], seen[:, None])
    overlap = common / union
    said = torch.gather(scores.transpose(1, 2), 1, kinds.clamp(min=0)[:, :, None].expand(-1, -1, scores.shape[1]))
    real = (kinds >= 0)[:, :, None]
    suits = (said**_SCORE_POWER * overlap**_OVERLAP_POWER + _TINY) * (near & real)
    best = suits.topk(_CELLS_AN_OBJECT, -1)
    mine = torch.zeros_like(suits).scatter(-1, best.indices, 1.0) * (suits > 0)
    # A cell that suits several objects answers for the one it covers best.
    owner = (overlap * mine + mine * _TINY).argmax(1)
    mine = mine * functional.one_hot(owner, boxes.shape[1]).transpose(1, 2)
    suits, covered = suits * mine, overlap * mine
    grade = suits / suits.amax(-1, keepdim=True).clamp(min=_TINY) * covered.amax(-1, keepdim=True).clamp(min=0.05)
    weight = (grade * mine).amax(1)
    wanted = torch.zeros_like(scores).scatter(
        -1, torch.gather(kinds.clamp(min=0), 1, owner)[..., None], weight[..., None]
    )
    wanted[hidden.any(1) & (weight == 0)] = -1
    return wanted, owner, weight


def road_loss(out: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    """Generalised focal loss on scores, generalised overlap on boxes.

    out: raw (N, cells, classes + 4). batch: pictures, boxes and kinds of `padded`, centres (cells, 2), strides
    (cells,).
    """
    loss, terms, _, _ = labelled_loss(out, batch)
    return loss, terms


def labelled_loss(out: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float], Tensor, Tensor]:
    """The loss and its parts, the boxes seen (N, cells, 4), and which cells answer for a label (N, cells)."""
    _, boxes, kinds, centres, strides = batch[:5]
    guess = out[..., : len(CLASSES)]
    seen = decode(out[..., len(CLASSES) : len(CLASSES) + 4], centres, strides)
    wanted, owner, weight = targets(guess.detach().sigmoid(), seen.detach(), boxes, kinds, centres)
    entropy = functional.binary_cross_entropy_with_logits(guess, wanted.clamp(min=0), reduction="none")
    focal = (wanted.clamp(min=0) - guess.sigmoid()).abs().square() * entropy * (wanted >= 0)
    total = weight.sum().clamp(min=1)
    score_loss = focal.sum() / total
    positive = weight > 0
    aim = torch.gather(boxes, 1, owner[..., None].expand(-1, -1, 4))[positive]
    box_loss = ((1 - general_overlap(seen[positive], aim)) * weight[positive]).sum() / total
    terms = {"score": float(score_loss.detach()), "box": float(box_loss.detach())}
    return 2 * score_loss + 2 * box_loss, terms, seen, positive


def _common_and_union(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - common
    return common, union.clamp(min=1e-6)
