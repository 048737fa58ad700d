"""What a training picture shows of vehicles and persons: the given labels, and what the teachers agree on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.detectors.peers import COCO_BUS, COCO_CAR, COCO_PERSON, COCO_TRUCK
from models.detectors.prepare import Picture
from vision.boxes import overlaps
from vision.facts import VehicleClass

CLASSES = tuple(VehicleClass)
_GIVEN = {"car": VehicleClass.CAR, "truck": VehicleClass.TRUCK, "bus": VehicleClass.BUS}
_TAUGHT = {
    COCO_PERSON: VehicleClass.PERSON,
    COCO_CAR: VehicleClass.CAR,
    COCO_BUS: VehicleClass.BUS,
    COCO_TRUCK: VehicleClass.TRUCK,
}
_PASSES = 4
_SURE, _DOUBTFUL = 0.38, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class RoadLabels:
    """boxes (N, 4) pixels, kinds (N,) indices of VehicleClass, ignored (M, 4): places where nothing is known."""

    boxes: NDArray[np.float64]
    kinds: NDArray[np.int64]
    ignored: NDArray[np.float64]


def road_labels(picture: Picture) -> RoadLabels:
    """The labels of one picture. A taught object counts where the teachers agree, is ignored where they waver."""
    boxes = [box for kind, box in picture.boxes if kind in _GIVEN]
    kinds = [CLASSES.index(_GIVEN[kind]) for kind, _ in picture.boxes if kind in _GIVEN]
    ignored = [box for kind, box in picture.boxes if kind == "bicycle"]
    known = np.array([box for kind, box in picture.boxes if kind != "plate"]).reshape(-1, 4)
    complete = any(kind in _GIVEN for kind, _ in picture.boxes) and "openimages" not in picture.path
    for label, agreement, box in agreed(picture):
        kind = _TAUGHT.get(label)
        if kind is None:
            continue
        vehicle = kind is not VehicleClass.PERSON
        if vehicle and len(known) and overlaps(np.array([box]), known).max() > 0.4:
            continue
        if agreement >= _SURE and not (vehicle and complete):
            boxes.append(box)
            kinds.append(CLASSES.index(kind))
        else:
            ignored.append(box)
    return RoadLabels(
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(kinds, np.int64),
        np.array(ignored, np.float64).reshape(-1, 4),
    )


def agreed(picture: Picture) -> list[tuple[int, float, list[float]]]:
    """Objects as the teachers' four passes see them together: COCO class, mean score over the passes, best box."""
    found: list[tuple[int, float, list[float]]] = []
    left = sorted(picture.taught, key=lambda seen: -seen[2])
    while left:
        best = left[0]
        shared = overlaps(np.array([best[3]]), np.array([seen[3] for seen in left]))[0]
        same = [seen for seen, part in zip(left, shared, strict=True) if part > 0.55 and _alike(seen[1], best[1])]
        left = [seen for seen in left[1:] if not any(seen is other for other in same)]
        agreement = sum(seen[2] for seen in same[:_PASSES]) / _PASSES
        if agreement >= _DOUBTFUL:
            found.append((best[1], agreement, best[3]))
    return found


def _alike(label: int, other: int) -> bool:
    vehicles = {COCO_CAR, COCO_BUS, COCO_TRUCK}
    return label == other or (label in vehicles and other in vehicles)
