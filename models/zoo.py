"""The models this house ships: ONNX files under weights/, each with its card."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vision.card import Card, load_card
from vision.errors import ModelError

WEIGHTS = Path(__file__).parent / "weights"


def cards(folder: Path = WEIGHTS) -> list[Card]:
    """Every shipped model's card, by name. Raises ModelError for a card that is none."""
    return sorted((load_card(path) for path in folder.glob("*.json")), key=lambda card: card.name)


def trained(run: Path) -> tuple[Path, Card]:
    """The file and card that a training left in its folder. Raises ModelError where there is not exactly one."""
    found = sorted(run.glob("*.json")) if run.is_dir() else []
    known = [card for path in found if (card := _card_or_none(path)) is not None]
    if len(known) != 1:
        raise ModelError(f"{run}: expected a folder with one model card (JSON) beside its ONNX file, got {len(known)}")
    path = run / known[0].file
    if not path.is_file():
        raise ModelError(f"{path}: named by the card of {known[0].name}, but there is no such file")
    return path, known[0]


def contenders(name: str, candidate: Path | None) -> dict[str, tuple[Path, Card]]:
    """What to measure: the shipped model as "ours", and as "runs/<folder>" the one a training left in `candidate`.

    Where none of that name is shipped yet, the candidate alone. Raises ModelError.
    """
    first = candidate is not None and not (WEIGHTS / f"{name}.json").is_file()
    found = {} if first else {"ours": weights(name)}
    if candidate is not None:
        path, card = trained(candidate)
        if card.name != name:
            raise ModelError(f"{candidate}: holds a {card.name}, expected a {name}")
        found[f"runs/{candidate.resolve().name}"] = path, card
    return found


def keep_figures(path: Path, rows: list[dict[str, Any]]) -> None:
    """Keep the rows of one evaluation in the card at `path`, in place of an earlier one's.

    What was misread is left out: it names plates of real people.
    """
    card = load_card(path)
    figures = {
        str(row["model"]): {key: value for key, value in row.items() if key != "model" and not key.endswith("_missed")}
        for row in rows
    }
    measured = replace(card, metrics={**card.metrics, "one run": figures})
    path.write_text(measured.to_json(), encoding="utf-8")


def _card_or_none(path: Path) -> Card | None:
    try:
        return load_card(path)
    except ModelError:
        return None


def weights(name: str, folder: Path = WEIGHTS) -> tuple[Path, Card]:
    """The file and card of one model. Raises ModelError naming what is shipped when there is no such model."""
    card_path = folder / f"{name}.json"
    if not card_path.is_file():
        shipped = ", ".join(card.name for card in cards(folder)) or "none"
        raise ModelError(f"{card_path}: no model named {name}; shipped: {shipped}")
    card = load_card(card_path)
    path = folder / card.file
    if not path.is_file():
        raise ModelError(f"{path}: named by {card_path.name}, but there is no such file")
    return path, card
