"""What the training pictures show, gathered once: given labels, teachers' labels, groups of near-identical frames."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from models.detectors.peers import COCO_PERSON, HyperLpr, PeerObjects, PicoDet, YoloxNano

RENDERED = "rendered"
PICTURES = ("vehicles/openimages", "vehicles/highway", "vehicles/fixed_camera", "scenes/romania")
_ALIKE_SHARE = 0.05


@dataclass(slots=True)
class Picture:
    """One training picture. boxes: class name of classes.txt, "plate" in romania, and x0 y0 x1 y1 pixels.

    taught: [teacher, COCO class, score, box]; plates: [score, rows, four corners]. held_out: kept for measuring.
    """

    path: str
    size: tuple[int, int]
    boxes: list[tuple[str, list[float]]]
    taught: list[tuple[str, int, float, list[float]]] = field(default_factory=list)
    plates: list[tuple[float, int, list[list[float]]]] = field(default_factory=list)
    group: int = 0
    held_out: bool = False


def pictures(data: Path, folder: str) -> list[Picture]:
    """The labelled pictures of one folder, in order of name."""
    classes = ["plate"] if "romania" in folder else (data / "vehicles/classes.txt").read_text().split()
    found = []
    for path in sorted((data / folder / "images").iterdir()):
        frame = cv2.imread(str(path))
        if frame is None:
            continue
        height, width = frame.shape[:2]
        label = data / folder / "labels" / f"{path.stem}.txt"
        lines = label.read_text().split("\n") if label.is_file() else []
        boxes = [_box(line, classes, width, height) for line in lines if line.strip()]
        found.append(Picture(str(path.relative_to(data)), (width, height), boxes))
    return found


def _box(line: str, classes: list[str], width: int, height: int) -> tuple[str, list[float]]:
    kind, *numbers = line.split()
    cx, cy, w, h = (float(n) for n in numbers[:4])
    return classes[int(kind)], [
        (cx - w / 2) * width,
        (cy - h / 2) * height,
        (cx + w / 2) * width,
        (cy + h / 2) * height,
    ]


def set_apart(data: Path, found: list[Picture]) -> None:
    """Group near-identical frames, and hold every fourth group out for measuring, counted from the second.

    Two frames are alike when under 5 % of their grey 96x54 thumbnails' pixels differ by more than 0.4 of a standard
    deviation: neighbours in time of one standing camera, and copies. Groups are the connected parts, in order of their
    first frame.
    """
    thumbs = np.array([_thumb(data / p.path) for p in found])
    group = np.arange(len(found))
    for i in range(len(found)):
        alike = (np.abs(thumbs[i + 1 :] - thumbs[i]) > 0.4).mean(1) < _ALIKE_SHARE
        for other in set(group[i + 1 :][alike].tolist()) - {int(group[i])}:
            group[group == other] = group[i]
    order = {number: place for place, number in enumerate(dict.fromkeys(group.tolist()))}
    for picture, number in zip(found, group.tolist(), strict=True):
        picture.group = order[number]
        picture.held_out = order[number] % 4 == 1


def _thumb(path: Path) -> NDArray[np.float32]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(grey, (96, 54), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.GaussianBlur(small, (0, 0), 1)
    return np.asarray((soft - soft.mean()) / (soft.std() + 8), np.float32).ravel()


def teach(data: Path, peers: Path, found: list[Picture], threads: int) -> None:
    """Add what the Apache-licensed teachers see, each picture and its mirror image."""
    lpr, nets = HyperLpr(peers, threads), (YoloxNano(peers, threads), PicoDet(peers, threads))
    for picture in track(found, "teachers"):
        frame = np.asarray(cv2.imread(str(data / picture.path)), np.uint8)
        seen = lpr.detect(frame, 0.15)
        picture.plates = [
            (round(float(s), 3), int(r) + 1, np.round(c, 1).tolist())
            for s, r, c in zip(seen.scores, seen.labels, seen.corners, strict=True)
        ]
        for net in nets:
            picture.taught += _seen(net.name, net.detect(frame, 0.2), None)
            mirrored = np.ascontiguousarray(frame[:, ::-1])
            picture.taught += _seen(net.name, net.detect(mirrored, 0.2), frame.shape[1])


def _seen(name: str, seen: PeerObjects, mirror: int | None) -> list[tuple[str, int, float, list[float]]]:
    out = []
    for box, score, label in zip(seen.boxes, seen.scores, seen.labels, strict=True):
        if label in {COCO_PERSON, 1, 2, 3, 5, 6, 7}:
            x0, y0, x1, y1 = box.tolist()
            whole = [x0, y0, x1, y1] if mirror is None else [mirror - x1, y0, mirror - x0, y1]
            out.append((name, int(label), round(float(score), 3), [round(v, 1) for v in whole]))
    return out


def crop_corners(data: Path, peers: Path, threads: int) -> dict[str, list[list[float]]]:
    """Corners of the plate inside each training crop, where the teacher is sure of them, by file name."""
    lpr = HyperLpr(peers, threads)
    sure = {}
    for path in track(sorted((data / "plates/train").iterdir()), "crops"):
        crop = cv2.imread(str(path))
        if crop is None:
            continue
        width, height = 220, round(220 * crop.shape[0] / crop.shape[1])
        corners = _corners_in(lpr, np.asarray(cv2.resize(crop, (width, height)), np.uint8))
        if corners is not None:
            sure[path.name] = (corners / [width, height]).round(4).tolist()
    return sure


def _corners_in(lpr: HyperLpr, crop: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    height, width = crop.shape[:2]
    canvas = np.full((640, 640, 3), 70, np.uint8)
    canvas[100:540, 60:580] = 110
    left, top = (640 - width) // 2, (640 - height) // 2
    canvas[top : top + height, left : left + width] = crop
    seen = lpr.detect(canvas, 0.5)
    return None if len(seen.scores) == 0 else np.asarray(seen.corners[0] - [left, top], np.float64)


def prepare(data: Path, out: Path, threads: int = 2) -> tuple[list[Picture], dict[str, list[list[float]]]]:
    """Everything above, kept in `out`/prepared.json and read back from there the next time."""
    store = out / "prepared.json"
    if not store.is_file():
        gathered = []
        for folder in PICTURES:
            found = pictures(data, folder)
            set_apart(data, found)
            gathered += found
        teach(data, data / "peers", gathered, threads)
        crops = crop_corners(data, data / "peers", threads)
        out.mkdir(parents=True, exist_ok=True)
        store.write_text(json.dumps({"pictures": [asdict(p) for p in gathered], "crops": crops}))
    raw = json.loads(store.read_text())
    return [Picture(**p) for p in raw["pictures"]], raw["crops"]
