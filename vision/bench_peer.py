"""A straight pipeline of known parts, to compare with: ultralytics' track, RapidOCR on vehicles, cv2.VideoWriter."""

import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2

_ROAD_USERS = [0, 2, 5, 7]  # COCO: person, car, bus, truck


def straight_pipeline(clip: Path, frames: int, weights: str = "yolo11n.pt") -> dict[str, Any]:
    """The first frames of a clip: detect and track each, read text on each vehicle, write each picture.

    Raises ImportError where ultralytics or rapidocr is not installed.
    """
    model = import_module("ultralytics").YOLO(weights)
    reader = import_module("rapidocr").RapidOCR()
    capture = cv2.VideoCapture(str(clip))
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    with tempfile.TemporaryDirectory() as folder:
        writer = cv2.VideoWriter(str(Path(folder) / "out.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 15.0, size)
        began, cpu, count = time.perf_counter(), time.process_time(), 0
        while count < frames:
            good, picture = capture.read()
            if not good:
                break
            (result,) = model.track(picture, persist=True, classes=_ROAD_USERS, verbose=False)
            for x0, y0, x1, y1 in result.boxes.xyxy.int().tolist():
                crop = picture[max(y0, 0) : y1, max(x0, 0) : x1]
                if crop.size:
                    reader(crop)
                cv2.rectangle(picture, (x0, y0), (x1, y1), (0, 255, 0), 2)
            writer.write(picture)
            count += 1
        wall, busy = time.perf_counter() - began, time.process_time() - cpu
        writer.release()
    capture.release()
    return {
        "frames": count,
        "frames_per_s": round(count / wall, 2),
        "cpu_ms_per_frame": round(1000 * busy / max(count, 1), 2),
        "weights": weights,
    }
