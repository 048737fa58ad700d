"""A picture of one pass's plate, as large as the camera had it, to see whether a person could have read it."""

from pathlib import Path

import cv2
import numpy as np

from tests.benchmarks.passes.scored import MOST_HIDDEN, Pass, plate_px
from tests.benchmarks.passes.staged import FPS, Clips
from vision.plates.crop import rectify
from vision.source import Frame, RecordedSource

_SHOWN, _TALL = 12, 120


def sheet(clips: Clips, one: Pass, folder: Path) -> Path:
    """The widest looks at the plate side by side, each enlarged, as DIR/CLIP-VEHICLE.png; the file's path."""
    best = [
        (plate_px(plate["corners"]), index, np.array(plate["corners"]), plate["rows"])
        for index, (_, seen) in enumerate(clips.truth)
        for vehicle in seen
        for plate in vehicle["plates"]
        if vehicle["id"] == one.vehicle and plate["hidden"] <= MOST_HIDDEN
    ]
    looks = {index: (corners, rows) for _, index, corners, rows in sorted(best, key=lambda b: -b[0])[:_SHOWN]}
    tiles = []
    for frame in RecordedSource(str(clips.video), "clip", 0):
        index = round(frame.t_ms * FPS / 1000) if isinstance(frame, Frame) else -1
        if isinstance(frame, Frame) and index in looks:
            crop = rectify(frame.image, *looks[index], margin=0.25)
            tiles.append(cv2.resize(crop, (crop.shape[1] * _TALL // crop.shape[0], _TALL)))
    width = max(t.shape[1] for t in tiles)
    padded = [cv2.copyMakeBorder(t, 2, 2, 2, width - t.shape[1] + 2, cv2.BORDER_CONSTANT) for t in tiles]
    rows = [padded[i : i + 4] for i in range(0, len(padded), 4)]
    rows[-1] += [np.zeros_like(padded[0])] * (4 - len(rows[-1]))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{one.clip}-{one.vehicle}.png"
    cv2.imwrite(str(path), np.vstack([np.hstack(r) for r in rows]))
    return path
