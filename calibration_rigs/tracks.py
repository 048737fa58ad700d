"""Tracks without pictures: what a detector, a tracker and a plate reader would have made of the truth.

Boxes tremble, vehicles are missed when small, hidden or by chance, a track now and then gets a new number, plates are
read as well as their size, dirt and the light allow. Truth goes in, `Sighting`s come out; the same seed gives the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.take import Glimpse, Take
from calibration_rigs.truth import Box
from calibration_rigs.vehicle import Vehicle
from vision.facts import PlateReading, Sighting, VehicleClass

LEAST_PX = (14.0, 12.0)  # width, height of the smallest box a detector finds
HIDDEN_SHARE = 0.8  # of a box behind a nearer vehicle's, and it is not found
LOST_AFTER_MS = 1_500  # a track not seen for so long is over
SURE_PX, LEAST_PLATE_PX = 58.0, 26.0  # plate widths from which reading is sure, and at all possible
_CLEAR = {"day": 1.0, "overcast": 1.0, "dusk": 0.93, "night": 0.88, "rain": 0.9, "fog": 0.8}
_ALIKE = ("0D", "0Q", "DQ", "8B", "2Z", "5S", "17", "1T", "7T", "4A", "UV", "CG", "EF", "MW", "MN")
_MISTAKES = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Flaws:
    """How bad the eyes are. box: one sigma of an edge, of the height; switch_per_s: new numbers per second.

    misread: share of plates on which a pass settles on a wrong character.
    """

    box: float = 0.008
    miss: float = 0.03
    switch_per_s: float = 1 / 600
    wrong_class: float = 0.0
    misread: float = 0.0


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    vehicle: Vehicle
    tremble: NDArray[np.float64]
    last_ms: int
    box: Box
    ground: tuple[float, float] | None
    reads: dict[int, tuple[int, float, str]] = field(default_factory=dict)  # plate: crops, best quality, text
    slips: dict[int, tuple[str, float]] = field(
        default_factory=dict
    )  # plate: as misread, and how sure beside a good one


class Watcher:
    """One camera's eyes on a take."""

    def __init__(self, take: Take, camera: str, flaws: Flaws, rng: np.random.Generator) -> None:
        self._camera, self._flaws, self._rng = camera, flaws, rng
        self._view: View = take.layout.views[camera]
        self._vehicles = {v.id: v for v in take.vehicles}
        self._clear = _CLEAR[take.scenario.weather]
        self._read = next(c.read_plates for c in take.layout.site.cameras if c.id == camera)
        self._tracks: dict[str, _Track] = {}
        self._dropped: list[_Track] = []  # no longer followed, their last word not yet said
        self._count = 0
        self._last_ms: int | None = None
        self.owners: dict[str, str] = {}  # by key: whose sightings these are in truth

    def see(self, glimpses: Mapping[str, Glimpse], t_ms: int) -> Iterator[Sighting]:
        """The sightings of one frame, by what the camera had in it, with the last words on those who have gone."""
        passed_s = 0.0 if self._last_ms is None else (t_ms - self._last_ms) / 1000
        self._last_ms = t_ms
        for name, glimpse in self._found(glimpses).items():
            track = self._tracks.get(name)
            if track is not None and self._rng.random() < self._flaws.switch_per_s * passed_s:
                self._dropped.append(self._tracks.pop(name))
                track = None
            yield self._sighting(name, track, glimpse, t_ms)
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

    def _found(self, glimpses: Mapping[str, Glimpse]) -> dict[str, Glimpse]:
        large = {n: g for n, g in glimpses.items() if _is_large(g.box)}
        out = {}
        for name, one in large.items():
            nearer = (g.box for g in large.values() if g.reach_m < one.reach_m)
            hidden = max((_share(one.box, box) for box in nearer), default=0.0)
            if hidden < HIDDEN_SHARE and self._rng.random() >= self._flaws.miss:
                out[name] = one
        return out

    def _sighting(self, name: str, track: _Track | None, glimpse: Glimpse, t_ms: int) -> Sighting:
        box = glimpse.box
        if track is None:
            self._count += 1
            track = self._tracks[name] = _Track(self._count, self._vehicles[name], np.zeros(4), t_ms, box, None)
            self.owners[self._key(track)] = name
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
            self._look_at_plates(track, glimpse)
        return self._fact(track, t_ms)

    def _fact(self, track: _Track, t_ms: int) -> Sighting:
        kind = track.vehicle.kind
        if self._rng.random() < self._flaws.wrong_class and kind in (VehicleClass.TRUCK, VehicleClass.DUMP_TRUCK):
            kind = VehicleClass.DUMP_TRUCK if kind is VehicleClass.TRUCK else VehicleClass.TRUCK
        score = round(float(np.clip(0.86 + 0.05 * self._rng.standard_normal(), 0.4, 0.99)), 3)
        return Sighting(t_ms, self._camera, self._key(track), kind, score, track.box, track.ground, _readings(track))

    def _key(self, track: _Track) -> str:
        return f"{self._camera}:{track.number}"

    def _last_word(self, track: _Track, t_ms: int) -> Sighting:
        return replace(self._fact(track, t_ms), final=True)

    def _look_at_plates(self, track: _Track, glimpse: Glimpse) -> None:
        for n, width in glimpse.plate_px.items():
            plate = track.vehicle.plates[n]
            sharp = np.clip((width - LEAST_PLATE_PX) / (SURE_PX - LEAST_PLATE_PX), 0, 1)
            quality = float(self._clear * sharp * np.clip(1.15 - 1.4 * track.vehicle.grime, 0, 1))
            if width < LEAST_PLATE_PX or self._rng.random() > 0.7:
                continue
            crops, best, text = track.reads.get(n, (0, 0.0, ""))
            if self._flaws.misread and n not in track.slips:
                slips = self._rng.random() < self._flaws.misread
                track.slips[n] = self._slip(plate.text) if slips else (plate.text, 1.0)
            if not text or (quality > best and quality > 0.5):
                text = self._spelled(track.slips.get(n, (plate.text, 1.0))[0], quality)
            track.reads[n] = (crops + 1, max(best, quality), text)

    def _spelled(self, text: str, quality: float) -> str:
        if quality > 0.5:
            return text
        letters = list(text)
        for place in range(2, len(letters)):
            if self._rng.random() < 0.5 - quality:
                letters[place] = _MISTAKES[int(self._rng.integers(len(_MISTAKES)))]
        return "".join(letters)

    def _slip(self, text: str) -> tuple[str, float]:
        """One character taken for another, mostly for one that looks like it."""
        place = int(self._rng.integers(2, len(text) - text.endswith("挂")))
        alike = "".join(pair.replace(text[place], "") for pair in _ALIKE if text[place] in pair)
        others = alike if alike and self._rng.random() < 0.7 else _MISTAKES.replace(text[place], "")
        wrong = others[int(self._rng.integers(len(others)))]
        return text[:place] + wrong + text[place + 1 :], float(self._rng.uniform(0.6, 1.0))


def _readings(track: _Track) -> tuple[PlateReading, ...]:
    out = []
    for n, (crops, best, text) in sorted(track.reads.items()):
        plate = track.vehicle.plates[n]
        sure = track.slips.get(n, ("", 1.0))[1]
        confidence = round(min(0.995, best * (1 - 0.5 ** (crops + 1))) * sure, 3)
        out.append(PlateReading(text, plate.colour, plate.rows, confidence, frames=crops))
    return tuple(sorted(out, key=lambda r: -r.confidence))


def _is_large(box: Box) -> bool:
    return box[2] - box[0] >= LEAST_PX[0] and box[3] - box[1] >= LEAST_PX[1]


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
