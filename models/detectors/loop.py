"""The training loop of both detectors: steps, a cosine of the learning rate, averaged weights, checkpoints."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from models.detectors.batches import Batch
from models.detectors.net import DetectorNet, Residual, Surroundings
from models.registry import TrainingJob

Batches = Callable[[int], Iterator[Batch]]
Loss = Callable[[Tensor, Batch], tuple[Tensor, dict[str, float]]]
_WARM_UP_STEPS, _SAVE_EVERY_S, _AVERAGE = 200, 120.0, 0.998


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a detector learns: the peak of its learning rate, and the steps a nominal machine makes in a second."""

    peak_rate: float
    cpu_steps_per_s: float
    cuda_steps_per_s: float = 40.0

    def steps(self, job: TrainingJob) -> int:
        """How many steps a job is: the same on every machine, however long it takes there."""
        each_s = self.cpu_steps_per_s if job.device == "cpu" else self.cuda_steps_per_s
        return max(1, round(job.minutes * 60 * each_s))


def fit(net: DetectorNet, batches: Batches, loss: Loss, job: TrainingJob, pace: Pace) -> nn.Module:
    """Train for as many steps as the job's minutes are nominally; gives the averaged network.

    batches: from the batch of a number on. A checkpoint (weights, optimiser, steps made) is kept in
    `job.out`/checkpoint.pt, and with `job.resume` the run goes on from there as if it had not been stopped;
    `job.pretrained` names another run's checkpoint to start afresh from. A batch's first tensor is pictures
    (N, H, W, 3) uint8.
    """
    torch.set_num_threads(job.threads)
    trainer = _Trainer(net, job, pace)
    stream, saved = batches(trainer.step), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=1.0)
        while trainer.share < 1.0:
            terms = trainer.learn(next(stream), loss)
            if trainer.step % 20 == 0:
                text = f"step {trainer.step} " + " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                bar.update(task, completed=trainer.share, description=text)
                _log(job.out, f"{trainer.share:.4f} {text}")
            if time.monotonic() - saved > _SAVE_EVERY_S or trainer.share >= 1.0:
                trainer.save()
                saved = time.monotonic()
    return trainer.average


def grow(net: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load what another run learned. Blocks it did not have start as if they were not there."""
    for part in net.modules():
        if isinstance(part, Residual | Surroundings):
            nn.init.zeros_(part.last.weight)
    own = net.state_dict()
    net.load_state_dict({**own, **{name: value for name, value in weights.items() if name in own}})


class _Trainer:
    """A network in training: its optimiser, its running average, how far it is."""

    def __init__(self, net: DetectorNet, job: TrainingJob, pace: Pace) -> None:
        self._device = torch.device(job.device)
        self._net, self._peak = net.to(self._device, memory_format=torch.channels_last).train(), pace.peak_rate
        self._store = job.out / "checkpoint.pt"
        if job.pretrained and not job.resume:
            grow(self._net, self._read(Path(job.pretrained))["average"])
        self.average = copy.deepcopy(self._net).eval()
        self._optimiser = torch.optim.AdamW(self._net.parameters(), lr=pace.peak_rate, weight_decay=0.02)
        self.step, self._steps = 0, pace.steps(job)
        job.out.mkdir(parents=True, exist_ok=True)
        if job.resume and self._store.is_file():
            state = self._read(self._store)
            for part, name in ((self._net, "net"), (self.average, "average"), (self._optimiser, "optimiser")):
                part.load_state_dict(state[name])
            self.step = int(state["step"])

    @property
    def share(self) -> float:
        """How much of the run is done."""
        return self.step / self._steps

    def learn(self, batch: Batch, loss: Loss) -> dict[str, float]:
        """One step; gives the parts of its loss."""
        rate = self._rate()
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        parts = tuple(part.to(self._device, non_blocking=True) for part in batch)
        pictures = parts[0].permute(0, 3, 1, 2).float() / 255
        with torch.autocast(self._device.type, torch.bfloat16):
            out = self._net(pictures.contiguous(memory_format=torch.channels_last))
        total, terms = loss(out.float(), parts)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), 10.0)
        self._optimiser.step()
        self.step += 1
        self._follow()
        return terms

    def save(self) -> None:
        """Keep everything needed to go on."""
        parts = {"net": self._net, "average": self.average, "optimiser": self._optimiser}
        state = {name: part.state_dict() for name, part in parts.items()}
        torch.save({**state, "step": self.step}, self._store)

    def _read(self, path: Path) -> dict[str, Any]:
        state: dict[str, Any] = torch.load(path, map_location=self._device, weights_only=True)
        return state

    def _rate(self) -> float:
        cosine = 0.5 * (1 + math.cos(min(self.share, 1.0) * math.pi))
        return self._peak * max(cosine, 0.02) * min(1.0, (self.step + 1) / _WARM_UP_STEPS)

    def _follow(self) -> None:
        keep = min(_AVERAGE, (self.step + 1) / (self.step + 10))
        ours = self._net.state_dict()
        with torch.no_grad():
            for name, value in self.average.state_dict().items():
                if value.dtype.is_floating_point:
                    value.lerp_(ours[name], 1 - keep)
                else:
                    value.copy_(ours[name])


def _log(out: Path, line: str) -> None:
    with (out / "training.log").open("a", encoding="utf-8") as log:
        log.write(line + "\n")
