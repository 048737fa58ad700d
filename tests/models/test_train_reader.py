"""Training the reader: the same seed gives the same, a stopped run goes on, and what comes out is what vision loads."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

import torch

from models.registry import TrainingJob
from models.synthesis.crops import CropSource
from models.train import reader as training
from models.train.pool import draw
from models.train.reader_net import GRID, ReaderNet, export
from vision.card import load_card
from vision.engine import open_engine
from vision.plates.grammar import ALPHABET, COLOURS, SLOTS
from vision.plates.read import PlateReader

torch.set_num_threads(1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_what_is_exported_answers_as_the_network_does(tmp_path: Path) -> None:
    torch.manual_seed(3)
    net = ReaderNet().eval()
    export(net, str(tmp_path / "net.onnx"))
    batch = np.random.default_rng(1).integers(0, 255, (3, 64, 160, 3), dtype=np.uint8)
    text, colour, rows, plate, corners = open_engine(tmp_path / "net.onnx").run(batch)
    with torch.no_grad():
        read = net(torch.from_numpy(batch))
    assert text.shape == (3, SLOTS, len(ALPHABET))
    assert colour.shape == (3, len(COLOURS))
    assert np.allclose(np.exp(text).sum(-1), 1, atol=1e-4)
    assert np.allclose(text, read.text.log_softmax(-1).numpy(), atol=1e-3)
    assert np.allclose(plate, read.plate.sigmoid().numpy(), atol=1e-4)
    assert np.allclose(corners, read.corners.numpy(), atol=1e-4)
    assert np.allclose(np.exp(rows).sum(-1), 1, atol=1e-4)
    assert read.attention.shape == (3, SLOTS, GRID[0] * GRID[1])


def test_shards_depend_on_seed_and_number_alone() -> None:
    source, again = CropSource(None, 1), CropSource(None, 1)
    draw(again, 1, 4, count=5)
    first, second, other = draw(source, 1, 7, count=16), draw(again, 1, 7, count=16), draw(source, 2, 7, count=16)
    assert all(
        np.array_equal(first[field], second[field], equal_nan=field in ("corners", "centres")) for field in first
    )
    assert not np.array_equal(first["image"], other["image"])


def test_a_few_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    batch = draw(CropSource(None, 1), 1, 0, count=24)
    truth = {field: torch.from_numpy(array) for field, array in batch.items()}
    net = ReaderNet()
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3)
    losses = []
    for _ in range(9):
        total = torch.stack(list(training._losses(net(truth["image"]), truth, 0.0).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        losses.append(float(total.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_a_run_from_another_ends_between_the_two() -> None:
    torch.manual_seed(4)
    start, end = ReaderNet(), ReaderNet()
    first, last = start.text.weight.detach().clone(), end.text.weight.detach().clone()
    training.lean_back(end, start.state_dict(), 0.25)
    assert torch.allclose(end.text.weight, 0.75 * last + 0.25 * first)
    training.lean_back(end, start.state_dict(), 1.0)
    assert torch.allclose(end.eye[0][1].running_var, start.eye[0][1].running_var)
    assert torch.allclose(end.text.weight, first)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_stopped_run_goes_on_and_ends_in_a_model_with_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "NOMINAL_CROPS_PER_S", {"cpu": 137})
    nothing = tmp_path / "no data"
    short = TrainingJob(nothing, tmp_path, seed=2, minutes=1, threads=1)
    path = training.train(short)
    state = training._begin(TrainingJob(nothing, tmp_path, seed=2, minutes=2, resume=True))
    assert state.done == 1
    assert state.rounds == 2
    card = load_card(tmp_path / "reader.json")
    PlateReader(open_engine(path, card=card), card)
