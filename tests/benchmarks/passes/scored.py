"""What the real pipeline reads of staged passes, against the truth.

A pass is right when the last word on it is its plate: the vehicle's final sighting says the true text first, and no
sighting of that vehicle says another. A plate is counted as readable by what the truth says of it alone: at least
LEAST_FRAMES pictures in which it lies in the picture, is at least LEAST_PX wide, at most MOST_HIDDEN of it is hidden by
others, and it is not soiled beyond MOST_GRIME. Passes without a readable plate are counted apart.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gate.site.cameras import camera_config
from gate.site.load import load_site
from tests.benchmarks.passes.staged import CAMERA, FPS, SITE, Clips
from vision.boxes import overlaps
from vision.build import build_pipeline
from vision.config import CameraConfig
from vision.eye import Eye
from vision.facts import Sighting
from vision.source import SystemClock

LEAST_PX, LEAST_FRAMES = 60.0, 2
MOST_HIDDEN, MOST_GRIME = 0.1, 0.3
_FOLLOWED = 0.3  # least overlap of a sighting's box with the vehicle's


@dataclass(slots=True)
class Pass:
    """One vehicle's pass. text: its plate that faced the camera; widest_px: where it was readable, 0 for nowhere.

    said: (text, confidence) of each final sighting that was this vehicle's, the longest followed first.
    """

    clip: str
    vehicle: str
    weather: str
    grime: float
    text: str = ""
    widest_px: float = 0.0
    frames: int = 0
    said: list[tuple[str, float]] = field(default_factory=list)
    keys: int = 0

    @property
    def readable(self) -> bool:
        return self.frames >= LEAST_FRAMES and self.grime <= MOST_GRIME

    @property
    def outcome(self) -> str:
        """right, wrong (another text than the plate's is told of the vehicle) or unread."""
        if not self.said:
            return "unread"
        return "right" if all(text == self.text for text, _ in self.said) else "wrong"

    @property
    def known(self) -> bool:
        """Whether the surest text told of the vehicle is its plate's, whatever else was told."""
        return bool(self.said) and max(self.said, key=lambda s: s[1])[0] == self.text


def passes_of(clips: Clips) -> list[Pass]:
    """The passes of one clip, as staged."""
    found: dict[str, Pass] = {}
    for _, seen in clips.truth:
        for vehicle in seen:
            one = found.setdefault(
                vehicle["id"], Pass(clips.video.stem, vehicle["id"], clips.weather, clips.grime[vehicle["id"]])
            )
            for plate in vehicle["plates"]:
                width = plate_px(plate["corners"])
                if width > one.widest_px or not one.text:
                    one.text, one.widest_px = plate["text"], width
                one.frames += width >= LEAST_PX and plate["hidden"] <= MOST_HIDDEN
    return list(found.values())


def read(clips: Clips) -> list[Pass]:
    """The passes of one clip with what the pipeline said of each."""
    eye = Eye(config := _config(clips.video), build_pipeline(config), SystemClock())
    told: list[Sighting] = []
    for _, facts in eye.run():
        told += [f for f in facts if isinstance(f, Sighting)]
    told += [f for f in eye.close() if isinstance(f, Sighting)]
    passes = {p.vehicle: p for p in passes_of(clips)}
    followed: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in told:
        followed[sighting.vehicle].append(sighting)
    for sightings in sorted(followed.values(), key=lambda s: -len(s)):
        owner = _owner(clips, sightings, config.start_ms)
        if owner is None:
            continue
        passes[owner].keys += 1
        last = sightings[-1]
        passes[owner].said += [(p.text, round(p.confidence, 3)) for p in last.plates if last.final]
    return list(passes.values())


def summary(passes: list[Pass]) -> dict[str, Any]:
    """Counts over all passes, and by weather."""
    readable = [p for p in passes if p.readable]
    right = sum(p.outcome == "right" for p in readable)
    by_weather = {}
    for weather in sorted({p.weather for p in readable}):
        these = [p for p in readable if p.weather == weather]
        by_weather[weather] = f"{sum(p.outcome == 'right' for p in these)} of {len(these)}"
    return {
        "passes": len(passes),
        "readable": len(readable),
        "right": right,
        "known_by_its_plate": sum(p.known for p in readable),
        "share": round(right / max(1, len(readable)), 4),
        "wrong": sum(p.outcome == "wrong" for p in readable),
        "unread": sum(p.outcome == "unread" for p in readable),
        "by_weather": by_weather,
        "unreadable_by_truth": {
            "passes": len(passes) - len(readable),
            "rule": f"fewer than {LEAST_FRAMES} pictures with the plate {LEAST_PX:g} px wide and at most "
            f"{MOST_HIDDEN:g} hidden, or soiled more than {MOST_GRIME:g}",
            "right": sum(p.outcome == "right" for p in passes if not p.readable),
            "wrong": sum(p.outcome == "wrong" for p in passes if not p.readable),
        },
        "followed_as_one": round(sum(p.keys == 1 for p in readable) / max(1, len(readable)), 4),
    }


def plate_px(corners: list[list[float]]) -> float:
    """Width of a plate in pixels, mean of its upper and lower edge."""
    c = np.array(corners)
    return float(np.linalg.norm(c[1] - c[0]) + np.linalg.norm(c[2] - c[3])) / 2


def _owner(clips: Clips, sightings: list[Sighting], start_ms: int) -> str | None:
    """Whose box these sightings follow, None for nobody's."""
    shared: dict[str, float] = defaultdict(float)
    for sighting in sightings:
        index = min(round((sighting.t_ms - start_ms) * FPS / 1000), len(clips.truth) - 1)
        for vehicle in clips.truth[index][1]:
            boxes = np.array([sighting.box]), np.array([vehicle["box"]])
            shared[vehicle["id"]] += float(overlaps(*boxes)[0, 0])
    best = max(shared, key=lambda name: shared[name], default=None)
    return best if best is not None and shared[best] / len(sightings) >= _FOLLOWED else None


def _config(video: Path) -> CameraConfig:
    site = load_site(SITE)
    camera = next(c for c in site.cameras if c.id == CAMERA)
    filmed = camera.model_copy(update={"address": f"file:{video.resolve()}"})
    return camera_config(site, filmed, SITE.parent, footage=None)
