"""`gatewarden plates`: read number plates from pictures."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import typer
from rich.console import Console
from rich.progress import track

from models.zoo import weights
from vision.engine import open_engine
from vision.errors import PictureError
from vision.facts import PlateReading
from vision.plates.crop import Picture, read_picture, rectify
from vision.plates.locate import believable
from vision.plates.read import WORKING_CONFIDENCE, PlateReader

app = typer.Typer(no_args_is_help=True)
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


@app.callback()
def _nouns() -> None:
    """Keeps `read` a command of its own."""


@app.command()
def read(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures, or folders of pictures.")],
    crops: Annotated[bool, typer.Option("--crops", help="Each picture is one plate's crop, not a scene.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per picture.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Cores to use.")] = 2,
    least: Annotated[
        float, typer.Option("--least", min=0, max=1, help="Confidence under which a reading is left out.")
    ] = WORKING_CONFIDENCE,
) -> None:
    """Read the plates of every picture; a picture that cannot be read is told on stderr and makes the status 1."""
    cv2.setNumThreads(1)
    find = _Crops(threads) if crops else _Scenes(threads)
    failed = False
    for path in _shown(list(_pictures(paths))):
        plates: list[PlateReading] = []
        try:
            plates = [plate for plate in find(read_picture(path)) if plate.confidence >= least]
        except PictureError as error:
            failed = True
            print(error, file=sys.stderr)  # noqa: T201
        print(json_line(path, plates) if as_json else _plain(path, plates), flush=False)  # noqa: T201
    if failed:
        raise typer.Exit(1)


class _Crops:
    def __init__(self, threads: int) -> None:
        self.reader = _reader(threads)

    def __call__(self, picture: Picture) -> list[PlateReading]:
        return [said for said in self.reader.read([picture]) if said is not None]


class _Scenes:
    def __init__(self, threads: int) -> None:
        from vision.plates.locate import PlateLocator

        path, card = weights("plate-detector")
        self.locator = PlateLocator(open_engine(path, card=card, threads=threads), card)
        self.reader = _reader(threads)

    def __call__(self, picture: Picture) -> list[PlateReading]:
        located = self.locator.locate(picture, doubtful=True)
        said = self.reader.read([rectify(picture, place.corners, place.rows) for place in located])
        return [
            replace(reading, corners=tuple((float(x), float(y)) for x, y in place.corners))
            for place, reading in zip(located, said, strict=True)
            if reading is not None and believable(sure=place.sure, confidence=reading.confidence)
        ]


def _reader(threads: int) -> PlateReader:
    path, card = weights("reader")
    return PlateReader(open_engine(path, card=card, threads=threads), card)


def json_line(path: Path, plates: list[PlateReading]) -> str:
    """The contract's line for one picture."""
    found: list[dict[str, Any]] = [
        {
            "text": plate.text,
            "colour": plate.colour.value,
            "rows": plate.rows,
            "confidence": round(plate.confidence, 4),
            "corners": [[round(x, 1), round(y, 1)] for x, y in plate.corners],
            "characters": [round(probability, 4) for probability in plate.char_confidences],
            "second": plate.second,
        }
        for plate in plates
    ]
    return json.dumps({"image": str(path), "plates": found}, ensure_ascii=False)


def _plain(path: Path, plates: list[PlateReading]) -> str:
    told = "  ".join(f"{p.text} ({p.colour.value}, {p.rows} row(s), {p.confidence:.0%})" for p in plates)
    return f"{path}: {told or '–'}"


def _pictures(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.suffix.lower() in _PICTURES)
        else:
            yield path


def _shown(paths: list[Path]) -> Iterator[Path]:
    console = Console(stderr=True)
    if len(paths) < 50 or not console.is_terminal:
        yield from paths
        return
    yield from track(paths, "pictures", console=console)
