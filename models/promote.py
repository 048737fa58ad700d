"""Putting a newly trained model into service, and taking it out again."""

import shutil
from pathlib import Path

from models.registry import MEASURED_BY
from models.zoo import WEIGHTS, trained, weights
from vision.card import Card
from vision.engine import open_engine
from vision.errors import ModelError

PREVIOUS = "previous"


def promote(run: Path, folder: Path = WEIGHTS) -> Card:
    """Put the model of a training's folder into `folder`; the one it replaces, if any, is kept under `folder`/previous.

    It is loaded first as a gate would. Raises ModelError for a file that is not what its card says, a card without
    measurements, or a model no gate knows.
    """
    path, card = trained(run)
    if card.name not in MEASURED_BY:
        raise ModelError(f"{run}: {card.name} is no model a gate loads; expected one of {', '.join(MEASURED_BY)}")
    if not card.metrics:
        raise ModelError(f"{run}: the card of {card.name} holds no measurements; `models compare --write` adds them")
    open_engine(path, card=card)
    if (folder / f"{card.name}.json").is_file():
        current, _ = weights(card.name, folder)
        kept = folder / PREVIOUS
        kept.mkdir(exist_ok=True)
        for one in (current, folder / f"{card.name}.json"):
            shutil.copy2(one, kept / one.name)
    _place(path, run / f"{card.name}.json", card, folder)
    return card


def roll_back(name: str, folder: Path = WEIGHTS) -> Card:
    """Put back the model that the last promotion of `name` replaced. Raises ModelError where none is kept."""
    kept = folder / PREVIOUS
    if not (kept / f"{name}.json").is_file():
        raise ModelError(f"{kept}: no earlier {name} is kept there")
    path, card = weights(name, kept)
    open_engine(path, card=card)
    _place(path, kept / f"{name}.json", card, folder)
    for one in (path, kept / f"{name}.json"):
        one.unlink()
    return card


def _place(path: Path, card_path: Path, card: Card, folder: Path) -> None:
    """Both files whole or not at all; a gate that starts between the two sees a hash that does not fit, and says so."""
    for source, name in ((path, card.file), (card_path, f"{card.name}.json")):
        fresh = folder / f"{name}.new"
        shutil.copy2(source, fresh)
        fresh.replace(folder / name)
