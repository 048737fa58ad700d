"""From a trained network to the ONNX file a gate loads: raw frames in, so that no engine needs its own preparation."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.detectors.card import Product, detector_card
from models.quantise import quantise
from models.registry import TrainingJob

Picture8 = NDArray[np.uint8]
CALIBRATION_PICTURES = 128


class FromPixels(nn.Module):
    """(1, H, W, 3) uint8 BGR, sides multiples of 32 -> raw cells (1, cells, numbers)."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.net(images.permute(0, 3, 1, 2).float() * (1 / 255))
        return out


def write_onnx(net: nn.Module, path: Path) -> None:
    """Write the network with free height and width."""
    whole = FromPixels(net.float().cpu()).eval()
    free = {"images": {1: "height", 2: "width"}, "cells": {1: "cells"}}
    example = torch.zeros(1, 256, 320, 3, dtype=torch.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole,
            (example,),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["images"],
            output_names=["cells"],
            dynamic_axes=free,
        )


def export(net: nn.Module, job: TrainingJob, product: Product, pictures: Iterable[Picture8]) -> Path:
    """A detector's file in `job.out`, its card beside it; both can be promoted as they are.

    pictures (H, W, 3), sides multiples of 32: what the network should expect, for its scales in 8 bits. All but the
    layers that give scores and values are converted: those would cost accuracy and save no time.
    """
    path = job.out / f"{product.target.replace('-', '_')}.onnx"
    write_onnx(net, path)
    quantise(path, path, (picture[None] for picture in pictures), spare="heads")
    card = detector_card(path, job, product, {})
    path.with_name(f"{product.target}.json").write_text(card.to_json(), encoding="utf-8")
    return path
