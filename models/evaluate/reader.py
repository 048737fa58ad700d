"""The plate reader and its peer on the real crops, in one run: exact texts by colour, province and size; speed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluate.crnn import Crnn
from models.evaluate.drawn import measure_drawn
from models.registry import EvaluationJob
from models.synthesis.crops import training_negatives
from models.synthesis.real import Labelled, corrections, load, read_labels
from models.zoo import contenders
from vision.card import Card
from vision.engine import open_engine
from vision.plates.crop import read_picture
from vision.plates.grammar import kinds_of
from vision.plates.read import WORKING_CONFIDENCE, PlateReader

Picture = NDArray[np.uint8]
# Text and whether the crop is taken for a plate at all.
Answer = tuple[str, bool]
Read = Callable[[Sequence[Picture], Sequence[int]], list[Answer]]


@dataclass(frozen=True, slots=True)
class Missed:
    """One crop read otherwise than its label says."""

    image: str
    label: str
    text: str


def evaluate(job: EvaluationJob) -> list[dict[str, Any]]:
    """One row a model. `corrected` rows use the labels mended by eye, the others the data's own."""
    rows = [
        measure(name, _ours(path, card, job), job) for name, (path, card) in contenders("reader", job.candidate).items()
    ]
    if job.peers is not None:
        rows += [measure(path.stem, _peer(path, job), job) for path in sorted(job.peers.glob("crnn*.onnx"))]
    return rows


def measure(name: str, read: Read, job: EvaluationJob) -> dict[str, Any]:
    """Everything the bars ask of one reader."""
    plates = job.data / "plates"
    row: dict[str, Any] = {"model": name}
    for corrected in (False, True):
        suffix = "_corrected" if corrected else ""
        dev = read_labels(plates, "dev", corrected=corrected)
        row |= _dev(dev, read, suffix)
        special = [crop for crop in read_labels(plates, "special_dev", corrected=corrected) if kinds_of(crop.text)]
        row |= _special(special, read, suffix)
    row |= _negatives(plates, read, job)
    row |= measure_drawn(read, job.data)
    row["ms_per_crop"] = _speed(read, [load(crop) for crop in read_labels(plates, "dev")[:100]])
    return row


def missed(crops: Sequence[Labelled], read: Read) -> list[Missed]:
    """The crops a reader reads otherwise than labelled, to look at with one's eyes."""
    answers = read([load(crop) for crop in crops], [crop.rows for crop in crops])
    return [
        Missed(str(crop.path), crop.text, text)
        for crop, (text, _) in zip(crops, answers, strict=True)
        if text != crop.text
    ]


def _dev(crops: Sequence[Labelled], read: Read, suffix: str) -> dict[str, Any]:
    pictures = [load(crop) for crop in crops]
    answers = read(pictures, [crop.rows for crop in crops])
    right = [text == crop.text for crop, (text, _) in zip(crops, answers, strict=True)]
    groups: dict[str, dict[str, list[int]]] = {
        part: defaultdict(lambda: [0, 0]) for part in ("colour", "province", "width")
    }
    for crop, picture, hit in zip(crops, pictures, right, strict=True):
        width = picture.shape[1]
        size = "under 100 px" if width < 100 else "100 to 160 px" if width < 160 else "160 px and more"
        colour = crop.colour.value if crop.colour is not None else "other"
        for part, key in (("colour", colour), ("province", crop.text[0]), ("width", size)):
            groups[part][key][0] += hit
            groups[part][key][1] += 1
    provinces = sum(text[:1] == crop.text[0] for crop, (text, _) in zip(crops, answers, strict=True))
    found: dict[str, Any] = {f"dev{suffix}": [sum(right), len(right)], f"dev_province{suffix}": [provinces, len(right)]}
    found |= {f"dev_by_{part}{suffix}": {key: list(v) for key, v in sorted(g.items())} for part, g in groups.items()}
    return found


def _special(crops: Sequence[Labelled], read: Read, suffix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for way in ("unrectified", "rectified"):
        paths = [c.path if way == "unrectified" else c.path.parent / "rectified" / c.path.name for c in crops]
        answers = read([read_picture(path) for path in paths], [crop.rows for crop in crops])
        right = [text == crop.text for crop, (text, _) in zip(crops, answers, strict=True)]
        double = [hit for crop, hit in zip(crops, right, strict=True) if crop.rows == 2]
        found[f"special_{way}{suffix}"] = [sum(right), len(right)]
        found[f"special_{way}_two_rows{suffix}"] = [sum(double), len(double)]
    return found


def _negatives(plates: Path, read: Read, job: EvaluationJob) -> dict[str, Any]:
    """False plates among crops that show none; the half that trains is told apart from the half that only measures."""
    trained = set(training_negatives(job.data))
    mended = corrections()
    paths = [p for p in sorted((plates / "not_plates").glob("*.*")) if f"not_plates/{p.name}" not in mended]
    answers = read([read_picture(path) for path in paths], [1] * len(paths))
    false = [is_plate and bool(kinds_of(text)) for text, is_plate in answers]
    unseen = [hit for path, hit in zip(paths, false, strict=True) if path not in trained]
    return {"false_plates": [sum(false), len(false)], "false_plates_unseen": [sum(unseen), len(unseen)]}


def _speed(read: Read, pictures: Sequence[Picture], rounds: int = 9) -> float:
    """Mean milliseconds a crop, crops handed over one by one, each at its fastest of some rounds."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    took = np.full((rounds, len(pictures)), np.inf)
    for attempt in range(rounds):
        for index, picture in enumerate(pictures):
            start = perf_counter()
            read([picture], [1])
            took[attempt, index] = (perf_counter() - start) * 1000
    cv2.setNumThreads(threads)
    return round(float(took.min(0).mean()), 3)


def _ours(path: Path, card: Card, job: EvaluationJob) -> Read:
    reader = PlateReader(open_engine(path, card=card, threads=job.threads), card)

    def read(crops: Sequence[Picture], rows: Sequence[int]) -> list[Answer]:
        del rows
        found = reader.read(crops)
        return [("", False) if f is None else (f.text, f.confidence >= WORKING_CONFIDENCE) for f in found]

    return read


def _peer(path: Path, job: EvaluationJob) -> Read:
    crnn = Crnn(path, job.threads)

    def read(crops: Sequence[Picture], rows: Sequence[int]) -> list[Answer]:
        return [(text, True) for text in crnn.read(crops, rows)]

    return read
