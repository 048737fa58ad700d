"""Generated vehicles with length and width that drive past areas before known cameras, and what a fence says of them.

A vehicle is one or two rectangles: a car, a van or a rigid truck whose rear axle follows its front, or a tractor with a
semi-trailer that cuts corners. Cameras see the boxes of bodies 0.4 m off the ground on tyres.

    python -m tests.geofence.bodies [DRIVES]        how many are raised rightly and wrongly, by footprints and by points
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.fence import SiteFence
from geofence.movement import MovementKind
from geofence.shapes import LaneShape, Shapes, ZoneShape
from tests.geofence.test_footprint import SIZE, Camera

Array = NDArray[np.float64]
Part = tuple[Array, float, float, float]  # middle of the rear end, direction in radians, length, width
STEP_S = 0.1
CLEAR_M, DEEP_M, LONG_S = -0.1, 1.0, 2.0  # never nearer than this is clear; so deep for so long is in
JITTER_PX = 1.5
CAMERAS = {
    "before": Camera((0.2, 0.0, 4.4), (0.0, 26.0), focal=900.0),
    "beside": Camera((26.0, 26.0, 6.0), (0.0, 26.0), focal=800.0),
    "mast": Camera((12.0, 4.0, 10.0), (0.0, 26.0), focal=900.0),
}


@dataclass(frozen=True)
class Model:
    """lengths: of its one body, or of a tractor and its trailer. axle: from the rear end to the rear axle, metres."""

    kind: str
    lengths: tuple[float, ...]
    width: float
    height: float
    axle: float


MODELS = (
    Model("car", (4.6,), 1.8, 1.5, 1.0),
    Model("van", (6.0,), 2.0, 2.4, 1.3),
    Model("truck", (9.0,), 2.5, 3.2, 2.2),
    Model("dump_truck", (9.5,), 2.5, 3.2, 1.8),
    Model("bus", (12.0,), 2.5, 3.2, 3.2),
    Model("truck", (6.8, 13.0), 2.5, 3.8, 1.0),
)
HITCH_M, TRAILER_AXLE_M = 1.2, 4.0  # the hitch before the tractor's rear end, the axles before the trailer's


class Driver:
    """Drives a model by speed and steering angle."""

    def __init__(self, model: Model, place: tuple[float, float], angle: float) -> None:
        self.model = model
        self._axle, self._angle = np.array(place), angle
        self._trailer = angle

    def drive(self, speed_m_s: float, steer: float) -> None:
        """One step. steer: radians, of the front wheels to the left."""
        base = self.model.lengths[0] - self.model.axle - 1.4
        self._axle = self._axle + STEP_S * speed_m_s * _way(self._angle)
        self._angle += STEP_S * speed_m_s / base * math.tan(steer)
        if len(self.model.lengths) > 1:
            aslant = self._angle - self._trailer
            drawbar = self.model.lengths[1] - TRAILER_AXLE_M - 1.0
            self._trailer += STEP_S * speed_m_s / drawbar * math.sin(aslant)

    def parts(self) -> list[Part]:
        """Where its bodies are."""
        model = self.model
        tractor = (self._axle - model.axle * _way(self._angle), self._angle, model.lengths[0], model.width)
        if len(model.lengths) == 1:
            return [tractor]
        hitch = tractor[0] + HITCH_M * _way(self._angle)
        return [tractor, (hitch - (model.lengths[1] - 1.0) * _way(self._trailer), self._trailer, model.lengths[1], 2.5)]


@dataclass(frozen=True)
class Drive:
    """One vehicle's boxes and where its bodies were, ten a second, and an area on the ground."""

    kind: str
    area: tuple[tuple[float, float], ...]
    boxes: list[tuple[float, ...] | None]
    parts: list[list[Part]]

    def depths(self) -> Array:
        """(T,) how deep in the area its deepest point is, metres; negative is how far off its nearest one is."""
        polygon = shapely.Polygon(self.area)
        out = []
        for parts in self.parts:
            points = shapely.points(np.vstack([_spread(part) for part in parts]))
            away = shapely.distance(polygon.exterior, points)
            out.append(float(np.where(shapely.contains(polygon, points), away, -away).max()))
        return np.array(out)


def box(camera: Camera, parts: list[Part], height: float) -> tuple[float, ...] | None:
    """The box a camera sees bodies in, cut off by the picture; None where too little of it is in sight."""
    points = []
    for part in parts:
        points += [(*p, z) for p in corners(part) for z in (0.4, height)]
        points += [(*p, 0.0) for p in corners(part, 1.6, 1.2)]
    if min((np.array(points) - camera.centre) @ camera.forward) < 1.0:
        return None
    seen = camera.see(points)
    low, high = seen.min(axis=0), seen.max(axis=0)
    cut_low, cut_high = np.maximum(low, 0), np.minimum(high, SIZE)
    return None if ((cut_high - cut_low) < 0.5 * (high - low)).any() else (*cut_low, *cut_high)


def corners(part: Part, rear: float = 0.0, front: float = 0.0) -> Array:
    """(4, 2) the corners of a body, or of its tyres so far from its ends."""
    end, angle, length, width = part
    way, across = _way(angle), _way(angle + math.pi / 2) * width / 2
    return np.array([end + a * way + s * across for a in (rear, length - front) for s in (-1, 1)])


def generated(seed: int) -> tuple[str, Drive]:
    """The name of a camera, and a drive before it past an area that it may reach into."""
    rng = np.random.default_rng(seed)
    name = sorted(CAMERAS)[int(rng.integers(len(CAMERAS)))]
    camera, model = CAMERAS[name], MODELS[int(rng.integers(len(MODELS)))]
    start = rng.uniform((-14.0, 14.0), (14.0, 46.0))
    towards = rng.uniform((-5.0, 20.0), (5.0, 36.0)) - start
    driver = Driver(model, tuple(start.tolist()), math.atan2(towards[1], towards[0]))
    parts: list[list[Part]] = []
    while len(parts) < 200:
        speed, steer = rng.uniform(1.0, 4.0), rng.choice([0.0, 0.0, 0.25, -0.25, 0.5, -0.5])
        if rng.random() < 0.15:
            speed = rng.choice([0.0, -1.0])
        for _ in range(int(rng.integers(15, 50))):
            driver.drive(speed, steer)
            parts.append(driver.parts())
    boxes = [_jitter(box(camera, each, model.height), rng) for each in parts]
    seen = [n for n, b in enumerate(boxes) if b is not None] or [0]
    near = parts[seen[int(rng.integers(len(seen)))]][-1]
    middle = near[0] + rng.uniform(0, near[2]) * _way(near[1]) + rng.uniform(-7, 7) * _way(near[1] + math.pi / 2)
    half, turn = rng.uniform(1.0, 5.0, 2), rng.uniform(0, math.pi)
    ring = [middle + x * half[0] * _way(turn) + y * half[1] * _way(turn + math.pi / 2) for x, y in ROUND]
    return name, Drive(model.kind, tuple((float(x), float(y)) for x, y in ring), boxes, parts)


def planned(
    camera: Camera,
    model: Model,
    start: tuple[tuple[float, float], float],
    plan: Sequence[tuple[int, float, float]],
    area: Sequence[tuple[float, float]],
) -> Drive:
    """A drive from a place and direction (radians). plan: (steps, metres per second, steering angle) each."""
    driver, rng = Driver(model, *start), np.random.default_rng(0)
    parts: list[list[Part]] = []
    for steps, speed, steer in plan:
        for _ in range(steps):
            driver.drive(speed, steer)
            parts.append(driver.parts())
    boxes = [_jitter(box(camera, each, model.height), rng) for each in parts]
    return Drive(model.kind, tuple(area), boxes, parts)


ROUND = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def entered(
    drive: Drive,
    camera: Camera,
    *,
    footprints: bool = True,
    lanes: Sequence[LaneShape] = (),
    kind: str = "forbidden",
) -> list[int]:
    """Numbers of the looks at which a fence says that the vehicle came into the area, by its footprint or its point."""
    plane = copy(camera.plane)
    if not footprints:
        plane.projection = None
    fence = SiteFence(Shapes((ZoneShape("区", kind, drive.area),), (), tuple(lanes)), {"c": plane})
    said = []
    for number, seen in enumerate(drive.boxes):
        rows = [] if seen is None else [("c:1", seen, None, drive.kind)]
        movements = fence.update(number * round(STEP_S * 1000), "c", rows)
        said += [number for m in movements if m.kind is MovementKind.ENTERED]
    return said


def verdicts(seed: int, *, by_point: bool = True) -> Iterator[tuple[str, str]]:
    """(how it was judged, what came of it) of one generated drive."""
    name, drive = generated(seed)
    depths, sight = drive.depths(), np.array([b is not None for b in drive.boxes])
    clear = bool((depths < CLEAR_M).all())
    long = round(LONG_S / STEP_S)
    deep = np.convolve((depths > DEEP_M) & sight, np.ones(long), "valid").max() >= long
    for footprints in (True, False) if by_point else (True,):
        said = entered(drive, CAMERAS[name], footprints=footprints)
        by = "footprint" if footprints else "point"
        if clear:
            yield by, "clear, raised" if said else "clear"
        elif deep:
            yield by, "in, raised" if said else "in"
        else:
            yield by, "between, raised" if said else "between"


def _jitter(seen: tuple[float, ...] | None, rng: np.random.Generator) -> tuple[float, ...] | None:
    return None if seen is None else tuple((np.array(seen) + rng.normal(0, JITTER_PX, 4)).tolist())


def _spread(part: Part) -> Array:
    end, angle, length, width = part
    along, across = np.linspace(0, length, math.ceil(length / 0.4)), np.linspace(-width / 2, width / 2, 7)
    grid = np.stack(np.meshgrid(along, across), axis=-1).reshape(-1, 2)
    return end + grid @ np.stack([_way(angle), _way(angle + math.pi / 2)])


def _way(angle: float) -> Array:
    return np.array([math.cos(angle), math.sin(angle)])


if __name__ == "__main__":
    counts: Counter[str] = Counter()
    for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 300):
        counts.update(f"{by}: {what}" for by, what in verdicts(number))
    print(json.dumps(dict(sorted(counts.items()))))
