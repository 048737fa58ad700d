"""Real plate crops, kept apart by text: what may train, what only measures."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vision.errors import PictureError
from vision.facts import PlateColour
from vision.plates.crop import read_picture

CORRECTIONS = Path(__file__).parent.parent / "corrections.csv"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One real crop: its file, text, colour (None where unknown) and rows."""

    path: Path
    text: str
    colour: PlateColour | None
    rows: int


def corrections(path: Path = CORRECTIONS) -> dict[str, str]:
    """Labels found wrong by eye: "train/00012.jpg" to the text it really shows, empty where nobody can tell.

    In scenes of several plates the label stands beside the picture: "easypr/<picture>:<label>".
    """
    with path.open(encoding="utf-8", newline="") as file:
        return {row["image"]: row["text"] for row in csv.DictReader(file)}


def read_labels(plates: Path, split: str, *, corrected: bool = True) -> list[Labelled]:
    """The crops of `plates/<split>.csv`; raises PictureError when the list is missing."""
    table = plates / f"{split}.csv"
    if not table.is_file():
        raise PictureError(f"{table}: expected a list of plate crops")
    mended = corrections() if corrected else {}
    labelled = []
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = mended.get(f"{split}/{row['image']}", row["text"])
            if not text:
                continue
            look = row.get("colour") or row.get("type", "")
            colour = next((c for c in PlateColour if c.value == look.split("_")[0]), None)
            rows = int(row["rows"]) if row.get("rows") else 2 if "double" in look else 1
            labelled.append(Labelled(plates / split / row["image"], text, colour, rows))
    return labelled


def measured_texts(data: Path) -> frozenset[str]:
    """Every text that something is measured on; none of them may be seen in training, real or drawn."""
    texts: set[str] = set()
    for split in ("dev", "special_dev"):
        if (data / "plates" / f"{split}.csv").is_file():
            texts |= {crop.text for crop in read_labels(data / "plates", split, corrected=False)}
            texts |= {crop.text for crop in read_labels(data / "plates", split)}
    labels = data / "scenes" / "easypr" / "labels.json"
    if labels.is_file():
        texts |= {str(row["text"]) for row in json.loads(labels.read_text(encoding="utf-8")) if row.get("text")}
        texts |= {text for place, text in corrections().items() if place.startswith("easypr/") and text}
    table = data / "scenes" / "ccpd50" / "labels.csv"
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            texts |= {row["text"] for row in csv.DictReader(file)}
    return frozenset(texts)


def load(crop: Labelled) -> NDArray[np.uint8]:
    """The crop's picture as BGR."""
    return read_picture(crop.path)
