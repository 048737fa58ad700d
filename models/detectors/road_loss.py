"""Task-aligned learning of boxes (Feng et al., TOOD, 2021): the cells that do best answer for an object."""

import torch
from torch import Tensor
from torch.nn import functional

_BEST_CELLS, _SCORE_POWER, _OVERLAP_POWER = 10, 0.5, 6.0


def decode(values: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Raw distances (..., cells, 4) as boxes x0 y0 x1 y1 in pixels of the input."""
    away = values.clamp(-6, 5).exp() * strides[:, None]
    return torch.cat([centres - away[..., :2], centres + away[..., 2:]], -1)


def pair_overlap(a: Tensor, b: Tensor, general: bool = False) -> Tensor:
    """Intersection over union of boxes along matching leading axes; general: the generalised form, to -1."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - common
    share = common / union.clamp(min=1e-6)
    if not general:
        return share
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    return share - (hull - union) / hull.clamp(min=1e-6)


def assign(scores: Tensor, boxes: Tensor, truth: Tensor, kinds: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Of one picture: the object each cell answers for (cells,), -1 for none, and how well (cells,) 0..1."""
    cells = len(centres)
    none = torch.full((cells,), -1, dtype=torch.long, device=scores.device), torch.zeros(cells, device=scores.device)
    if len(truth) == 0:
        return none
    inside = (centres[None] > truth[:, None, :2]).all(-1) & (centres[None] < truth[:, None, 2:]).all(-1)
    nearest = (centres[None] - (truth[:, None, :2] + truth[:, None, 2:]) / 2).square().sum(-1).argmin(1)
    inside[torch.arange(len(truth)), nearest] = True
    share = pair_overlap(boxes[None], truth[:, None]).clamp(min=0)
    metric = scores[:, kinds].T ** _SCORE_POWER * share**_OVERLAP_POWER * inside
    best = torch.zeros_like(inside).scatter_(1, metric.topk(_BEST_CELLS, 1).indices, True) & inside
    share = torch.where(best, share, torch.full_like(share, -1))
    owner = share.argmax(0)
    taken = best.any(0)
    aligned = metric * best
    peak = aligned.amax(1, keepdim=True).clamp(min=1e-12)
    reach = (share.clamp(min=0)).amax(1, keepdim=True).clamp(min=0.05)
    quality = (aligned / peak * reach).gather(0, owner[None])[0]
    return torch.where(taken, owner, none[0]), torch.where(taken, quality, none[1])


def road_loss(out: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    """Cross entropy against alignment, and generalised overlap. batch: pictures, truth (N, most, 5) class first, -1 for
    none and -2 for ignored places, centres (N, cells, 2), strides (N, cells).
    """
    _, truth, all_centres, all_strides = batch
    centres, strides = all_centres[0], all_strides[0]
    classes = out.shape[-1] - 4
    boxes = decode(out[..., classes:], centres, strides)
    score_loss, box_loss, weight = out.new_zeros(()), out.new_zeros(()), out.new_zeros(())
    for one, box, objects in zip(out, boxes, truth, strict=True):
        real, vague = objects[objects[:, 0] >= 0], objects[objects[:, 0] == -2, 1:]
        kinds = real[:, 0].long()
        with torch.no_grad():
            owner, quality = assign(one[:, :classes].sigmoid(), box, real[:, 1:], kinds, centres)
        wanted = torch.zeros_like(one[:, :classes])
        chosen = owner >= 0
        wanted[chosen, kinds[owner[chosen]]] = quality[chosen]
        counted = torch.ones_like(quality)
        if len(vague):
            inside = (centres[None] > vague[:, None, :2]).all(-1) & (centres[None] < vague[:, None, 2:]).all(-1)
            counted[inside.any(0) & ~chosen] = 0
        guess = one[:, :classes]
        entropy = functional.binary_cross_entropy_with_logits(guess, wanted, reduction="none")
        focus = torch.where(wanted > 0, torch.ones_like(wanted), guess.detach().sigmoid().square() * 2)
        score_loss = score_loss + (entropy * focus * counted[:, None]).sum()
        if chosen.any():
            off = 1 - pair_overlap(box[chosen], real[owner[chosen], 1:], general=True)
            box_loss = box_loss + (off * quality[chosen]).sum()
        weight = weight + quality.sum()
    weight = weight.clamp(min=1)
    total = score_loss / weight + 2.5 * box_loss / weight
    return total, {"score": float(score_loss.detach() / weight), "box": float(box_loss.detach() / weight)}
