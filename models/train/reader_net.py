"""The plate reader's network: a small convolutional eye, and one query for each of the eight places a text can have.

Rows need no splitting: a query finds its character wherever it stands, so one row and two are read alike. A ninth query
looks at the whole for colour, rows, corners and whether there is a plate.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vision.plates.crop import HEIGHT_PX, WIDTH_PX
from vision.plates.grammar import ALPHABET, COLOURS, SLOTS

WIDTH = 96
HEADS = 4
GRID = (8, 20)
_POOL = 2


class Output(NamedTuple):
    """text: (N, 8, 75) logits; colour: (N, 6); rows: (N, 2); plate: (N, 1); corners: (N, 8) fractions of the crop.

    attention: (N, 8, 160) where each character was looked for.
    """

    text: Tensor
    colour: Tensor
    rows: Tensor
    plate: Tensor
    corners: Tensor
    attention: Tensor


def _conv(inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class _Attention(nn.Module):
    """Plain multi-head attention, written out so that it exports to few, fast operators without dynamic shapes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, places: int) -> tuple[Tensor, Tensor]:
        """query: (N, places, W), or (1, places, W) for all alike; keys, values: (N, tokens, W), already projected."""
        split = WIDTH // HEADS
        q = (self.query(query) * split**-0.5).reshape(-1, places, HEADS, split).transpose(1, 2)
        k = keys.unflatten(-1, (HEADS, split)).permute(0, 2, 3, 1)
        v = values.unflatten(-1, (HEADS, split)).transpose(1, 2)
        weights = (q @ k).softmax(-1)
        mixed = (weights @ v).transpose(1, 2).reshape(-1, places, WIDTH)
        return self.out(mixed), weights


def _project(tokens: Tensor, *layers: nn.Linear) -> tuple[Tensor, ...]:
    """Several linear layers of the same tokens as one multiplication."""
    weight = torch.cat([layer.weight for layer in layers])
    bias = torch.cat([layer.bias for layer in layers])
    return tuple(functional.linear(tokens, weight, bias).split([layer.out_features for layer in layers], -1))


class _Mixer(nn.Module):
    """Lets every part of the plate know of the others: self-attention over a coarser grid."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = _Attention(width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(inplace=True), nn.Linear(2 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        normal = self.before(tokens)
        keys, values = _project(normal, self.attention.key, self.attention.value)
        tokens = tokens + self.attention(normal, keys, values, GRID[0] * GRID[1] // _POOL)[0]
        return tokens + self.feed(self.between(tokens))


class _Decoder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between, self.after = (nn.LayerNorm(width) for _ in range(3))
        self.among, self.across = _Attention(width), _Attention(width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(inplace=True), nn.Linear(2 * width, width))

    def forward(self, slots: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        normal = self.before(slots)
        own_keys, own_values = _project(normal, self.among.key, self.among.value)
        slots = slots + self.among(normal, own_keys, own_values, SLOTS + 1)[0]
        found, weights = self.across(self.between(slots), keys, values, SLOTS + 1)
        slots = slots + found
        return slots + self.feed(self.after(slots)), weights


class ReaderNet(nn.Module):
    """(N, 64, 160, 3) uint8 BGR to Output."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Sequential(
            _conv(3, 16, 2), _conv(16, 40, 2), _Residual(40), _conv(40, WIDTH, 2), _Residual(WIDTH)
        )
        self.place = nn.Parameter(torch.randn(1, GRID[0] * GRID[1], WIDTH) * 0.02)
        self.coarse_place = nn.Parameter(torch.randn(1, GRID[0] * GRID[1] // _POOL, WIDTH) * 0.02)
        self.mixer = _Mixer(WIDTH)
        self.slots = nn.Parameter(torch.randn(1, SLOTS + 1, WIDTH) * 0.2)
        self.decoders = nn.ModuleList([_Decoder(WIDTH), _Decoder(WIDTH)])
        self.norm = nn.LayerNorm(WIDTH)
        self.text = nn.Linear(WIDTH, len(ALPHABET))
        self.whole = nn.Linear(WIDTH, len(COLOURS) + 2 + 1 + 8)

    def forward(self, image: Tensor) -> Output:
        x = image.permute(0, 3, 1, 2).float()
        mean = x.mean((1, 2, 3), keepdim=True)
        spread = ((x - mean) ** 2).mean((1, 2, 3), keepdim=True).sqrt()
        return self._read(self.eye((x - mean) / (spread + 6.0)))

    def _read(self, features: Tensor) -> Output:
        pooled = functional.avg_pool2d(features, (1, _POOL))
        mixed = self.mixer(pooled.flatten(2).transpose(1, 2) + self.coarse_place)
        coarse = mixed.transpose(1, 2).reshape(-1, WIDTH, GRID[0] * GRID[1] // _POOL, 1)
        fine = features.reshape(-1, WIDTH, GRID[0] * GRID[1] // _POOL, _POOL) + coarse
        memory = fine.flatten(2).transpose(1, 2) + self.place
        first, second = self.decoders
        keys_and_values = _project(memory, first.across.key, first.across.value, second.across.key, second.across.value)
        slots, _ = first(self.slots, *keys_and_values[:2])
        slots, weights = second(slots, *keys_and_values[2:])
        slots = self.norm(slots)
        text = self.text(slots[:, :SLOTS])
        colour, rows, plate, corners = self.whole(slots[:, SLOTS]).split((len(COLOURS), 2, 1, 8), -1)
        return Output(text, colour, rows, plate, corners * 0.25 + _UPRIGHT.to(corners), weights[:, :, :SLOTS].mean(1))


class Exported(nn.Module):
    """What vision loads: log probabilities, and the plate as a probability."""

    def __init__(self, net: ReaderNet, temperature: float = 1.0) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        read = self.net(image)
        text = (read.text / self.temperature).log_softmax(-1)
        return text, read.colour.log_softmax(-1), read.rows.log_softmax(-1), read.plate.sigmoid(), read.corners


_UPRIGHT = torch.tensor([0.05, 0.1, 0.95, 0.1, 0.95, 0.9, 0.05, 0.9])
OUTPUTS = ("text", "colour", "rows", "plate", "corners")


def export(net: ReaderNet, path: str, temperature: float = 1.0) -> None:
    """Write the network as ONNX with a free batch axis."""
    wrapped = Exported(net, temperature).eval()
    example = torch.zeros(2, HEIGHT_PX, WIDTH_PX, 3, dtype=torch.uint8)
    axes = {name: {0: "batch"} for name in ("image", *OUTPUTS)}
    torch.onnx.export(
        wrapped, (example,), path, input_names=["image"], output_names=list(OUTPUTS), dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip
