"""The reader's card: what the file beside it is, and what it was made from."""

import hashlib
from pathlib import Path
from typing import Any

from models.registry import TrainingJob
from vision.card import Card, DataSource, Tensor
from vision.plates.crop import HEIGHT_PX, WIDTH_PX
from vision.plates.grammar import ALPHABET, COLOURS, SLOTS

VERSION = "1.1.0"
DATA = (
    DataSource("plates/train: chenweijiang99/lprnet, EasyPR, Plate_Recognition-LPRnet crops", "Apache-2.0"),
    DataSource("plates/not_plates, even numbers", "Apache-2.0"),
    DataSource("plates/glyphs: Pengfei8324/chinese_license_plate_generator", "MIT"),
    DataSource("scenes/romania, vehicles/fixed_camera as backgrounds", "MIT"),
    DataSource("vehicles/openimages, vehicles/highway as backgrounds", "CC BY 4.0"),
    DataSource("plates/dev, plates/special_dev, plates/not_plates odd numbers", "as their sources", "measure"),
)


def reader_card(path: Path, job: TrainingJob, metrics: dict[str, Any]) -> Card:
    """The card of a reader's ONNX file, its hash taken from the file as it lies there."""
    start = " --pretrained CHECKPOINT" if job.pretrained is not None else ""
    length = f"--seed {job.seed} --minutes {job.minutes:g}"
    return Card(
        name="reader",
        task="plate reading",
        version=VERSION,
        file="reader.onnx",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        inputs=(Tensor("image", (None, HEIGHT_PX, WIDTH_PX, 3), "uint8"),),
        outputs=(
            Tensor("text", (None, SLOTS, len(ALPHABET))),
            Tensor("colour", (None, len(COLOURS))),
            Tensor("rows", (None, 2)),
            Tensor("plate", (None, 1)),
            Tensor("corners", (None, 8)),
        ),
        classes=ALPHABET,
        data=DATA,
        seed=job.seed,
        command=f"gatewarden models train reader --data DIR --out DIR {length}{start}",
        settings={"plate_threshold": 0.5},
        metrics=metrics,
    )
