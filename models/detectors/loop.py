"""The training loop of both detectors: a time budget, a cosine of the learning rate, averaged weights, checkpoints."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from models.detectors.net import DetectorNet, Residual, Surroundings
from models.registry import TrainingJob

Batch = tuple[Tensor, ...]
Loss = Callable[[Tensor, Batch], tuple[Tensor, dict[str, float]]]
_WARM_UP_STEPS, _SAVE_EVERY_S, _AVERAGE = 200, 120.0, 0.998


def fit(net: DetectorNet, batches: Iterator[Batch], loss: Loss, job: TrainingJob, peak_rate: float) -> nn.Module:
    """Train until the job's minutes are used up; gives the averaged network.

    A checkpoint (weights, optimiser, share of the time used) is kept in `job.out`/checkpoint.pt, and with `job.resume`
    the run goes on from there; `job.pretrained` names another run's checkpoint to start afresh from. A batch's first
    tensor is pictures (N, H, W, 3) uint8.
    """
    torch.set_num_threads(job.threads)
    trainer = _Trainer(net, job, peak_rate)
    before, begun, saved = trainer.share, time.monotonic(), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=1.0)
        while trainer.share < 1.0:
            terms = trainer.learn(next(batches), loss)
            now = time.monotonic()
            trainer.share = before + (now - begun) / (job.minutes * 60)
            if trainer.step % 20 == 0:
                text = f"step {trainer.step} " + " ".join(f"{name} {value:.3f}" for name, value in terms.items())
                bar.update(task, completed=trainer.share, description=text)
                _log(job.out, f"{trainer.share:.4f} {text}")
            if now - saved > _SAVE_EVERY_S or trainer.share >= 1.0:
                saved = now
                trainer.save()
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

    def __init__(self, net: DetectorNet, job: TrainingJob, peak_rate: float) -> None:
        self._device = torch.device(job.device)
        self._net, self._peak = net.to(self._device, memory_format=torch.channels_last).train(), peak_rate
        self._store = job.out / "checkpoint.pt"
        if job.pretrained and not job.resume:
            grow(self._net, self._read(Path(job.pretrained))["average"])
        self.average = copy.deepcopy(self._net).eval()
        self._optimiser = torch.optim.AdamW(self._net.parameters(), lr=peak_rate, weight_decay=0.02)
        self.share, self.step = 0.0, 0
        job.out.mkdir(parents=True, exist_ok=True)
        if job.resume and self._store.is_file():
            state = self._read(self._store)
            for part, name in ((self._net, "net"), (self.average, "average"), (self._optimiser, "optimiser")):
                part.load_state_dict(state[name])
            self.share, self.step = float(state["share"]), int(state["step"])

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
        torch.save({**state, "share": self.share, "step": self.step}, self._store)

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
