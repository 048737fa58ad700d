"""Training of the vehicle detector: `gatewarden models train vehicle-detector`."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from models.detectors.batches import Batch, loaded, mine, replayed
from models.detectors.card import ROADS
from models.detectors.export import CALIBRATION_PICTURES, export
from models.detectors.loop import Pace, fit, grow
from models.detectors.net import DetectorNet, NetSpec
from models.detectors.plate_targets import cells
from models.detectors.prepare import RENDERED, prepare
from models.detectors.road_labels import CLASSES
from models.detectors.road_scenes import RoadScenes
from models.detectors.road_targets import padded, road_loss
from models.detectors.taught import TaughtNet, midway, plain, taught_loss
from models.detectors.teacher import DenseTeacher
from models.registry import TrainingJob

SPEC = NetSpec(widths=(16, 24, 56, 112, 192), depths=(2, 3, 4), neck=48, classes=len(CLASSES), values=4, wide=True)
# What a teacher has to say asks for more layers where they are cheap, over a shallower network's beginnings.
TAUGHT_SPEC = replace(SPEC, depths=(2, 5, 8))
SIZE, TAUGHT_SIZE = 320, 256
BATCH = 16
PACE = Pace(peak_rate=2e-3, cpu_steps_per_s=2.8)
TAUGHT_PACE = Pace(peak_rate=1.2e-3, cpu_steps_per_s=2.0)
_REPLAYED, _LEARNED_SHARE = 150, 0.6


class _Stream(IterableDataset[Batch]):
    """Batches of composed scenes from the batch of a number on; each depends on the seed and its number alone.

    With `peers`, the teacher's lesson comes last.
    """

    def __init__(self, scenes: RoadScenes, size: int, seed: int, first: int, peers: Path | None) -> None:
        self._scenes, self._size, self._seed, self._first, self._peers = scenes, size, seed, first, peers

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        teacher = None if self._peers is None else DenseTeacher(self._peers)
        centres, strides = (torch.from_numpy(part) for part in cells(self._size, self._size))
        for number in mine(self._first):
            rng = np.random.default_rng([self._seed, number])
            scenes = [self._scenes.scene(rng) for _ in range(BATCH)]
            pictures = torch.from_numpy(np.stack([picture for picture, _ in scenes]))
            batch = (pictures, *padded([labels for _, labels in scenes]), centres, strides)
            if teacher is None:
                yield batch
            else:
                yield (*batch, torch.from_numpy(np.stack([teacher.look(picture) for picture, _ in scenes])))


def train(job: TrainingJob) -> Path:
    """Train the vehicle detector; gives the ONNX file, its card beside it.

    Pictures that `gatewarden rig render --dataset` wrote to `job.out`/rendered are mixed in; tankers, dump trucks and
    vans are learned from them alone. With `job.peers` a peer teaches every cell of every scene; what another run
    learned of small things (`job.pretrained`) is then kept as it is.
    """
    torch.manual_seed(job.seed)
    cv2.setNumThreads(1)  # the pool would not survive the fork into the workers
    pictures, _ = prepare(job.data, job.out, job.threads)
    rendered, size = job.out / RENDERED, SIZE if job.peers is None else TAUGHT_SIZE
    scenes = RoadScenes(job.data, pictures, size, rendered if rendered.is_dir() else None)
    rng = np.random.default_rng([job.seed, 8])

    def batches(first: int) -> Iterator[Batch]:
        return loaded(_Stream(scenes, size, job.seed, first, job.peers), job.threads)

    if job.peers is None:
        net = fit(DetectorNet(SPEC), batches, road_loss, job, PACE)
    else:
        pupil = TaughtNet(TAUGHT_SPEC, held=job.pretrained is not None)
        lessons = partial(replayed, batches, keep=_REPLAYED, seed=job.seed)
        net = plain(fit(pupil, lessons, taught_loss, job, TAUGHT_PACE), TAUGHT_SPEC)
        if job.pretrained is not None:
            midway(earlier(Path(job.pretrained)), net, _LEARNED_SHARE)
    return export(net, job, ROADS, (scenes.scene(rng)[0] for _ in range(CALIBRATION_PICTURES)))


def earlier(checkpoint: Path) -> DetectorNet:
    """What another run ended with, in the shape of a network that is taught."""
    net = DetectorNet(TAUGHT_SPEC)
    grow(net, torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return net
