"""torchvision beside a torch its compiled operators do not fit, as the CPU builds from PyPI are: stand-ins in Python.

Only box suppression is ever called by what we use; the others are for classification and segmentation.
"""

import importlib
import sys
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from vision.boxes import suppress

_library: torch.library.Library | None = None


def load_torchvision() -> ModuleType:
    """torchvision, with stand-ins defined first where its own operators cannot be loaded."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "does not exist" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    _define()
    torchvision = importlib.import_module("torchvision")
    torchvision.ops.nms = torchvision.ops.boxes.nms = suppressed
    return torchvision


def _define() -> None:
    global _library  # noqa: PLW0603 - operators live as long as their library is held, and are defined once
    if _library is None:
        _library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):  # torchvision registers shapes for both as it is imported
            _library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def suppressed(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """torchvision.ops.nms: indices of the boxes (N, 4) kept, best first."""
    dets, scores = dets.detach().cpu(), scores.detach().cpu()
    kept = suppress(dets.numpy().astype(np.float64), scores.numpy().astype(np.float64), iou_threshold)
    return torch.as_tensor(np.asarray(kept), dtype=torch.int64)
