"""The network that sees a vehicle's colour and counts its axles: plain convolutions, one pass over one crop.

Axles of one group stand little more than a wheel apart, so wheels are looked for on a fine grid; where the wheels are
known, as in drawn pictures, they are taught. Counting is done along the columns of that grid.
"""

import warnings
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.detectors.net import Residual, conv
from vision.attributes import AXLES, COLOURS, HEIGHT_PX, WIDTH_PX

STRIDE = 4
GRID = (HEIGHT_PX // STRIDE, WIDTH_PX // STRIDE)
_WIDTHS = (16, 32, 56, 88)
_STRIP = 8  # channels of a column beside its wheels on the way to the axles' head


class Seen(NamedTuple):
    """Logits: colour (N, 10) and axles (N, 6), "unknown" last; wheels (N, *GRID), where a wheel's middle is."""

    colour: Tensor
    axles: Tensor
    wheels: Tensor


class AttributeNet(nn.Module):
    """(N, 3, HEIGHT_PX, WIDTH_PX) in 0..1 -> what is seen of each vehicle."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = _WIDTHS
        self.near = nn.Sequential(conv(3, a, 3, 2), conv(a, b, 3, 2), Residual(b))
        self.fine = nn.Sequential(conv(b, c, 3, 2), Residual(c), Residual(c))
        self.coarse = nn.Sequential(conv(c, d, 3, 2), Residual(d))
        self.where = nn.Conv2d(d, 1, 1)
        self.colour = nn.Sequential(nn.Linear(2 * d, 64), nn.ReLU(inplace=True), nn.Linear(64, len(COLOURS) + 1))
        self.around, self.both = conv(c, b, 1), nn.Sequential(conv(b, b), Residual(b))
        self.wheel, self.strip = nn.Conv2d(b, 1, 1), conv(b, _STRIP, 1)
        nn.init.constant_(self.wheel.bias, -3.0)
        columns = (1 + 2 * _STRIP) * GRID[1]
        self.axles = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(columns + d, 96), nn.ReLU(inplace=True), nn.Linear(96, len(AXLES) + 1)
        )

    def forward(self, x: Tensor) -> Seen:
        near = self.near(x)
        fine = self.fine(near)
        coarse = self.coarse(fine)
        mean = coarse.mean((2, 3))
        share = self.where(coarse).flatten(2).softmax(-1)
        looked = (coarse.flatten(2) * share).sum(-1)
        both = self.both(near + nn.functional.interpolate(self.around(fine), scale_factor=2.0, mode="nearest"))
        wheels, strip = self.wheel(both), self.strip(both)
        columns = torch.cat([wheels.amax(2), strip.amax(2), strip.mean(2)], 1).flatten(1)
        axles = self.axles(torch.cat([columns, mean], 1))
        return Seen(self.colour(torch.cat([mean, looked], 1)), axles, wheels[:, 0])


class _FromPixels(nn.Module):
    """(N, H, W, 3) uint8 BGR -> log probabilities; temperatures make them honest."""

    def __init__(self, net: AttributeNet, temperatures: tuple[float, float]) -> None:
        super().__init__()
        self.net, self.temperatures = net, temperatures

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        colour, axles, _ = self.net(crops.permute(0, 3, 1, 2).float() * (1 / 255))
        return (colour / self.temperatures[0]).log_softmax(-1), (axles / self.temperatures[1]).log_softmax(-1)


def export(net: AttributeNet, path: Path, temperatures: tuple[float, float]) -> None:
    """Write the network as ONNX with a free number of crops; input "crops", outputs "colour" and "axles"."""
    whole = _FromPixels(net.float().cpu(), temperatures).eval()
    example = torch.zeros(2, HEIGHT_PX, WIDTH_PX, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole, (example,), str(path), dynamo=False, opset_version=17, input_names=["crops"],
            output_names=["colour", "axles"],
            dynamic_axes={name: {0: "count"} for name in ("crops", "colour", "axles")},
        )  # fmt: skip
