"""Vehicles whose colour and axles are known: real ones judged by eye, and those of pictures the virtual site drew.

`labels.csv` names boxes in real pictures (no pictures in it) with what a person sees there: a colour or "unclear", and
the axles of a side seen whole, 0 where no side is seen, empty where it was not judged.
"""

import csv
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.detectors.prepare import pictures, set_apart
from vision.errors import ModelError
from vision.facts import VehicleColour

LABELS = Path(__file__).parent / "labels.csv"
FOLDERS = ("vehicles/openimages", "vehicles/fixed_camera", "vehicles/highway")
NOT_JUDGED = -1
_UNCLEAR = "unclear"
_DRAWN_COLOURS = {"silver": VehicleColour.GREY}
_WHEEL_SEEN, _WHEEL_PX, _APART_PX = 0.45, 6.0, 3.5
_LEAST_SIDE_PX = 24
_PAINT_SHARE, _PAINT_PX = 0.08, 120

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """One vehicle in one picture. colour: None where nobody can tell; colour_judged: whether anybody tried.

    axles: 2 and up on a side seen whole, 0 where they cannot be counted, NOT_JUDGED where nobody did.
    wheels: middles of the wheels that are seen, in the picture's pixels, where it was drawn.
    """

    picture: Path
    box: Box
    colour: VehicleColour | None
    colour_judged: bool
    axles: int
    held_out: bool = False
    drawn: bool = False
    wheels: tuple[tuple[float, float], ...] = ()


def real(data: Path, path: Path = LABELS) -> list[Judged]:
    """The vehicles of the table that lie under `data`; held out are those of pictures the detectors hold out too.

    Raises ModelError for a row that is none.
    """
    held = {str(p.path) for folder in FOLDERS for p in _set_apart(data, folder) if p.held_out}
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                colour = None if row["colour"] == _UNCLEAR else VehicleColour(row["colour"])
                box = (float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"]))
                axles = int(row["axles"]) if row["axles"] else NOT_JUDGED
            except (KeyError, TypeError, ValueError) as error:
                raise ModelError(f"{path}, line {number}: {error}") from error
            picture = data / row["image"]
            if picture.is_file():
                found.append(Judged(picture, box, colour, True, axles, row["image"] in held))
    return found


def _set_apart(data: Path, folder: str) -> list[Any]:
    if not (data / folder / "images").is_dir():
        return []
    found = pictures(data, folder)
    set_apart(data, found)
    return found


def drawn(folder: Path) -> list[Judged]:
    """The vehicles of a folder that `gatewarden rig render --dataset` wrote, or of such folders beside each other.

    Every tenth picture is held out. Raises ModelError where vehicles.jsonl is none.
    """
    found: list[Judged] = []
    for table in sorted(folder.rglob("vehicles.jsonl")):
        for number, line in enumerate(table.read_text(encoding="utf-8").splitlines()):
            try:
                record = json.loads(line)
                picture = table.parent / record["image"]
                found += [_drawn(v, picture, held_out=number % 10 == 9) for v in record["vehicles"] if _worth(v)]
            except (ValueError, KeyError, TypeError) as error:
                raise ModelError(f"{table}, line {number + 1}: expected a drawn picture's vehicles: {error}") from error
    return found


def _worth(vehicle: dict[str, Any]) -> bool:
    x0, y0, x1, y1 = vehicle["box"]
    return bool(vehicle["kind"] != "person" and min(x1 - x0, y1 - y0) >= _LEAST_SIDE_PX)


def _drawn(vehicle: dict[str, Any], picture: Path, *, held_out: bool) -> Judged:
    x0, y0, x1, y1 = vehicle["box"]
    paint = vehicle["colour_pixels"].get("colour", 0)
    judged = paint >= max(_PAINT_PX, _PAINT_SHARE * vehicle["pixels"])
    name = vehicle["colour"]
    colour = (_DRAWN_COLOURS.get(name) or VehicleColour(name)) if judged else None
    # Where hardly any paint shows the colour cannot be told; in between it is nobody's guess.
    known = judged or paint < 0.02 * vehicle["pixels"]
    wheels = tuple((float(w["at"][0]), float(w["at"][1])) for w in vehicle["wheels"] if w["seen"] >= _WHEEL_SEEN)
    return Judged(picture, (x0, y0, x1, y1), colour, known, countable(vehicle), held_out, True, wheels)


def countable(vehicle: dict[str, Any]) -> int:
    """The axles that can be counted on a drawn vehicle: all it has when one side shows them apart, 0 when it does not,
    NOT_JUDGED in between.
    """
    best = NOT_JUDGED
    shares = []
    for side in ("left", "right"):
        wheels = sorted((w for w in vehicle["wheels"] if w["side"] == side), key=lambda w: w["axle"])
        clear = [w for w in wheels if w["seen"] >= _WHEEL_SEEN and w["height"] >= _WHEEL_PX]
        gaps = [abs(a["at"][0] - b["at"][0]) for a, b in pairwise(clear)]
        if len(clear) == vehicle["axles"] and all(gap >= _APART_PX for gap in gaps):
            best = vehicle["axles"]
        shares.append(sum(w["seen"] > 0.15 for w in wheels) / max(vehicle["axles"], 1))
    if best != NOT_JUDGED:
        return int(best)
    return 0 if max(shares) < 0.8 else NOT_JUDGED
