"""Vehicles of road pictures held out of training: ours and other projects' detectors in one run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors.peers import COCO_BUS, COCO_CAR, COCO_TRUCK, PicoDet, YoloxNano
from models.detectors.prepare import Picture, pictures, set_apart
from models.registry import EvaluationJob
from models.zoo import contenders
from vision.boxes import overlaps, suppress
from vision.detect import VehicleDetector
from vision.engine import open_engine
from vision.facts import Detections, VehicleClass

FOLDERS = ("vehicles/fixed_camera", "vehicles/openimages", "vehicles/highway")
_LEAST_SCORE = 0.01
_MATCH = 0.5
_KINDS = tuple(VehicleClass)
_HEAVY = (VehicleClass.TRUCK, VehicleClass.TANKER, VehicleClass.DUMP_TRUCK)
_COCO = {COCO_CAR: VehicleClass.CAR, COCO_BUS: VehicleClass.BUS, COCO_TRUCK: VehicleClass.TRUCK}

Detect = Callable[[NDArray[np.uint8]], Detections]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One picture: what was detected and what is there, boxes (N, 4) of vehicles and of trucks alone."""

    vehicles: Detections
    trucks: Detections
    true_vehicles: NDArray[np.float64]
    true_trucks: NDArray[np.float64]


def evaluate(job: EvaluationJob) -> list[dict[str, Any]]:
    """One row a detector: AP50 of vehicles (any kind) and of trucks for each folder's held-out pictures."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    rows = [measure(name, detect, job.data) for name, detect in _detectors(job).items()]
    cv2.setNumThreads(threads)
    return rows


def measure(name: str, detect: Detect, data: Path) -> dict[str, Any]:
    """Everything the bars ask of one detector."""
    row: dict[str, Any] = {"model": name}
    took: list[float] = []
    for folder in FOLDERS:
        judged = [_judge(picture, detect, data, took) for picture in held_out(data, folder)]
        short = folder.rsplit("/", 1)[1]
        row[f"{short}_vehicle_ap50"] = round(average_precision([(j.vehicles, j.true_vehicles) for j in judged]), 4)
        row[f"{short}_truck_ap50"] = round(average_precision([(j.trucks, j.true_trucks) for j in judged]), 4)
        row[f"{short}_counts"] = [len(judged), *(sum(map(len, part)) for part in _truths(judged))]
    row["ms_median"] = round(float(np.median(took)), 2)
    return row


@cache
def held_out(data: Path, folder: str) -> list[Picture]:
    """The pictures of a folder that no training sees."""
    found = pictures(data, folder)
    set_apart(data, found)
    return [picture for picture in found if picture.held_out]


def average_precision(pairs: list[tuple[Detections, NDArray[np.float64]]]) -> float:
    """Area under precision over recall at half overlap (all points, as COCO and VOC 2010), over all pictures."""
    scores, hits = [], []
    for seen, truth in pairs:
        scores.append(seen.scores)
        hits.append(_hits(seen, truth))
    total = sum(len(truth) for _, truth in pairs)
    if not total:
        return float("nan")
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.concatenate(hits)[order]
    recall = np.cumsum(right) / total
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    best_after = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0) * best_after))


def _hits(seen: Detections, truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which detections, best first, meet a true box no better one has met."""
    right = np.zeros(len(seen), np.bool_)
    if not len(truth) or not len(seen):
        return right
    shared = overlaps(seen.boxes, truth)
    free = np.ones(len(truth), np.bool_)
    for index in np.argsort(-seen.scores, kind="stable"):
        best = int(np.where(free, shared[index], -1).argmax())
        if free[best] and shared[index, best] >= _MATCH:
            free[best], right[index] = False, True
    return right


def _judge(picture: Picture, detect: Detect, data: Path, took: list[float]) -> Judged:
    frame = np.asarray(cv2.imread(str(data / picture.path)), np.uint8)
    start = perf_counter()
    seen = detect(frame)
    took.append((perf_counter() - start) * 1000)
    vehicle = seen[seen.classes != _KINDS.index(VehicleClass.PERSON)]
    merged = vehicle[suppress(vehicle.boxes, vehicle.scores, 0.6)]
    trucks = seen[np.isin(seen.classes, [_KINDS.index(kind) for kind in _HEAVY])]
    there = [(kind, box) for kind, box in picture.boxes if kind in {"car", "truck", "bus"}]
    return Judged(
        merged,
        trucks,
        np.array([box for _, box in there], np.float64).reshape(-1, 4),
        np.array([box for kind, box in there if kind == "truck"], np.float64).reshape(-1, 4),
    )


def _truths(judged: list[Judged]) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    return [j.true_vehicles for j in judged], [j.true_trucks for j in judged]


def _detectors(job: EvaluationJob) -> dict[str, Detect]:
    found: dict[str, Detect] = {}
    for name, (path, card) in contenders("vehicle-detector", job.candidate).items():
        detector = VehicleDetector(open_engine(path, card=card, threads=job.threads), card)
        found[name] = partial(detector.detect, threshold=_LEAST_SCORE)
    if job.peers is not None:
        for peer in (YoloxNano(job.peers, job.threads), PicoDet(job.peers, job.threads)):
            found[peer.name] = _peer(peer)
    return found


def _peer(peer: YoloxNano | PicoDet) -> Detect:
    def detect(frame: NDArray[np.uint8]) -> Detections:
        seen = peer.detect(frame, _LEAST_SCORE)
        pick = np.isin(seen.labels, list(_COCO))
        kinds = np.array([_KINDS.index(_COCO[int(label)]) for label in seen.labels[pick]], np.int64)
        return Detections(seen.boxes[pick], seen.scores[pick], kinds)

    return detect
