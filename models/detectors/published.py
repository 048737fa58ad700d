"""The vehicle detector by ultralytics, from its published weights: `gatewarden models train vehicle-detector
--from-ultralytics yolo11n.pt`.

The weights are downloaded by ultralytics unless they lie where the name says; a name ending in .yaml starts from random
weights and needs no network. The pictures, labels and teachers are those of our own network.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.detectors.card import ROADS, detector_card
from models.detectors.prepare import RENDERED, Picture, prepare
from models.detectors.road_labels import CLASSES, road_labels
from models.detectors.torchvision_ops import load_torchvision
from models.registry import TrainingJob
from vision.card import DataSource, Tensor
from vision.detect import ULTRALYTICS
from vision.errors import ModelError

ARCHITECTURE = "yolo11n.yaml"
SIZE = 416
BATCH = 16
_EPOCH_MINUTES = 2.0  # nominal: 1,500 pictures of this size on two cores


def train(job: TrainingJob) -> Path:
    """Fine-tune `job.published` (or train the architecture a .yaml names); gives the ONNX file, its card beside it.

    `--minutes` is nominal: it fixes the number of epochs. With `resume` goes on from the last epoch in `job.out`.
    Raises ModelError where weights are neither there nor to be had, or ultralytics is not installed.
    """
    weights = job.published or ARCHITECTURE
    yolo = _ultralytics()
    start = _open(yolo, weights)
    pictures, _ = prepare(job.data, job.out, job.threads)
    table = write_yolo(job.data, job.out / "yolo", pictures, job.out / RENDERED)
    last = job.out / "ultralytics" / "weights" / "last.pt"
    resume = job.resume and last.is_file()
    model = _open(yolo, str(last)) if resume else start
    model.train(
        data=str(table), epochs=max(round(job.minutes / _EPOCH_MINUTES), 1), imgsz=SIZE, batch=BATCH, seed=job.seed,
        device="cpu" if job.device == "cpu" else 0, workers=0, amp=False, plots=False, verbose=False,
        project=str(job.out.resolve()), name="ultralytics", exist_ok=True, resume=resume, deterministic=True,
    )  # fmt: skip
    best = last.with_name("best.pt")
    return export_published(_open(yolo, str(best if best.is_file() else last)), job, weights)


def export_published(model: Any, job: TrainingJob, weights: str) -> Path:
    """The ONNX file as ultralytics writes it, moved into `job.out`, and its card."""
    written = model.export(format="onnx", imgsz=SIZE, dynamic=True, simplify=False, opset=17, device="cpu")
    path = job.out / "vehicle_detector.onnx"
    shutil.move(written, path)
    card = replace(
        detector_card(path, job, ROADS, {}),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        inputs=(Tensor("images", (None, 3, None, None)),),
        outputs=(Tensor("output0", (None, len(CLASSES) + 4, None)),),
        data=(*ROADS.data, DataSource(f"ultralytics, started from {weights}: COCO", "AGPL-3.0")),
        command=f"gatewarden models train vehicle-detector --data DIR --out DIR --seed {job.seed} "
        f"--minutes {job.minutes:g} --from-ultralytics {weights}",
        settings={"size_px": SIZE, "threshold": 0.25, "overlap": 0.55, "head": ULTRALYTICS},
    )
    path.with_name("vehicle-detector.json").write_text(card.to_json(), encoding="utf-8")
    return path


def write_yolo(data: Path, out: Path, pictures: list[Picture], rendered: Path) -> Path:
    """The prepared set as ultralytics wants it: images/, labels/ and data.yaml, whose path is given back.

    What our labels leave open is painted grey, so that it teaches nothing. Held-out pictures go to `val`; drawn
    pictures (all of them train) are taken as they are.
    """
    for part in ("train", "val"):
        for kind in ("images", "labels"):
            (out / kind / part).mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        labels = road_labels(picture)
        frame = np.asarray(cv2.imread(str(data / picture.path)), np.uint8)
        for x0, y0, x1, y1 in np.round(labels.ignored).astype(int):
            frame[max(y0, 0) : y1, max(x0, 0) : x1] = 114
        name, part = Path(picture.path.replace("/", "_")).stem, "val" if picture.held_out else "train"
        cv2.imwrite(str(out / "images" / part / f"{name}.jpg"), frame)
        lines = _lines(labels.kinds.tolist(), labels.boxes, picture.size)
        (out / "labels" / part / f"{name}.txt").write_text("".join(lines), "ascii")
    for image in sorted(rendered.rglob("images/*.jpg")):
        shutil.copy2(image, out / "images/train" / f"drawn_{image.name}")
        shutil.copy2(image.parent.parent / "labels" / f"{image.stem}.txt", out / f"labels/train/drawn_{image.stem}.txt")
    names = "".join(f"  {number}: {kind.value}\n" for number, kind in enumerate(CLASSES))
    table = out / "data.yaml"
    table.write_text(f"path: {out.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}", "utf-8")
    return table


def _lines(kinds: list[int], boxes: Any, size: tuple[int, int]) -> Iterator[str]:
    width, height = size
    inside = np.clip(boxes, 0, (width, height, width, height)).tolist()
    for kind, (x0, y0, x1, y1) in zip(kinds, inside, strict=True):
        numbers = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        yield f"{kind} " + " ".join(f"{v:.6f}" for v in numbers) + "\n"


def _ultralytics() -> Any:
    """ultralytics' YOLO class. It may not install packages by itself, nor report to its makers."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    load_torchvision()
    from ultralytics import YOLO, settings

    settings.update({"sync": False})
    return YOLO


def _open(yolo: Any, weights: str) -> Any:
    try:
        return yolo(weights, task="detect")
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever its download or its reader raises
        raise ModelError(
            f"{weights}: ultralytics' weights are not there and could not be downloaded, or cannot be read: {error}; "
            "put the file there, or name an architecture such as yolo11n.yaml to start from random weights"
        ) from error
