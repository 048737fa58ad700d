"""Model files are run as their cards say, and refused by name when they are not what the card says."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.zoo import WEIGHTS, cards, weights
from vision.card import Card, Tensor, load_card
from vision.engine import open_engine
from vision.errors import ModelError


@pytest.fixture
def reader() -> tuple[Path, Card]:
    return weights("reader")


def test_every_shipped_model_opens_under_its_card() -> None:
    assert cards()
    for card in cards():
        assert (WEIGHTS / card.file).stat().st_size < 3_000_000 or card.name != "reader"
        open_engine(WEIGHTS / card.file, card=card)


def test_an_altered_file_is_refused(tmp_path: Path, reader: tuple[Path, Card]) -> None:
    path, card = reader
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    altered = tmp_path / "altered.onnx"
    altered.write_bytes(changed)
    with pytest.raises(ModelError, match=r"altered\.onnx.*SHA-256"):
        open_engine(altered, card=card)


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": (Tensor("image", (None, 3, 48, 168), "float32"),)},
        {"inputs": (Tensor("image", (None, 64, 160, 3), "float32"),)},
        {"outputs": (Tensor("text", (None, 8, 10)),)},
    ],
)
def test_a_file_of_another_shape_than_its_card_is_refused(reader: tuple[Path, Card], wrong: dict[str, object]) -> None:
    path, card = reader
    with pytest.raises(ModelError, match=r"reader\.onnx.*card expects"):
        open_engine(path, card=replace(card, **wrong))  # type: ignore[arg-type]


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no model")
    with pytest.raises(ModelError, match=r"text\.onnx.*expected an ONNX model"):
        open_engine(text)
    with pytest.raises(ModelError, match=r"gone\.onnx"):
        open_engine(tmp_path / "gone.onnx")


def test_a_batch_of_the_wrong_shape_or_type_is_refused(reader: tuple[Path, Card]) -> None:
    path, card = reader
    engine = open_engine(path, card=card)
    for batch in (np.zeros((1, 48, 168, 3), np.uint8), np.zeros((1, 64, 160, 3), np.float32)):
        with pytest.raises(ModelError, match="expected image"):
            engine.run(batch)
    assert engine.run(np.zeros((3, 64, 160, 3), np.uint8))[0].shape[0] == 3


def test_a_provider_that_is_not_installed_is_told(reader: tuple[Path, Card]) -> None:
    import onnxruntime as ort

    path, card = reader
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        with pytest.raises(ModelError, match="cuda asked for"):
            open_engine(path, card=card, provider="cuda")


def test_openvino_gives_the_same(reader: tuple[Path, Card]) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    path, card = reader
    batch = np.random.default_rng(0).integers(0, 255, (2, 64, 160, 3), dtype=np.uint8)
    for ours, theirs in zip(
        open_engine(path, card=card).run(batch),
        open_engine(path, card=card, provider="openvino").run(batch),
        strict=True,
    ):
        assert np.allclose(ours, theirs, atol=0.15)


@pytest.mark.parametrize("damage", ["{", "[]", '{"name": "x"}'])
def test_a_damaged_card_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(damage)
    with pytest.raises(ModelError, match=r"broken\.json"):
        load_card(path)


def test_cards_come_back_as_they_were_written(tmp_path: Path, reader: tuple[Path, Card]) -> None:
    path = tmp_path / "card.json"
    path.write_text(reader[1].to_json(), encoding="utf-8")
    assert load_card(path) == reader[1]


def test_an_unknown_model_is_answered_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model named owl; shipped: .*reader"):
        weights("owl")
    card = json.loads((WEIGHTS / "reader.json").read_text(encoding="utf-8"))
    (tmp_path / "reader.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match=r"reader\.onnx.*no such file"):
        weights("reader", tmp_path)


def test_the_reader_is_what_its_card_says(reader: tuple[Path, Card]) -> None:
    path, card = reader
    assert path.stat().st_size < 3_000_000
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card.sha256
    assert card.data
    assert card.seed is not None
    assert "gatewarden models train reader" in card.command
