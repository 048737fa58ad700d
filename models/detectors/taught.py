"""A detector with a teacher: the pupil's network, and what it loses by not seeing what the teacher sees."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.detectors.net import DetectorNet, Head, NetSpec
from models.detectors.road_targets import general_overlap, labelled_loss
from models.detectors.teacher import CLASSES, FEATURES, STRIDES

_LEAST_SEEN = 0.15
_LEAST_SAID = 0.02


class TaughtNet(DetectorNet):
    """A detector whose every cell also says COCO's classes and the teacher's features; `plain` leaves them behind.

    (N, 3, H, W) -> (N, cells, classes + values + CLASSES + FEATURES). held: the layers down to stride 8 are kept as
    they are; they see edges and lights, which an earlier run has learned, and cost half of a step.
    """

    def __init__(self, spec: NetSpec, *, held: bool = False) -> None:
        super().__init__(spec)
        self._held = held
        self.kinds = nn.ModuleList(nn.Conv2d(spec.neck, CLASSES, 1) for _ in range(3))
        self.features = nn.ModuleList(nn.Conv2d(spec.neck, FEATURES, 1) for _ in range(3))
        for layer in self.kinds:
            nn.init.constant_(layer.bias, -5.0)

    def forward(self, x: Tensor) -> Tensor:
        rows = []
        for level, head, kinds, features in zip(self.pyramid(x), self.heads, self.kinds, self.features, strict=True):
            assert isinstance(head, Head)
            scored = head.score_branch(level)
            parts = [head.scores(scored), head.values(head.value_branch(level)), kinds(scored), features(level)]
            rows.append(torch.cat(parts, 1).flatten(2).transpose(1, 2))
        return torch.cat(rows, 1)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        for part in (self.stem, self.stages[0]) if self._held else ():
            part.eval().requires_grad_(False)
        return self


def plain(taught: nn.Module, spec: NetSpec) -> DetectorNet:
    """The detector alone, without what it needed to be taught."""
    net, learned = DetectorNet(spec), taught.state_dict()
    net.load_state_dict({name: learned[name] for name in net.state_dict()})
    net.eval()
    return net


def midway(before: nn.Module, after: nn.Module, share: float) -> None:
    """Bring `after` back towards what it was taught from: `share` of the way counts, 1 for all of it.

    Half-way it keeps what it knew and has most of what it learned (Wortsman et al., Robust fine-tuning of zero-shot
    models, 2022).
    """
    old = before.state_dict()
    with torch.no_grad():
        for name, value in after.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(old[name].to(value), 1 - share)


def taught_loss(out: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    """What `road_loss` says of the labels, and how far the pupil is from the teacher.

    out: raw, as TaughtNet gives it. batch: what `road_loss` takes, and last the lesson (N, cells, WIDTH), rows as
    `DenseTeacher.look` gives them. Where no label speaks of a cell, the teacher's boxes count.
    """
    loss, terms, boxes, labelled = labelled_loss(out, batch)
    centres, strides, lesson = batch[3], batch[4], batch[5].float()
    _, kinds, features = out.split([out.shape[-1] - CLASSES - FEATURES, CLASSES, FEATURES], -1)
    away, scores, felt = lesson.split([4, CLASSES, FEATURES], -1)
    best = scores.amax(-1)
    told = (best > _LEAST_SAID) | (kinds.detach().amax(-1).sigmoid() > _LEAST_SAID)
    entropy = functional.binary_cross_entropy_with_logits(kinds[told], scores[told], reduction="none")
    said = ((scores[told] - kinds[told].sigmoid()).square() * entropy).sum() / best.sum().clamp(min=1)
    seen = _unlike(features, felt, strides)
    weight = best * ~labelled
    pick = weight > _LEAST_SEEN
    away = away * strides[:, None]
    theirs = torch.cat([centres - away[..., :2], centres + away[..., 2:]], -1)[pick]
    lay = ((1 - general_overlap(boxes[pick], theirs)) * weight[pick]).sum() / weight[pick].sum().clamp(min=1)
    terms |= {"said": float(said.detach()), "seen": float(seen.detach()), "lay": float(lay.detach())}
    return loss + said + seen + lay, terms


def _unlike(ours: Tensor, theirs: Tensor, strides: Tensor) -> Tensor:
    """Mean squared difference of features, theirs brought to mean 0 and deviation 1 a channel and level."""
    parts = []
    for stride in STRIDES:
        level = strides == stride
        wanted = theirs[:, level].flatten(0, 1)
        wanted = (wanted - wanted.mean(0)) / (wanted.std(0) + 1e-3)
        parts.append(functional.mse_loss(ours[:, level].flatten(0, 1), wanted))
    return torch.stack(parts).mean()
