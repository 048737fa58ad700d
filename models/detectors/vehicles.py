"""Training of the vehicle detector: `gatewarden models train vehicle-detector`."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from models.detectors.card import ROADS
from models.detectors.export import CALIBRATION_PICTURES, export
from models.detectors.loop import Batch, fit
from models.detectors.net import DetectorNet, NetSpec
from models.detectors.plate_targets import cells
from models.detectors.prepare import RENDERED, prepare
from models.detectors.road_labels import CLASSES
from models.detectors.road_scenes import RoadScenes
from models.detectors.road_targets import padded, road_loss
from models.registry import TrainingJob

SPEC = NetSpec(widths=(16, 24, 56, 112, 192), depths=(2, 3, 4), neck=48, classes=len(CLASSES), values=4, wide=True)
SIZE = 320
BATCH = 16


class _Stream(IterableDataset[Batch]):
    """Batches of composed scenes, one stream a worker, from the job's seed."""

    def __init__(self, scenes: RoadScenes, seed: int) -> None:
        self._scenes, self._seed = scenes, seed

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        worker = get_worker_info()
        rng = np.random.default_rng([self._seed, 0 if worker is None else worker.id])
        centres, strides = (torch.from_numpy(part) for part in cells(SIZE, SIZE))
        while True:
            scenes = [self._scenes.scene(rng) for _ in range(BATCH)]
            pictures = torch.from_numpy(np.stack([picture for picture, _ in scenes]))
            yield (pictures, *padded([labels for _, labels in scenes]), centres, strides)


def train(job: TrainingJob) -> Path:
    """Train the vehicle detector; gives the ONNX file, its card beside it.

    Pictures that `gatewarden rig render --dataset` wrote to `job.out`/rendered are mixed in; tankers, dump trucks and
    vans are learned from them alone.
    """
    torch.manual_seed(job.seed)
    cv2.setNumThreads(1)  # the pool would not survive the fork into the workers
    pictures, _ = prepare(job.data, job.out, job.threads)
    rendered = job.out / RENDERED
    scenes = RoadScenes(job.data, pictures, SIZE, rendered if rendered.is_dir() else None)
    stream = _Stream(scenes, job.seed + int(job.resume) * 1000)
    batches = iter(DataLoader(stream, batch_size=None, num_workers=max(job.threads // 2, 1), prefetch_factor=6))
    net = fit(DetectorNet(SPEC), batches, road_loss, job, peak_rate=2e-3)
    rng = np.random.default_rng([job.seed, 8])
    return export(net, job, ROADS, (scenes.scene(rng)[0] for _ in range(CALIBRATION_PICTURES)))
