"""Training of the plate detector: `gatewarden models train plate-detector`."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from models.detectors.batches import Batch, loaded, mine
from models.detectors.card import PLATES
from models.detectors.export import CALIBRATION_PICTURES, export
from models.detectors.loop import Pace, fit
from models.detectors.net import DetectorNet, NetSpec
from models.detectors.plate_scenes import PlateScenes
from models.detectors.plate_targets import cells, plate_loss, targets
from models.detectors.prepare import RENDERED, prepare
from models.registry import TrainingJob

SPEC = NetSpec(widths=(16, 24, 48, 80, 112), depths=(2, 2, 3), neck=48, classes=2, values=8)
SIZE = 320
BATCH = 32
PACE = Pace(peak_rate=2.5e-3, cpu_steps_per_s=1.0)


class _Stream(IterableDataset[Batch]):
    """Batches of composed scenes from the batch of a number on; each depends on the seed and its number alone."""

    def __init__(self, scenes: PlateScenes, seed: int, first: int) -> None:
        self._scenes, self._seed, self._first = scenes, seed, first

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        strides = torch.from_numpy(np.tile(cells(SIZE, SIZE)[1], (BATCH, 1)))
        for number in mine(self._first):
            rng = np.random.default_rng([self._seed, number])
            scenes = [self._scenes.scene(rng) for _ in range(BATCH)]
            aims = [targets(scene, SIZE) for scene in scenes]
            pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes]))
            yield (pictures, *(torch.from_numpy(np.stack(part)) for part in zip(*aims, strict=True)), strides)


def train(job: TrainingJob) -> Path:
    """Train the plate detector; gives the ONNX file, its card beside it.

    Pictures that `gatewarden rig render --dataset` wrote to `job.out`/rendered are mixed in.
    """
    torch.manual_seed(job.seed)
    cv2.setNumThreads(1)  # the pool would not survive the fork into the workers
    pictures, crops = prepare(job.data, job.out, job.threads)
    rendered = job.out / RENDERED
    scenes = PlateScenes(job.data, pictures, crops, SIZE, rendered if rendered.is_dir() else None)
    net = fit(
        DetectorNet(SPEC), lambda first: loaded(_Stream(scenes, job.seed, first), job.threads), plate_loss, job, PACE
    )
    rng = np.random.default_rng([job.seed, 8])
    return export(net, job, PLATES, (scenes.scene(rng).picture for _ in range(CALIBRATION_PICTURES)))
