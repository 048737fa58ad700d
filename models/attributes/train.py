"""Training what sees a vehicle's colour and counts its axles: `gatewarden models train attributes`.

Deterministic for a seed, a device, a thread count and `minutes`: the steps follow from `minutes` by a nominal rate.
Pictures that `gatewarden rig render --dataset` wrote to `OUT/rendered` (any number of such folders) are mixed in.
"""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional

from models.attributes.labels import Judged, drawn, real
from models.attributes.net import GRID, AttributeNet, export
from models.attributes.samples import IGNORED, Samples, batches, gather
from models.detectors.prepare import RENDERED
from models.quantise import quantise
from models.registry import TrainingJob
from vision.attributes import AXLES, COLOURS, HEIGHT_PX, WIDTH_PX
from vision.card import Card, DataSource
from vision.card import Tensor as Port
from vision.errors import ModelError

BATCH, ROUND = 64, 25
NOMINAL_CROPS_PER_S = {"cpu": 250, "cuda": 5000}
PEAK_RATE = 3e-3
VERSION = "1.0.0"
_UNKNOWN_WEIGHT = 0.5
_TEMPERATURES = np.geomspace(0.5, 3.0, 30)
_CALIBRATION = 256
_WHEELS_WEIGHT, _SPOT_CELLS, _SPOT_WEIGHT = 6.0, 0.7, torch.tensor(8.0)


def train(job: TrainingJob) -> Path:
    """Train for `job.minutes`, nominal; gives `out/attributes.onnx`. With `resume` goes on from `out/checkpoint.pt`.

    job.pretrained: another run's checkpoint to start afresh from, as far as it fits. Raises ModelError where
    there is nothing to learn from.
    """
    torch.manual_seed(job.seed)
    torch.set_num_threads(job.threads)
    cv2.setNumThreads(1)
    job.out.mkdir(parents=True, exist_ok=True)
    vehicles = real(job.data) + (drawn(job.out / RENDERED) if (job.out / RENDERED).is_dir() else [])
    learned = [v for v in vehicles if not v.held_out]
    if not learned:
        raise ModelError(f"{job.data}: none of the judged pictures are there, and {job.out / RENDERED} holds none")
    samples = gather(learned)
    net = _fit(job, samples)
    net.eval().cpu()
    path = _write(net, job, samples, [v for v in vehicles if v.held_out and v.drawn])
    _card(path, job, vehicles)
    return path


def _fit(job: TrainingJob, samples: Samples) -> AttributeNet:
    net = AttributeNet()
    if job.pretrained is not None:
        known = torch.load(job.pretrained, map_location="cpu", weights_only=True)["net"]
        own = net.state_dict()
        net.load_state_dict(own | {k: v for k, v in known.items() if k in own and v.shape == own[k].shape})
    net.to(job.device)
    optimiser = torch.optim.AdamW(net.parameters(), PEAK_RATE, weight_decay=0.03)
    rounds = max(round(job.minutes * 60 * NOMINAL_CROPS_PER_S[job.device] / (BATCH * ROUND)), 1)
    store, done = job.out / "checkpoint.pt", 0
    if job.resume and store.is_file():
        saved = torch.load(store, map_location=job.device, weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        done = int(saved["done"])
    columns = (TextColumn("attributes {task.fields[note]}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=rounds, completed=done, note="")
        for number in range(done, rounds):
            for group in optimiser.param_groups:
                group["lr"] = PEAK_RATE * _rate(number / rounds)
            note = _round(net.train(), optimiser, samples, job, number)
            state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "done": number + 1}
            torch.save(state, store.with_suffix(".part"))
            store.with_suffix(".part").replace(store)
            with (job.out / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps({"round": number + 1, **note}) + "\n")
            progress.update(task, completed=number + 1, note=" ".join(f"{k} {v:.3f}" for k, v in note.items()))
    return net


def _rate(progress: float) -> float:
    """The share of the peak rate: a warm-up over a twentieth, then a cosine."""
    warm = min(progress / 0.05, 1.0) if progress < 0.05 else 1.0
    return max(warm, 0.1) * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * progress))))


def _round(
    net: AttributeNet, optimiser: torch.optim.Optimizer, samples: Samples, job: TrainingJob, number: int
) -> dict[str, float]:
    torch.manual_seed(job.seed * 100_003 + number)  # so that a run that is resumed drops out alike
    stream = batches(samples, np.random.default_rng((job.seed, 19, number)), BATCH)
    total = {"colour": 0.0, "axles": 0.0, "wheels": 0.0}
    for _ in range(ROUND):
        crops, colours, axles, wheels = (torch.from_numpy(part).to(job.device) for part in next(stream))
        said = net(crops.permute(0, 3, 1, 2).float() / 255)
        losses = {
            "colour": _loss(said.colour, colours),
            "axles": _loss(said.axles, axles),
            "wheels": _WHEELS_WEIGHT * _wheels_loss(said.wheels, wheels),
        }
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        for name, loss in losses.items():
            total[name] += float(loss.detach()) / ROUND
    return total


def _loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy over what was judged; "unknown" is the last class and weighs less."""
    weight = torch.ones(logits.shape[1], device=logits.device)
    weight[-1] = _UNKNOWN_WEIGHT
    summed = functional.cross_entropy(
        logits, truth, weight, ignore_index=IGNORED, reduction="sum", label_smoothing=0.05
    )
    return summed / (truth != IGNORED).sum().clamp(min=1)


def _wheels_loss(logits: Tensor, wheels: Tensor) -> Tensor:
    """Binary cross entropy of each cell against a soft spot at each wheel, of the crops whose wheels are known."""
    rows, columns = GRID
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    at = wheels * torch.tensor([columns, rows], device=wheels.device) - 0.5
    far = (x.to(at)[None, None] - at[..., 0, None, None]) ** 2 + (y.to(at)[None, None] - at[..., 1, None, None]) ** 2
    target = torch.nan_to_num(torch.exp(-far / (2 * _SPOT_CELLS**2)), nan=0.0).amax(1)
    known = ~torch.isinf(wheels).any(-1).any(-1)
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=_SPOT_WEIGHT.to(at))
    return (each.mean((1, 2)) * known).sum() / known.sum().clamp(min=1)


def _write(net: AttributeNet, job: TrainingJob, samples: Samples, held_out: list[Judged]) -> Path:
    """The file that ships, in 8 bits, its probabilities made honest on drawn vehicles that did not train."""
    path = job.out / "attributes.onnx"
    rng = np.random.default_rng((job.seed, 23))
    crops = next(batches(samples, rng, _CALIBRATION))[0]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        export(net, plain, _temperatures(net, gather(held_out), rng))
        quantise(plain, path, (crops[i : i + 32] for i in range(0, len(crops), 32)))
    return path


def _temperatures(net: AttributeNet, held: Samples, rng: np.random.Generator) -> tuple[float, float]:
    if not len(held.crops):
        return 1.0, 1.0
    crops, colours, axles, _ = next(batches(held, rng, 1024))
    with torch.no_grad():
        said = net(torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255)
    return _temperature(said[0], colours), _temperature(said[1], axles)


def _temperature(logits: Tensor, truth: NDArray[Any]) -> float:
    wanted = torch.from_numpy(truth)
    losses = [float(functional.cross_entropy(logits / t, wanted, ignore_index=IGNORED)) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _card(path: Path, job: TrainingJob, vehicles: list[Judged]) -> None:
    counts = {
        "CC BY 4.0": ("vehicles/openimages, vehicles/highway", lambda v: "fixed_camera" not in str(v.picture)),
        "MIT": ("vehicles/fixed_camera", lambda v: "fixed_camera" in str(v.picture)),
    }
    trained = [v for v in vehicles if not v.held_out]
    seen = [v for v in trained if not v.drawn]
    data = [DataSource(name, licence, count=sum(map(belongs, seen))) for licence, (name, belongs) in counts.items()]
    data.append(
        DataSource(
            "pictures of the virtual site, rendered by calibration_rigs",
            "AGPL-3.0-or-later",
            count=sum(v.drawn for v in trained),
        )
    )
    data.append(DataSource("held-out vehicles of the same", "as above", "measure", len(vehicles) - len(trained)))
    card = Card(
        name="attributes",
        task="vehicle colour and axles",
        version=VERSION,
        file=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        inputs=(Port("crops", (None, HEIGHT_PX, WIDTH_PX, 3), "uint8"),),
        outputs=(Port("colour", (None, len(COLOURS) + 1)), Port("axles", (None, len(AXLES) + 1))),
        classes=tuple(colour.value for colour in COLOURS),
        data=tuple(data),
        seed=job.seed,
        command=f"gatewarden models train attributes --data DIR --out DIR --seed {job.seed} --minutes {job.minutes:g}",
        settings={"colour_threshold": 0.6, "axles_threshold": 0.7},
    )
    path.with_name("attributes.json").write_text(card.to_json(), encoding="utf-8")
