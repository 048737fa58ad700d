"""Plates per pass on the real clips: what the pipeline says of every vehicle, clip by clip.

    python -m tests.benchmarks.clips [CLIP…] [--sheets DIR] [--truth FILE]

One JSON line a clip. The clips are those of GATEWARDEN_DATA unless named. --sheets writes the best picture of every
plate with what was read, for a person to judge. --truth names a JSON file {"clip name": ["plate", …]} of the plates a
person can read in each clip, which is kept outside of the repository: then right, missed and false readings are
counted. In a clip that is not in the file nobody can read a plate, and every reading is false.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from gate.site.cameras import camera_config
from gate.site.load import load_site
from tests.benchmarks.passes.staged import SITE
from tests.data import data_folder
from vision.build import build_pipeline
from vision.config import CameraConfig
from vision.eye import Eye
from vision.facts import Sighting
from vision.source import Frame, RecordedSource, SystemClock
from vision.track import PlateCrop

SURE = 0.6  # what the rules act on


@dataclass(frozen=True, slots=True)
class Told:
    """The last word on a vehicle's plate, and its best picture, None where none was kept."""

    text: str
    confidence: float
    crop: PlateCrop | None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--truth", type=Path)
    args = parser.parse_args()
    truth = json.loads(args.truth.read_text("utf-8")) if args.truth else None
    clips = args.clips or sorted(p for p in (data_folder() / "video").iterdir() if p.suffix in (".mp4", ".avi"))
    for clip in clips:
        vehicles, told = watch(clip)
        line = {"clip": clip.name, "vehicles": vehicles, "read": len(told)}
        line["read_surely"] = sum(t.confidence >= SURE for t in told)
        if truth is not None:
            line |= compare([t.text for t in told], truth.get(clip.name, []))
            line |= {
                f"sure_{k}": v
                for k, v in compare([t.text for t in told if t.confidence >= SURE], truth.get(clip.name, [])).items()
            }
        if args.sheets:
            sheet(told, args.sheets / f"{clip.stem}.png")
        print(json.dumps(line), flush=True)


def watch(clip: Path) -> tuple[int, list[Told]]:
    """How many vehicles had a last word, and what it said of plates."""
    config = _config(clip)
    eye = Eye(config, build_pipeline(config), SystemClock())
    vehicles, told = 0, []
    for facts in [*(facts for _, facts in eye.run()), eye.close()]:
        for last in (f for f in facts if isinstance(f, Sighting) and f.final):
            vehicles += last.kind != "person"
            crops = {c.text: c for c in eye.pipeline.take_crops(last.vehicle)}
            told += [Told(p.text, p.confidence, crops.get(p.text)) for p in last.plates]
    return vehicles, told


def compare(said: list[str], true: list[str]) -> dict[str, int]:
    """right: plates read to the letter; missed: the others; false: readings of no such plate."""
    right = len(set(said) & set(true))
    return {"plates": len(true), "right": right, "missed": len(true) - right, "false": len(set(said) - set(true))}


def sheet(told: Iterable[Told], path: Path) -> None:
    """The plates' pictures one below the other, each with its reading in the order of the output."""
    rows = []
    for number, one in enumerate(told):
        if one.crop is None:
            continue
        row = np.full((96, 640, 3), 40, np.uint8)
        crop = one.crop.picture
        width = min(330, crop.shape[1] * 90 // crop.shape[0])
        row[3:93, 3 : 3 + width] = cv2.resize(crop, (width, 90))
        text = f"{number}: {one.text[1:]} {one.confidence:.2f}"
        cv2.putText(row, text, (345, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
        rows.append(row)
    if rows:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.vstack(rows))


def _config(clip: Path) -> CameraConfig:
    first = next(i for i in RecordedSource(str(clip), "clip", 0) if isinstance(i, Frame))
    site = load_site(SITE)
    camera = site.cameras[0].model_copy(update={"address": f"file:{clip.resolve()}"})
    shipped = camera_config(site, camera, SITE.parent, footage=None)
    return replace(shipped, size=(first.width, first.height), points=(), lens=None)


if __name__ == "__main__":
    main()
