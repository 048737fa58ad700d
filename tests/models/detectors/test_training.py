"""Learning which cell answers for what, the training loop and the file it ends in."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra 'train'")

import torch

from models.detectors.batches import Batch
from models.detectors.card import PLATES
from models.detectors.export import export, write_onnx
from models.detectors.loop import Pace, fit, grow
from models.detectors.net import DetectorNet, NetSpec
from models.detectors.plate_targets import cells
from models.registry import TrainingJob
from vision.card import load_card
from vision.engine import open_engine

_PACE = Pace(peak_rate=1e-2, cpu_steps_per_s=0.2)
_TINY = NetSpec(widths=(4, 4, 8, 8, 8), depths=(1, 1, 1), neck=8, classes=2, values=8)


def _job(out: Path, minutes: float, *, resume: bool = False, pretrained: str | None = None) -> TrainingJob:
    return TrainingJob(data=out, out=out, minutes=minutes, threads=1, resume=resume, pretrained=pretrained)


def _batches(first: int) -> Iterator[Batch]:
    for number in count(first):
        generator = torch.Generator().manual_seed(number)
        yield (torch.randint(0, 255, (2, 64, 64, 3), generator=generator, dtype=torch.uint8),)


def _loss(out: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
    del batch
    total = (out - 1).square().mean()
    return total, {"off": float(total.detach())}


def _learned(job: TrainingJob, pace: Pace = _PACE) -> list[torch.Tensor]:
    torch.manual_seed(job.seed)
    return list(fit(DetectorNet(_TINY), _batches, _loss, job, pace).state_dict().values())


def test_a_seed_gives_the_same_network(tmp_path: Path) -> None:
    assert _PACE.steps(_job(tmp_path, 1)) == 12
    whole, again = (_learned(_job(tmp_path / name, 1)) for name in ("whole", "again"))
    assert all(torch.equal(a, b) for a, b in zip(whole, again, strict=True))


class _Stopped(Exception):  # noqa: N818 - power fails
    pass


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.detectors.loop._SAVE_EVERY_S", 0.0)
    whole = _learned(_job(tmp_path / "whole", 1))

    def failing(first: int) -> Iterator[Batch]:
        yield from islice(_batches(first), 5)
        raise _Stopped

    torch.manual_seed(1)
    with pytest.raises(_Stopped):
        fit(DetectorNet(_TINY), failing, _loss, _job(tmp_path / "killed", 1), _PACE)
    resumed = _learned(_job(tmp_path / "killed", 1, resume=True))
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


def test_a_finished_run_is_not_learned_further_and_another_may_start_from_it(tmp_path: Path) -> None:
    first = _learned(_job(tmp_path, 1))
    again = _learned(_job(tmp_path, 1, resume=True))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    other = tmp_path / "other"
    _learned(_job(other, 1e-9, pretrained=str(tmp_path / "checkpoint.pt")), replace(_PACE, peak_rate=0.0))
    begun = torch.load(other / "checkpoint.pt", weights_only=True)["net"]
    average = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["average"]
    torch.testing.assert_close(begun["stem.0.0.weight"], average["stem.0.0.weight"])


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
