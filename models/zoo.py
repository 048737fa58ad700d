"""The models this house ships: ONNX files under weights/, each with its card."""

from pathlib import Path

from vision.card import Card, load_card
from vision.errors import ModelError

WEIGHTS = Path(__file__).parent / "weights"


def cards(folder: Path = WEIGHTS) -> list[Card]:
    """Every shipped model's card, by name. Raises ModelError for a card that is none."""
    return sorted((load_card(path) for path in folder.glob("*.json")), key=lambda card: card.name)


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
