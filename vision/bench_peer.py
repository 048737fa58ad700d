"""A straight pipeline of known parts, to compare with: find vehicles, read text on each, write each picture."""

import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_ROAD_USERS = [0, 2, 5, 7]  # COCO: person, car, bus, truck
Find = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def ultralytics_track(weights: Path) -> Find:
    """The boxes (N, 4) of road users that ultralytics' `track` follows, by weights on this machine.

    Raises ImportError where ultralytics is not installed, FileNotFoundError where the weights are not there.
    """
    ultralytics = import_module("ultralytics")
    if not weights.is_file():
        raise FileNotFoundError(f"{weights}: no such weights")
    model = ultralytics.YOLO(str(weights))

    def find(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
        (result,) = model.track(picture, persist=True, classes=_ROAD_USERS, verbose=False)
        return np.asarray(result.boxes.xyxy, np.float64)

    return find


def straight_pipeline(clip: Path, frames: int, find: Find) -> dict[str, Any]:
    """So many pictures spread evenly over a clip: vehicles found, RapidOCR on each, boxes drawn, cv2.VideoWriter.

    Raises ImportError where rapidocr is not installed.
    """
    reader = import_module("rapidocr").RapidOCR()
    capture = cv2.VideoCapture(str(clip))
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    every = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) // max(frames, 1))
    index = count = vehicles = 0
    wall = busy = 0.0
    with tempfile.TemporaryDirectory() as folder:
        writer = cv2.VideoWriter(str(Path(folder) / "out.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 15.0, size)
        while count < frames:
            began, cpu = time.perf_counter(), time.process_time()
            good, picture = capture.read()
            if not good:
                break
            if index % every == 0:
                vehicles += _frame(picture, find, reader, writer)
                count += 1
                wall, busy = wall + time.perf_counter() - began, busy + time.process_time() - cpu
            index += 1
        writer.release()
    capture.release()
    return {
        "frames": count,
        "one_in": every,
        "vehicles_a_frame": round(vehicles / max(count, 1), 2),
        "frames_per_s": round(count / wall, 2) if wall else 0.0,
        "cpu_ms_per_frame": round(1000 * busy / max(count, 1), 2),
    }


def _frame(picture: NDArray[np.uint8], find: Find, reader: Any, writer: Any) -> int:
    """One picture from pixels to file; how many vehicles were in it."""
    boxes = np.clip(find(picture), 0, None).astype(int).tolist()
    for x0, y0, x1, y1 in boxes:
        crop = picture[y0:y1, x0:x1]
        if crop.size:
            reader(crop)
        cv2.rectangle(picture, (x0, y0), (x1, y1), (0, 255, 0), 2)
    writer.write(picture)
    return len(boxes)
