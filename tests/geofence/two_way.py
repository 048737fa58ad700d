"""Real two-way traffic, played forward and backward: who is said to go the wrong way.

    python -m tests.geofence.two_way [CLIP…]        one JSON line a clip, and the sum

Played forward nobody goes the wrong way, played backward everybody does. A track is judged where it can be: in one
carriageway between 25 and 80 m, over 2.5 s and 6 m at least, never unseen for more than 0.6 s, and with no step that
is more than 2.5 m off what the speed just before and 8 m/s² explain: there the box went from one vehicle to the next,
as it does in a jam where each hides half of the one behind it, and no vehicle drove. A track whose ends lie the wrong
way round for the way the clip is played was handed from one vehicle to another by the tracker; it is counted as mixed.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.site import load_site
from gate.site.shapes import site_planes, site_shapes
from geofence.fence import SiteFence
from geofence.movement import MovementKind
from models.zoo import weights
from tests.data import data_folder
from vision.build import SURE, UNSURE
from vision.detect import VehicleDetector
from vision.engine import open_engine
from vision.facts import Detections
from vision.track import Tracker, TrackSettings

SITES = Path(__file__).parent / "jamcam"
EVERY = 2  # frames: 12.5 a second
LEAST_S, LEAST_M = 2.5, 6.0
GAP_S = 0.6
HOP_M, BRAKE_M_S2, BASE_S = 2.5, 8.0, 0.4
FASTEST_M_S = 40.0  # of one that was seen only once before
NEAR_M, FAR_M = 25.0, 80.0

Frames = list[tuple[int, Detections]]


@dataclass
class Counts:
    """What clips held. forward, backward: tracks that can be judged.

    raised_forward: everybody said to go the wrong way, judged or not; raised_backward: of those that can be judged.
    """

    clips: int = 0
    forward: int = 0
    raised_forward: int = 0
    backward: int = 0
    raised_backward: int = 0
    mixed: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


def clips(data: Path) -> Iterator[tuple[Path, Path]]:
    """Every clip there is a site file for, with that file."""
    for site_file in sorted(SITES.glob("*.yaml")):
        clip = data / "video" / f"{site_file.stem}.mp4"
        if clip.exists():
            yield clip, site_file


def detect(clip: Path) -> Frames:
    """Every second frame's vehicles, by milliseconds from the clip's start."""
    path, card = weights("vehicle-detector")
    detector = VehicleDetector(open_engine(path, card=card, threads=1), card)
    capture = cv2.VideoCapture(str(clip))
    fps, out, number = capture.get(cv2.CAP_PROP_FPS), [], 0
    while True:
        good, picture = capture.read()
        if not good:
            return out
        if number % EVERY == 0:
            out.append((round(number * 1000 / fps), detector.detect(picture, threshold=UNSURE)))
        number += 1


def count(clip: Path, site_file: Path) -> Counts:
    """Both ways of playing one clip."""
    frames = detect(clip)
    reverse = [(frames[-1][0] - t_ms, found) for t_ms, found in reversed(frames)]
    counts = Counts(clips=1)
    for backward, played in ((False, frames), (True, reverse)):
        raised, tracks = play(played, site_file)
        right = {key for key, (metres, _) in tracks.items() if (metres < 0) == backward}
        counts.mixed += len(tracks) - len(right)
        if backward:
            counts.backward, counts.raised_backward = len(right), len(right & raised)
            counts.wrong += [f"{clip.stem} backward {key}" for key in sorted(right - raised)]
        else:
            counts.forward, counts.raised_forward = len(right), len(raised)
            counts.wrong += [f"{clip.stem} forward {key}" for key in sorted(raised)]
    return counts


def play(frames: Frames, site_file: Path) -> tuple[set[str], dict[str, tuple[float, float]]]:
    """Who went against a lane, and of every track that can be judged metres along its lane and seconds."""
    site = load_site(site_file)
    fence, plane = SiteFence(site_shapes(site), site_planes(site)), site_planes(site)["road"]
    tracker = Tracker(*site.cameras[0].size, TrackSettings(sure=SURE, unsure=UNSURE))
    raised: set[str] = set()
    places: dict[str, list[tuple[float, float, float]]] = {}
    for t_ms, found in frames:
        now = t_ms + 1_000
        tracker.update(now, found)
        seen = [v for v in tracker.vehicles if v.seen_ms == now]
        rows = [(f"road:{v.number}", tuple(v.box), None, v.kind.value) for v in seen]
        raised |= {m.vehicle for m in fence.update(now, "road", rows) if m.kind is MovementKind.AGAINST_LANE}
        feet = np.array([((v.box[0] + v.box[2]) / 2, v.box[3]) for v in seen]).reshape(-1, 2)
        for vehicle, (x, z) in zip(seen, plane.to_ground(feet).tolist(), strict=True):
            key = fence.known_as("road", f"road:{vehicle.number}")
            if NEAR_M < z < FAR_M and (-17.2 < x < -1.2 or 0.7 < x < 15.7):
                places.setdefault(key, []).append((now / 1000, x, z))
    return raised, {k: d for k, p in places.items() if (d := _drift(p)) is not None}


def _drift(places: list[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Metres along its carriageway's direction and seconds, of its longest stretch; None where nobody can judge."""
    rows = np.array(places)
    breaks = (np.diff(rows[:, 0]) > GAP_S) | (np.diff(np.sign(rows[:, 1])) != 0) | _hops(rows[:, 0], rows[:, 2])
    longest = max(np.split(rows, np.flatnonzero(breaks) + 1), key=lambda part: part[-1, 0] - part[0, 0])
    seconds = float(longest[-1, 0] - longest[0, 0])
    if len(longest) < 5 or seconds < LEAST_S:
        return None
    metres = float(np.median(longest[-3:, 2]) - np.median(longest[:3, 2])) * (1 if longest[0, 1] < 0 else -1)
    return (metres, seconds) if abs(metres) >= LEAST_M else None


def _hops(times: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(T − 1,) which steps are not what the speed just before and braking explain. times: seconds, along: metres."""
    hops = np.zeros(len(times) - 1, bool)
    for last, span in enumerate(np.diff(times)):
        first = int(np.searchsorted(times, times[last] - BASE_S))
        step, most = along[last + 1] - along[last], HOP_M + BRAKE_M_S2 / 2 * span**2
        if first < last:
            step -= (along[last] - along[first]) / (times[last] - times[first]) * span
        else:
            most += FASTEST_M_S * span
        hops[last] = abs(step) > most
    return hops


if __name__ == "__main__":
    total = Counts()
    for clip, site_file in clips(data_folder()):
        if len(sys.argv) < 2 or clip.stem in sys.argv[1:]:
            found = count(clip, site_file)
            print(json.dumps({"clip": clip.stem, **asdict(found)}), flush=True)
            total.add(found)
    print(json.dumps(asdict(total)))
