"""Learning which cell answers for what, the training loop and the file it ends in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra 'train'")

import torch

from models.detectors.card import PLATES
from models.detectors.export import export, write_onnx
from models.detectors.loop import Batch, fit, grow
from models.detectors.net import DetectorNet, NetSpec
from models.detectors.plate_targets import cells
from models.registry import TrainingJob
from vision.card import load_card
from vision.engine import open_engine

_TINY = NetSpec(widths=(4, 4, 8, 8, 8), depths=(1, 1, 1), neck=8, classes=2, values=8)


def _job(out: Path, minutes: float, *, resume: bool = False, pretrained: str | None = None) -> TrainingJob:
    return TrainingJob(data=out, out=out, minutes=minutes, threads=1, resume=resume, pretrained=pretrained)


def _batches() -> Iterator[Batch]:
    generator = torch.Generator().manual_seed(4)
    while True:
        yield (torch.randint(0, 255, (2, 64, 64, 3), generator=generator, dtype=torch.uint8),)


def _loss(out: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
    del batch
    total = (out - 1).square().mean()
    return total, {"off": float(total.detach())}


def test_training_learns_keeps_its_state_and_goes_on(tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = fit(DetectorNet(_TINY), _batches(), _loss, _job(tmp_path, 0.02), peak_rate=1e-2)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["share"] >= 1
    assert state["step"] > 0
    again = fit(DetectorNet(_TINY), _batches(), _loss, _job(tmp_path, 0.02, resume=True), peak_rate=1e-2)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    other = tmp_path / "other"
    start = _job(other, 1e-9, pretrained=str(tmp_path / "checkpoint.pt"))
    fit(DetectorNet(_TINY), _batches(), _loss, start, peak_rate=0.0)
    begun = torch.load(other / "checkpoint.pt", weights_only=True)["net"]
    torch.testing.assert_close(begun["stem.0.0.weight"], state["average"]["stem.0.0.weight"])


def test_a_deeper_network_begins_where_a_shallow_one_ended() -> None:
    torch.manual_seed(3)
    shallow = DetectorNet(_TINY).eval()
    deep = DetectorNet(replace(_TINY, depths=(1, 2, 3), wide=True)).eval()
    grow(deep, shallow.state_dict())
    picture = torch.rand(1, 3, 64, 96)
    torch.testing.assert_close(deep(picture), shallow(picture))


def test_the_exported_file_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = DetectorNet(_TINY).eval()
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (96, 160, 3), np.uint8) for _ in range(8)]
    with torch.no_grad():
        ours = net(torch.from_numpy(pictures[0][None]).permute(0, 3, 1, 2).float() / 255).numpy()
    write_onnx(net, tmp_path / "plain.onnx")
    np.testing.assert_allclose(open_engine(tmp_path / "plain.onnx").run(pictures[0][None])[0], ours, atol=1e-4)
    path = export(net, _job(tmp_path, 1), PLATES, pictures)
    card = load_card(tmp_path / "plate-detector.json")
    said = open_engine(path, card=card, threads=1).run(pictures[0][None])[0]
    assert said.shape == (1, len(cells(96, 160)[0]), 10)
    spread = np.abs(ours - ours.mean((0, 1))).mean((0, 1))
    assert (np.abs(said - ours).mean((0, 1)) < 0.2 * spread + 1e-3).all()
