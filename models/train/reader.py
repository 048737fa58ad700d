"""Training the plate reader: `gatewarden models train reader`.

Deterministic for a seed, a device, a thread count and `minutes`: the number of steps follows from `minutes` by a
nominal rate, never from the clock, so that a slower machine takes longer and gives the same.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional

from models.registry import TrainingJob
from models.synthesis.crops import CropSource
from models.synthesis.real import Labelled
from models.synthesis.real import load as load_crop
from models.train.pool import SHARD, Arrays, Pool, PoolPlan, load
from models.train.reader_card import reader_card
from models.train.reader_finish import finish
from models.train.reader_net import GRID, Output, ReaderNet, export
from vision.errors import ModelError
from vision.plates.crop import fit
from vision.plates.grammar import Scores, decode

BATCH = 128
REPLAY = 3
NOMINAL_CROPS_PER_S = {"cpu": 400, "cuda": 8000}
PEAK_RATE = 2e-3
FINE_RATE = 7e-4  # where a run starts from what another has learned
KEPT_SHARE = 0.3  # of the network a run starts from stays in what it ends in: what it knew is not lost for what is new
_ATTENTION_UNTIL = 0.5


@dataclass(slots=True)
class _State:
    net: ReaderNet
    average: ReaderNet
    optimiser: torch.optim.Optimizer
    done: int
    rounds: int
    peak_rate: float


def train(job: TrainingJob) -> Path:
    """Train for `job.minutes`, nominal; gives `out/reader.onnx`. With `resume` goes on from `out/checkpoint.pt`.

    job.pretrained: another run's checkpoint to start afresh from, at a gentler rate; KEPT_SHARE of it stays.
    """
    torch.manual_seed(job.seed)
    torch.set_num_threads(job.threads)
    job.out.mkdir(parents=True, exist_ok=True)
    state = _begin(job)
    plan = PoolPlan(job.data, job.out / "shards", job.seed, workers=max(job.threads // 2, 1))
    held_out = CropSource(job.data, job.seed).held_out
    check = _validation(held_out)
    console = Console(stderr=True)
    pool = Pool(plan, first=state.done)
    try:
        with Progress(*_columns(), console=console) as progress:
            task = progress.add_task("reader", total=state.rounds, completed=state.done, note="")
            for number, window in pool:
                if number >= state.rounds:
                    break
                note = _round(state, job, number, window)
                state.done = number + 1
                if state.done % 5 == 0 or state.done == state.rounds:
                    note |= _measure(state.average, check)
                    _save(state, job, note)
                with (job.out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps({"round": state.done, **note}) + "\n")
                progress.update(task, completed=state.done, note=" ".join(f"{k} {v:.4g}" for k, v in note.items()))
    finally:
        pool.close()
    _finish(state, job, held_out, plan)
    return job.out / "reader.onnx"


def _columns() -> tuple[Any, ...]:
    text = TextColumn("{task.description} {task.fields[note]}")
    return text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()


def _begin(job: TrainingJob) -> _State:
    net = ReaderNet().to(job.device)
    if job.pretrained is not None:
        net.load_state_dict(_checkpoint(Path(job.pretrained), job)["average"])
    peak_rate = PEAK_RATE if job.pretrained is None else FINE_RATE
    optimiser = torch.optim.AdamW(net.parameters(), peak_rate, weight_decay=0.02, betas=(0.9, 0.98))
    rounds = max(round(job.minutes * 60 * NOMINAL_CROPS_PER_S[job.device] / (SHARD * (1 + REPLAY))), 1)
    state = _State(net, copy.deepcopy(net).eval(), optimiser, 0, rounds, peak_rate)
    checkpoint = job.out / "checkpoint.pt"
    if job.resume and checkpoint.is_file():
        saved = _checkpoint(checkpoint, job)
        state.net.load_state_dict(saved["net"])
        state.average.load_state_dict(saved["average"])
        state.optimiser.load_state_dict(saved["optimiser"])
        state.done = int(saved["done"])
    return state


def _checkpoint(path: Path, job: TrainingJob) -> dict[str, Any]:
    """What a run left to go on from. Raises ModelError for a file that is missing or something else."""
    try:
        saved: dict[str, Any] = torch.load(path, map_location=job.device, weights_only=True)
    except (OSError, RuntimeError, ValueError, UnpicklingError) as error:
        raise ModelError(f"{path}: expected a checkpoint of a reader's training: {error}") from error
    return saved


def _save(state: _State, job: TrainingJob, note: dict[str, float]) -> None:
    out = job.out
    saved = {
        "net": state.net.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "done": state.done,
    }
    torch.save(saved, out / "checkpoint.part")
    (out / "checkpoint.part").replace(out / "checkpoint.pt")
    exported = copy.deepcopy(state.average).to("cpu")
    export(exported, str(out / "reader.onnx"))
    card = reader_card(out / "reader.onnx", job, note)
    (out / "reader.json").write_text(card.to_json(), encoding="utf-8")


def _finish(state: _State, job: TrainingJob, held_out: list[Labelled], plan: PoolPlan) -> None:
    """The file that ships, and its card."""
    path = job.out / "reader.onnx"
    net = copy.deepcopy(state.average).to("cpu")
    if job.pretrained is not None:
        lean_back(net, _checkpoint(Path(job.pretrained), job)["average"], KEPT_SHARE)
    calibration = load(max(plan.folder.glob("*.npz")))["image"][:256].astype(np.uint8)
    note = finish(net, held_out, calibration, path, seed=job.seed) | _measure(net, _validation(held_out))
    (job.out / "reader.json").write_text(reader_card(path, job, note).to_json(), encoding="utf-8")


def lean_back(net: ReaderNet, start: dict[str, Tensor], share: float) -> None:
    """Move `net` that share of the way back to the weights it started from; 0 leaves it, 1 undoes the training."""
    weights = net.state_dict()
    with torch.no_grad():
        for name, value in start.items():
            if value.dtype.is_floating_point:
                weights[name].lerp_(value.to(weights[name]), share)


def _round(state: _State, job: TrainingJob, number: int, window: list[Arrays]) -> dict[str, float]:
    """Every crop of the newest shard once, and REPLAY times as many from the whole window."""
    rng = np.random.default_rng((job.seed, 13, number))
    total: dict[str, float] = {}
    steps = 0
    batches = list(_batches(rng, window))
    for index, batch in enumerate(batches):
        progress = (number + index / len(batches)) / state.rounds
        for group in state.optimiser.param_groups:
            group["lr"] = state.peak_rate * _rate(progress, state.rounds)
        tensors = {field: torch.from_numpy(array).to(job.device) for field, array in batch.items()}
        with torch.autocast(job.device, dtype=torch.bfloat16):
            read = state.net(tensors["image"])
        losses = _losses(read, tensors, progress)
        state.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(state.net.parameters(), 2.0)
        state.optimiser.step()
        _follow(state.average, state.net, number * len(batches) + index)
        steps += 1
        for name, loss in losses.items():
            total[name] = total.get(name, 0.0) + float(loss.detach())
    return {name: value / steps for name, value in total.items()}


def _batches(rng: np.random.Generator, window: list[Arrays]) -> Iterator[Arrays]:
    newest = len(window) - 1
    fresh = np.stack([np.full(SHARD, newest), rng.permutation(SHARD)], 1)
    again = np.stack([rng.integers(0, len(window), SHARD * REPLAY), rng.integers(0, SHARD, SHARD * REPLAY)], 1)
    order = rng.permutation(np.concatenate([fresh, again]))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        yield {field: np.stack([window[s][field][i] for s, i in chosen]) for field in window[0]}


def _rate(progress: float, rounds: int) -> float:
    """The share of the peak rate, one cycle: a short warm-up, then a cosine to almost nothing."""
    warm = min(0.04, 3.0 / rounds)
    if progress < warm:
        return max(progress / warm, 0.02)
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * (progress - warm) / (1 - warm))))


def _losses(read: Output, truth: dict[str, Tensor], progress: float) -> dict[str, Tensor]:
    plate = truth["plate"].float()
    # The first character, the province, counts twice: it is the hardest and the one peers fail on.
    text = functional.cross_entropy(
        read.text.float().transpose(1, 2), truth["text"], reduction="none", label_smoothing=0.02
    )
    losses = {
        "text": ((text.sum(1) + text[:, 0]) * plate).sum() / plate.sum().clamp(min=1),
        "colour": 0.3 * _known(read.colour, truth["colour"]),
        "rows": 0.3 * _known(read.rows, truth["rows"]),
        "plate": 0.5 * functional.binary_cross_entropy_with_logits(read.plate.float()[:, 0], plate),
    }
    seen = ~truth["corners"].isnan().flatten(1).any(1)
    if bool(seen.any()):
        off = (read.corners.float()[seen] - truth["corners"][seen].flatten(1)) * 10
        losses["corners"] = 0.5 * functional.smooth_l1_loss(off, torch.zeros_like(off))
    if progress < _ATTENTION_UNTIL:
        losses["attention"] = (1 - progress / _ATTENTION_UNTIL) * 0.4 * _where(read.attention.float(), truth["centres"])
    return losses


def _known(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy over what is known of the batch, nothing where nothing is."""
    total = functional.cross_entropy(logits.float(), truth, ignore_index=-1, reduction="sum")
    return total / (truth >= 0).sum().clamp(min=1)


def _where(attention: Tensor, centres: Tensor) -> Tensor:
    """How far each query looks from its character, where its place is known: cross entropy with a soft spot there."""
    known = ~centres.isnan().any(-1)
    rows, columns = GRID
    at = torch.nan_to_num(centres) * torch.tensor([columns, rows], device=centres.device) - 0.5
    x = torch.arange(columns, device=centres.device).view(1, 1, 1, -1)
    y = torch.arange(rows, device=centres.device).view(1, 1, -1, 1)
    far = ((x - at[..., 0, None, None]) / 0.8) ** 2 + ((y - at[..., 1, None, None]) / 1.0) ** 2
    spot = (-0.5 * far).flatten(2)
    target = spot.softmax(-1)
    loss = -(target * (attention + 1e-6).log()).sum(-1)
    return (loss * known).sum() / known.sum().clamp(min=1)


def _follow(average: ReaderNet, net: ReaderNet, step: int) -> None:
    decay = min(0.998, (1 + step) / (10 + step))
    slow, fast = average.state_dict(), net.state_dict()
    with torch.no_grad():
        for name, value in fast.items():
            if value.dtype.is_floating_point:
                slow[name].lerp_(value, 1 - decay)
            else:
                slow[name].copy_(value)


def _validation(held_out: list[Labelled]) -> tuple[NDArray[np.uint8], list[str]]:
    """Real crops of texts kept out of this training, as they are."""
    images = [fit(load_crop(crop)) for crop in held_out]
    return np.stack(images) if images else np.zeros((0, 64, 160, 3), np.uint8), [crop.text for crop in held_out]


def _measure(net: ReaderNet, check: tuple[NDArray[np.uint8], list[str]]) -> dict[str, float]:
    images, texts = check
    if not texts:
        return {}
    device = next(net.parameters()).device
    with torch.no_grad():
        read = net(torch.from_numpy(images).to(device))
    text, colour, rows = (part.float().log_softmax(-1).cpu().double().numpy() for part in read[:3])
    plate = read.plate.float().sigmoid().cpu().numpy()[:, 0]
    nowhere = np.zeros((4, 2))
    read_texts = [decode(Scores(text[i], colour[i], rows[i], float(plate[i]), nowhere)).text for i in range(len(texts))]
    right = sum(got == want for got, want in zip(read_texts, texts, strict=True))
    return {"held_out": right / len(texts), "seen_as_plate": float((plate > 0.5).mean())}
