"""The cards of both detectors: what their files are and what they were made from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.registry import TrainingJob
from vision.card import Card, DataSource, Tensor
from vision.facts import VehicleClass

VERSION = "1.0.0"
_RENDERED = DataSource("pictures of the virtual site, rendered by calibration_rigs", "AGPL-3.0-or-later", count=649)
_ROADS = (
    DataSource("vehicles/openimages", "CC BY 4.0", count=674),
    DataSource("vehicles/highway", "CC BY 4.0", count=156),
    DataSource("vehicles/fixed_camera", "MIT", count=102),
    DataSource("scenes/romania", "MIT", count=320),
)
PLATE_DATA = (
    DataSource("plates/train, where a teacher found four corners", "Apache-2.0", count=1920),
    DataSource("plates/not_plates", "Apache-2.0", count=600),
    DataSource("plates/glyphs: Pengfei8324/chinese_license_plate_generator", "MIT"),
    DataSource("vehicles/*, scenes/romania as backgrounds", "CC BY 4.0, MIT", count=1552),
    _RENDERED,
    DataSource("HyperLPR's plate detector, as teacher for corners and for places of plates", "Apache-2.0"),
    DataSource("scenes/easypr", "no commercial use", "measure", 256),
    DataSource("scenes/ccpd50", "MIT", "measure", 50),
)
ROAD_DATA = (
    *_ROADS,
    _RENDERED,
    DataSource("YOLOX-nano and PicoDet-XS, as teachers", "Apache-2.0"),
    DataSource("vehicles/*: every fourth group of near-identical frames", "as above", "measure", 300),
)


@dataclass(frozen=True, slots=True)
class Product:
    """What is the same of every file a target's training makes. numbers: values a cell gives."""

    target: str
    task: str
    numbers: int
    classes: tuple[str, ...]
    data: tuple[DataSource, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


PLATES = Product(
    "plate-detector",
    "plate detection",
    10,
    ("one row", "two rows"),
    PLATE_DATA,
    {"size_px": 640, "region_px": 320, "threshold": 0.3, "value_unit": 2.0},
)
ROADS = Product(
    "vehicle-detector",
    "vehicle detection",
    len(VehicleClass) + 4,
    tuple(kind.value for kind in VehicleClass),
    ROAD_DATA,
    {"size_px": 320, "threshold": 0.25, "overlap": 0.55},
)


def detector_card(path: Path, job: TrainingJob, product: Product, metrics: Mapping[str, Any]) -> Card:
    """The card of a detector's ONNX file, its hash taken from the file as it lies there."""
    return Card(
        name=product.target,
        task=product.task,
        version=VERSION,
        file=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        inputs=(Tensor("images", (1, None, None, 3), "uint8"),),
        outputs=(Tensor("cells", (1, None, product.numbers)),),
        classes=product.classes,
        data=product.data,
        seed=job.seed,
        command=f"gatewarden models train {product.target} --data DIR --out DIR --seed {job.seed} "
        f"--minutes {job.minutes:g}"
        + (" --peers DIR" if job.peers else "")
        + (" --pretrained CHECKPOINT" if job.pretrained else ""),
        settings=product.settings,
        metrics=metrics,
    )
