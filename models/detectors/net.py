"""The one small network both detectors share: three strides, a top-down neck, one head per task.

Plain convolutions, batch normalisation and ReLU only, so that every engine fuses it to bare convolutions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class NetSpec:
    """Shape of a network. widths: channels at strides 2, 4, 8, 16, 32; depths: residual blocks at 8, 16, 32.

    classes: class scores a cell gives; values: numbers a cell regresses (4 for a box, 8 for four corners);
    wide: whether the coarsest level also looks at its wider surroundings.
    """

    widths: tuple[int, int, int, int, int]
    depths: tuple[int, int, int]
    neck: int
    classes: int
    values: int
    wide: bool = False


def conv(inside: int, outside: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation, ReLU; the size kept but for the stride."""
    layer = nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outside), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """A bottleneck: half the channels through a 3x3, added back."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.inner = nn.Sequential(conv(channels, half, 1), conv(half, channels, 3))

    @property
    def last(self) -> nn.BatchNorm2d:
        """The normalisation whose weight says how much is added."""
        norm: nn.BatchNorm2d = self.inner[1][1]
        return norm

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Surroundings(nn.Module):
    """What stands around each cell: the greatest of ever wider neighbourhoods, added back (fast pyramid pooling).

    A truck that fills the picture is wider than what plain convolutions of this depth look at.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.inside, self.outside = conv(channels, half, 1), conv(half * 4, channels, 1)
        self.widen = nn.MaxPool2d(5, 1, 2)

    @property
    def last(self) -> nn.BatchNorm2d:
        """The normalisation whose weight says how much is added."""
        norm: nn.BatchNorm2d = self.outside[1]
        return norm

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.inside(x)]
        for _ in range(3):
            parts.append(self.widen(parts[-1]))
        out: Tensor = x + self.outside(torch.cat(parts, 1))
        return out


class Head(nn.Module):
    """Class scores and regressed values of every cell of one level."""

    def __init__(self, channels: int, classes: int, values: int) -> None:
        super().__init__()
        self.score_branch, self.value_branch = conv(channels, channels), conv(channels, channels)
        self.scores, self.values = nn.Conv2d(channels, classes, 1), nn.Conv2d(channels, values, 1)
        nn.init.constant_(self.scores.bias, -4.6)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.cat([self.scores(self.score_branch(x)), self.values(self.value_branch(x))], 1)
        return out.flatten(2).transpose(1, 2)


class DetectorNet(nn.Module):
    """(N, 3, H, W) in 0..1, sides multiples of 32 -> (N, cells, classes + values), raw, levels 8, 16, 32 in order."""

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        w, d = spec.widths, spec.depths
        self.stem = nn.Sequential(conv(3, w[0], 3, 2), conv(w[0], w[1], 3, 2))
        self.stages = nn.ModuleList(
            nn.Sequential(conv(w[i + 1], w[i + 2], 3, 2), *(Residual(w[i + 2]) for _ in range(d[i]))) for i in range(3)
        )
        self.surroundings = Surroundings(w[4]) if spec.wide else nn.Identity()
        self.lateral = nn.ModuleList(conv(w[i + 2], spec.neck, 1) for i in range(3))
        self.smooth = nn.ModuleList(conv(spec.neck, spec.neck) for _ in range(2))
        self.heads = nn.ModuleList(Head(spec.neck, spec.classes, spec.values) for _ in range(3))

    def pyramid(self, x: Tensor) -> list[Tensor]:
        """The maps the heads read, strides 8, 16 and 32, `neck` channels each."""
        x = self.stem(x)
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        levels[2] = self.surroundings(levels[2])
        levels = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        for i in (1, 0):
            up = nn.functional.interpolate(levels[i + 1], scale_factor=2.0, mode="nearest")
            levels[i] = self.smooth[i](levels[i] + up)
        return levels

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([head(level) for head, level in zip(self.heads, self.pyramid(x), strict=True)], 1)
