"""Plates of whole scenes, found and read: ours and other projects' detectors in one run."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors.peers import HyperLpr, Yolov7Plate
from models.evaluate.crnn import Crnn
from models.registry import EvaluationJob
from models.synthesis.real import corrections
from models.zoo import contenders, weights
from vision.engine import open_engine
from vision.errors import ModelError
from vision.plates.crop import rectify
from vision.plates.locate import PlateLocator, believable
from vision.plates.read import WORKING_CONFIDENCE, PlateReader

Picture = NDArray[np.uint8]
Found = tuple[NDArray[np.float64], int, bool]
Locate = Callable[[Picture], list[Found]]
Read = Callable[[list[Picture], list[int]], list[tuple[str, float]]]

_TIMED_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    """One scene and its plates: text and x0 y0 x1 y1."""

    path: Path
    plates: tuple[tuple[str, tuple[float, float, float, float]], ...]


@dataclass(slots=True)
class Tally:
    """What became of every labelled plate, and how many were read of how many by width and by province.

    read: as the labels come; mended: as they are once corrected by eye, and so in the tables of widths and provinces.
    """

    plates: int = 0
    found: int = 0
    read: int = 0
    mended: int = 0
    extra: int = 0
    by_width: dict[str, list[int]] = field(default_factory=dict)
    by_province: dict[str, list[int]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)


def evaluate(job: EvaluationJob) -> list[dict[str, Any]]:
    """One row a pair of detector and reader."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    readers = _readers(job)
    rows = []
    for name, locate in _locators(job).items():
        rows += [_row(f"{name} + {reader}", locate, read, job.data) for reader, read in readers.items()]
    cv2.setNumThreads(threads)
    return rows


def _row(name: str, locate: Locate, read: Read, data: Path) -> dict[str, Any]:
    row: dict[str, Any] = {"model": name}
    for folder, scenes in (("easypr", easypr(data)), ("ccpd50", ccpd(data))):
        tally, took = measure(scenes, locate, read)
        row |= {
            f"{folder}_read": [tally.read, tally.plates],
            f"{folder}_read_mended": [tally.mended, tally.plates],
            f"{folder}_found": [tally.found, tally.plates],
            f"{folder}_read_share": round(tally.read / max(tally.plates, 1), 4),
            f"{folder}_read_share_mended": round(tally.mended / max(tally.plates, 1), 4),
            f"{folder}_by_width_mended": dict(sorted(tally.by_width.items())),
            f"{folder}_by_province_mended": dict(sorted(tally.by_province.items())),
            f"{folder}_extra": tally.extra,
            f"{folder}_ms_median": round(took, 2),
            f"{folder}_missed": tally.missed,
        }
    row["not_plates_false"] = false_plates(sorted((data / "plates/not_plates").glob("*.*")), locate, read)
    row["foreign_roads_false"] = false_plates(foreign_roads(data), locate, read)
    return row


def false_plates(paths: list[Path], locate: Locate, read: Read) -> list[int]:
    """Pictures that show no Chinese plate: how many were thought to, how many of those were also read, of how many."""
    located = accepted = 0
    for path in paths:
        frame = np.asarray(cv2.imread(str(path)), np.uint8)
        found, texts = look(frame, locate, read)
        located += bool(found)
        accepted += any(texts)
    return [located, accepted, len(paths)]


def foreign_roads(data: Path) -> list[Path]:
    """Road pictures of countries whose plates are others, every third of them."""
    folders = ("vehicles/highway", "vehicles/fixed_camera", "vehicles/openimages")
    return [path for folder in folders for path in sorted((data / folder / "images").glob("*.jpg"))[::3]]


def look(frame: Picture, locate: Locate, read: Read) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Corners of the plates in one picture and their texts, "" for one that cannot be read; as a gate would."""
    places = locate(frame)
    said = read([rectify(frame, corners, rows=rows) for corners, rows, _ in places], [rows for _, rows, _ in places])
    kept = [
        (corners, text)
        for (corners, _, sure), (text, confidence) in zip(places, said, strict=True)
        if believable(sure=sure, confidence=confidence if text else None)
    ]
    return [corners for corners, _ in kept], [text for _, text in kept]


def measure(scenes: list[Labelled], locate: Locate, read: Read) -> tuple[Tally, float]:
    """Look at every scene; gives the tally and the median milliseconds from frame to texts.

    Each scene counts with its fastest of _TIMED_LOOKS: what the work takes, whatever else the machine does meanwhile.
    """
    tally, took = Tally(), []
    mends = corrections()
    for scene in scenes:
        frame = np.asarray(cv2.imread(str(scene.path)), np.uint8)
        times = []
        for _ in range(_TIMED_LOOKS):
            start = perf_counter()
            found, texts = look(frame, locate, read)
            times.append((perf_counter() - start) * 1000)
        took.append(min(times))
        hits = 0
        for text, box in scene.plates:
            inside = [_within(corners, box) for corners in found]
            said = [word for word, here in zip(texts, inside, strict=True) if here]
            tally.plates += 1
            tally.found += any(inside)
            tally.read += text in said
            shown = mends.get(f"{scene.path.parent.name}/{scene.path.name}:{text}", text)
            tally.mended += shown in said
            hits += any(inside)
            for table, key in ((tally.by_width, _width(box)), (tally.by_province, shown[:1])):
                counts = table.setdefault(key, [0, 0])
                counts[0] += shown in said
                counts[1] += 1
            if text not in said:
                tally.missed.append(f"{scene.path.name}: {text} read as {said}")
        tally.extra += max(len(found) - hits, 0)
    return tally, float(np.median(took)) if took else 0.0


def _width(box: tuple[float, float, float, float]) -> str:
    wide = box[2] - box[0]
    return "under 80 px" if wide < 80 else "80 to 160 px" if wide < 160 else "160 px and more"


def _within(corners: NDArray[np.float64], box: tuple[float, float, float, float]) -> bool:
    """The found plate is the labelled one: each has its middle inside the other."""
    x, y = corners.mean(0)
    (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3] and x0 <= middle_x <= x1 and y0 <= middle_y <= y1)


def easypr(data: Path) -> list[Labelled]:
    """The street scenes, measured on only."""
    folder = data / "scenes/easypr"
    by_image: dict[str, list[tuple[str, tuple[float, float, float, float]]]] = {}
    for plate in json.loads((folder / "labels.json").read_text(encoding="utf-8")):
        known = by_image.setdefault(plate["image"], [])
        if plate["found"]:
            x0, y0, x1, y1 = plate["bbox_xyxy"]
            known.append((plate["text"], (x0, y0, x1, y1)))
    return [Labelled(folder / name, tuple(plates)) for name, plates in sorted(by_image.items())]


def ccpd(data: Path) -> list[Labelled]:
    """The CCPD frames, measured on only."""
    folder = data / "scenes/ccpd50"
    scenes = []
    for line in (folder / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]:
        name, text, _, x0, y0, x1, y1, *_ = line.split(",")
        scenes.append(Labelled(folder / "images" / name, ((text, (float(x0), float(y0), float(x1), float(y1))),)))
    return scenes


def _locators(job: EvaluationJob) -> dict[str, Locate]:
    found: dict[str, Locate] = {}
    for name, (path, card) in contenders("plate-detector", job.candidate).items():
        found[name] = _our_locator(PlateLocator(open_engine(path, card=card, threads=job.threads), card))
    if job.peers is not None:
        for peer in (HyperLpr(job.peers, job.threads), Yolov7Plate(job.peers, job.threads)):
            found[peer.name] = _peer_locator(peer)
    return found


def _our_locator(locator: PlateLocator) -> Locate:
    return lambda frame: [(plate.corners, plate.rows, plate.sure) for plate in locator.locate(frame, doubtful=True)]


def _peer_locator(peer: HyperLpr | Yolov7Plate) -> Locate:
    def locate(frame: Picture) -> list[Found]:
        seen = peer.detect(frame)
        return [(corners, int(label) + 1, True) for corners, label in zip(seen.corners, seen.labels, strict=True)]

    return locate


def _readers(job: EvaluationJob) -> dict[str, Read]:
    readers: dict[str, Read] = {}
    try:
        path, card = weights("reader")
        ours = PlateReader(open_engine(path, card=card, threads=job.threads), card)
        readers["our reader"] = lambda crops, rows: [
            (r.text, r.confidence) if r and r.confidence >= WORKING_CONFIDENCE else ("", 0.0) for r in ours.read(crops)
        ]
    except ModelError:
        if job.peers is None:
            raise
    if job.peers is not None:
        crnn = Crnn(job.peers / "crnn_48x168.onnx", job.threads)
        readers["CRNN"] = lambda crops, rows: [(text, 0.0) for text in crnn.read(crops, rows)]
    return readers
