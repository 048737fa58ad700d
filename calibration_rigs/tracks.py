"""Tracks without pictures: what a detector, a tracker and a plate reader would have made of the truth.

Boxes tremble, vehicles are missed when small, hidden or by chance, a track now and then gets a new number, plates are
read as well as their size, dirt and the light allow. Truth goes in, `Sighting`s come out; the same seed gives the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.truth import box_of, plate_in
from calibration_rigs.vehicle import PlateOn, Vehicle
from vision.facts import PlateReading, Sighting, VehicleClass

LEAST_PX = (14.0, 12.0)  # width, height of the smallest box a detector finds
HIDDEN_SHARE = 0.8  # of a box behind a nearer vehicle's, and it is not found
LOST_AFTER_MS = 1_500  # a track not seen for so long is over
SURE_PX, LEAST_PLATE_PX = 58.0, 26.0  # plate widths from which reading is sure, and at all possible
_CLEAR = {"day": 1.0, "overcast": 1.0, "dusk": 0.93, "night": 0.88, "rain": 0.9, "fog": 0.8}
_MISTAKES = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Flaws:
    """How bad the eyes are. box: one sigma of an edge, of the height; switch_per_s: new numbers per second."""

    box: float = 0.008
    miss: float = 0.03
    switch_per_s: float = 1 / 600
    wrong_class: float = 0.0


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    vehicle: Vehicle
    tremble: NDArray[np.float64]
    last_ms: int
    box: Box
    ground: tuple[float, float] | None
    reads: dict[int, tuple[int, float, str]] = field(default_factory=dict)  # plate: crops, best quality, text


class Watcher:
    """One camera's eyes on a simulation."""

    def __init__(self, simulation: Simulation, camera: str, flaws: Flaws, rng: np.random.Generator) -> None:
        self._simulation, self._camera, self._flaws, self._rng = simulation, camera, flaws, rng
        self._view: View = simulation.layout.views[camera]
        self._read = next(c.read_plates for c in simulation.layout.site.cameras if c.id == camera)
        self._tracks: dict[str, _Track] = {}
        self._dropped: list[_Track] = []  # no longer followed, their last word not yet said
        self._count = 0
        self._last_ms: int | None = None

    def see(self, tick: Tick, t_ms: int) -> Iterator[Sighting]:
        """The sightings of one frame, with the last words on those who have gone."""
        passed_s = 0.0 if self._last_ms is None else (t_ms - self._last_ms) / 1000
        self._last_ms = t_ms
        for name, box in self._found(tick).items():
            track = self._tracks.get(name)
            if track is not None and self._rng.random() < self._flaws.switch_per_s * passed_s:
                self._dropped.append(self._tracks.pop(name))
                track = None
            yield self._sighting(name, track, box, t_ms)
        for name in [n for n, t in self._tracks.items() if t_ms - t.last_ms > LOST_AFTER_MS]:
            self._dropped.append(self._tracks.pop(name))
        for track in [t for t in self._dropped if t_ms - t.last_ms > LOST_AFTER_MS]:
            self._dropped.remove(track)
            yield self._last_word(track, t_ms)

    def end(self, t_ms: int) -> Iterator[Sighting]:
        """The last words on everyone still in sight."""
        for track in [*self._dropped, *self._tracks.values()]:
            yield self._last_word(track, t_ms)
        self._dropped, self._tracks = [], {}

    def _found(self, tick: Tick) -> dict[str, Box]:
        boxes: dict[str, tuple[float, Box]] = {}
        for truth in tick.vehicles:
            box = box_of(self._simulation, truth.id, self._view)
            if box is not None and box[2] - box[0] >= LEAST_PX[0] and box[3] - box[1] >= LEAST_PX[1]:
                boxes[truth.id] = (float(np.hypot(*(np.array((truth.x, truth.y)) - self._view.centre[:2]))), box)
        out = {}
        for name, (reach, box) in boxes.items():
            hidden = max((_share(box, b) for n, (r, b) in boxes.items() if n != name and r < reach), default=0.0)
            if hidden < HIDDEN_SHARE and self._rng.random() >= self._flaws.miss:
                out[name] = box
        return out

    def _sighting(self, name: str, track: _Track | None, box: Box, t_ms: int) -> Sighting:
        if track is None:
            self._count += 1
            vehicle = next(v for v in self._simulation.vehicles if v.id == name)
            track = self._tracks[name] = _Track(self._count, vehicle, np.zeros(4), t_ms, box, None)
        track.tremble = 0.8 * track.tremble + 0.6 * self._rng.standard_normal(4)
        height = box[3] - box[1]
        seen = np.array(box) + self._flaws.box * height * track.tremble
        width_px, height_px = self._view.size
        for edge, limit in ((0, 0.0), (1, 0.0), (2, float(width_px)), (3, float(height_px))):
            if abs(box[edge] - limit) < 0.5:  # cut off by the frame: the edge is where the frame is
                seen[edge] = limit
        seen = np.clip(seen, 0, (width_px, height_px, width_px, height_px))
        foot = self._view.ground([((seen[0] + seen[2]) / 2, seen[3])])[0]
        track.ground = (round(float(foot[0]), 3), round(float(foot[1]), 3)) if np.isfinite(foot).all() else None
        track.box = _rounded(seen)
        track.last_ms = t_ms
        if self._read:
            self._look_at_plates(track)
        return self._fact(track, t_ms)

    def _fact(self, track: _Track, t_ms: int) -> Sighting:
        kind = track.vehicle.kind
        if self._rng.random() < self._flaws.wrong_class and kind in (VehicleClass.TRUCK, VehicleClass.DUMP_TRUCK):
            kind = VehicleClass.DUMP_TRUCK if kind is VehicleClass.TRUCK else VehicleClass.TRUCK
        score = round(float(np.clip(0.86 + 0.05 * self._rng.standard_normal(), 0.4, 0.99)), 3)
        return Sighting(
            t_ms, self._camera, f"{self._camera}:{track.number}", kind, score, track.box, track.ground, _readings(track)
        )

    def _last_word(self, track: _Track, t_ms: int) -> Sighting:
        return replace(self._fact(track, t_ms), final=True)

    def _look_at_plates(self, track: _Track) -> None:
        clear = _CLEAR[self._simulation.scenario.weather]
        for n, plate in enumerate(track.vehicle.plates):
            corners = plate_in(self._simulation, track.vehicle.id, plate, self._view)
            if corners is None:
                continue
            width = float(np.linalg.norm(corners[1] - corners[0]))
            sharp = np.clip((width - LEAST_PLATE_PX) / (SURE_PX - LEAST_PLATE_PX), 0, 1)
            quality = float(clear * sharp * np.clip(1.15 - 1.4 * track.vehicle.grime, 0, 1))
            if width < LEAST_PLATE_PX or self._rng.random() > 0.7:
                continue
            crops, best, text = track.reads.get(n, (0, 0.0, ""))
            if not text or (quality > best and quality > 0.5):
                text = self._spelled(plate, quality)
            track.reads[n] = (crops + 1, max(best, quality), text)

    def _spelled(self, plate: PlateOn, quality: float) -> str:
        if quality > 0.5:
            return plate.text
        letters = list(plate.text)
        for place in range(2, len(letters)):
            if self._rng.random() < 0.5 - quality:
                letters[place] = _MISTAKES[int(self._rng.integers(len(_MISTAKES)))]
        return "".join(letters)


def _readings(track: _Track) -> tuple[PlateReading, ...]:
    out = []
    for n, (crops, best, text) in sorted(track.reads.items()):
        plate = track.vehicle.plates[n]
        confidence = round(min(0.995, best * (1 - 0.5 ** (crops + 1))), 3)
        out.append(PlateReading(text, plate.colour, plate.rows, confidence, frames=crops))
    return tuple(sorted(out, key=lambda r: -r.confidence))


def _share(box: Box, other: Box) -> float:
    """How much of a box another covers."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / ((box[2] - box[0]) * (box[3] - box[1]))


def _rounded(box: NDArray[np.float64]) -> Box:
    x0, y0, x1, y1 = (round(float(v), 1) for v in box)
    return x0, y0, x1, y1
