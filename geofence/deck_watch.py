"""Watches one deck through every camera that sees it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.build import build
from geofence.deck import Occupancy, OnDeck
from geofence.footprint import Axis, Extent, Known, Sight
from geofence.observations import Observations
from geofence.plane import GroundPlane
from geofence.shapes import ZoneShape
from geofence.steady import Box, SteadyBox
from geofence.vehicles import PERSON

Array = NDArray[np.float64]
Who = tuple[str, str]  # camera and key
HOLD_MS = 2_000  # a vehicle not seen for this long is still taken to be where it was
FIT_EVERY_MS = 250
SAME_SHARE = 0.5  # two cameras' extents that share this much of the shorter one are one vehicle
TOUCH_M = 0.3  # of a vehicle over the deck before it is on it
REACH_M = 20.0  # how far from the deck a foot may be for its vehicle to reach it
DRIVEN_M = 2.0  # along the deck, before its direction is known
UNSURE_SIGMAS = 2.0


@dataclass(slots=True)
class _Seen:
    """One vehicle at one camera. least_m: its least length. began_m: where its nearer end was first seen."""

    kind: str
    last_ms: int = 0
    box: SteadyBox = field(default_factory=lambda: SteadyBox(FIT_EVERY_MS))
    least_m: float = 0.0
    extent: Extent | None = None
    began_m: float = math.nan
    wheels: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class _Found:
    who: Who
    seen: _Seen
    extent: Extent


class DeckWatch:
    """Watches one deck. Vehicles on a deck lie along its long side.

    An extent is fitted anew only where a box has moved, and at most every FIT_EVERY_MS.
    """

    def __init__(self, shape: ZoneShape) -> None:
        self.shape = shape
        self._polygon = shape.polygon()
        shapely.prepare(self._polygon)
        self._axis, self._length = _long_side(shape)
        self._middle: list[float] = np.mean(shape.ring, axis=0).tolist()
        self._reach = REACH_M + float(np.hypot(*(np.array(shape.ring) - self._middle).T).max())
        self._sights: dict[str, Sight] = {}
        self._vehicles: dict[Who, _Seen] = {}
        self._persons: dict[Who, int] = {}
        self._now: tuple[tuple[OnDeck, ...], tuple[str, ...]] | None = None  # None: to be told anew

    def update(self, t_ms: int, camera: str, seen: Observations, plane: GroundPlane | None) -> None:
        """Take in what a camera saw."""
        feet = (seen.ground if self.shape.camera is None else seen.feet()).tolist()
        (x, y), reach = self._middle, self._reach
        near = [math.hypot(foot[0] - x, foot[1] - y) <= reach for foot in feet]
        for row in [row for row, yes in enumerate(near) if yes]:
            who, kind = (camera, seen.keys[row]), seen.kinds[row]
            if kind == PERSON:
                self._see_person(t_ms, who, feet[row])
                continue
            box: Box = tuple(seen.boxes[row].tolist())
            vehicle = self._vehicles.setdefault(who, _Seen(kind))
            vehicle.kind, vehicle.last_ms = kind, t_ms
            vehicle.least_m = float(seen.least_m[row]) if seen.least_m is not None else 0.0
            self._measure(t_ms, camera, vehicle, box, plane)
            if seen.wheels:
                vehicle.wheels, self._now = self._count(seen.wheels.get(seen.keys[row]), plane), None
        if len(self._vehicles) + len(self._persons):
            self._leave(camera, [key for key, yes in zip(seen.keys, near, strict=True) if not yes])

    def occupancy(self, t_ms: int) -> Occupancy:
        """Who is on the deck at an instant, by what was last seen of everyone."""
        for old in [k for k, v in self._vehicles.items() if t_ms - v.last_ms > HOLD_MS]:
            del self._vehicles[old]
            self._now = None
        for key in [k for k, last_ms in self._persons.items() if t_ms - last_ms > HOLD_MS]:
            del self._persons[key]
        if self._now is None:
            self._now = self._tell()
        persons = tuple(sorted(key for _, key in self._persons)) if self._persons else ()
        return Occupancy(t_ms, self.shape.id, self._now[0], persons, self._now[1])

    def _tell(self) -> tuple[tuple[OnDeck, ...], tuple[str, ...]]:
        """Who is on it, each vehicle once, and who may be."""
        found, unsure = [], []
        for who, seen in sorted(self._vehicles.items()):
            if seen.extent is not None:
                touches = self._touches(seen.extent)
                if touches:
                    found.append(_Found(who, seen, seen.extent))
                elif touches is None:
                    unsure.append(who[1])
        groups: list[list[_Found]] = []
        for one in sorted(found, key=lambda f: (f.extent.start_m, f.who)):
            same = next((g for g in groups if _same(g, one)), None)
            if same is None:
                groups.append([one])
            else:
                same.append(one)
        return tuple(self._on_deck(group) for group in groups), tuple(unsure)

    def _see_person(self, t_ms: int, who: Who, foot: Sequence[float]) -> None:
        if shapely.contains_xy(self._polygon, foot[0], foot[1]):
            self._persons[who] = t_ms
        else:
            self._persons.pop(who, None)

    def _leave(self, camera: str, keys: list[str]) -> None:
        """Forget who is seen far from the deck."""
        for key in keys:
            self._persons.pop((camera, key), None)
            if self._vehicles.pop((camera, key), None) is not None:
                self._now = None

    def _measure(self, t_ms: int, camera: str, seen: _Seen, box: Box, plane: GroundPlane | None) -> None:
        seen.box.add(t_ms, box)
        taken = seen.box.take(t_ms)
        if taken is None or not taken.moved:
            return
        if self.shape.camera is not None:
            seen.extent = self._in_picture(taken.box)
        else:
            seen.extent = self._on_ground(seen, self._sight(camera, plane), taken.box, taken.sigma_px)
        self._now = None

    def _in_picture(self, box: Box) -> Extent:
        along = self._axis.to_axis(np.array([[box[0], box[3]], [box[2], box[3]]]))
        low, high = float(along[:, 0].min()), float(along[:, 0].max())
        return Extent(low, high, 2.0, 2.0, float(along[:, 1].mean()), float(np.ptp(along[:, 1])))

    def _sight(self, camera: str, plane: GroundPlane | None) -> Sight | None:
        if plane is not None and camera not in self._sights:
            self._sights[camera] = Sight(plane, self._axis)
        return self._sights.get(camera)

    def _on_ground(self, seen: _Seen, sight: Sight | None, box: Box, sigma_px: float) -> Extent | None:
        if sight is None:
            return None
        size = build(seen.kind)
        known = Known(size, *size.length(seen.least_m), self._heading(seen))
        extent = sight.extent(box, known, sigma_px)
        if extent is not None and math.isnan(seen.began_m):
            seen.began_m = _near_end(extent)
        return extent

    def _heading(self, seen: _Seen) -> int:
        """Which way along the deck it has driven since it was first seen near it: 1, −1, or 0 unknown."""
        if seen.extent is None or math.isnan(seen.began_m):
            return 0
        driven = _near_end(seen.extent) - seen.began_m
        return 0 if abs(driven) < DRIVEN_M else 1 if driven > 0 else -1

    def _count(self, wheels: Array | None, plane: GroundPlane | None) -> tuple[int, int]:
        """How many of the wheels seen (K, 2 pixels) stand on the deck, and how many beside it."""
        if wheels is None:
            return 0, 0
        if self.shape.camera is None:
            if plane is None:
                return 0, 0
            wheels = plane.to_ground(wheels)
        known = wheels[np.isfinite(wheels[:, 0])]
        on = int(shapely.contains_xy(self._polygon, known).sum())
        return on, len(known) - on

    def _touches(self, extent: Extent) -> bool | None:
        """Whether a vehicle is on the deck; None where it may be."""
        low, high = max(extent.start_m, 0.0), min(extent.end_m, self._length)
        middle = self._axis.back(min(max((low + high) / 2, 0.01), self._length - 0.01), extent.across_m)
        if not shapely.contains_xy(self._polygon, *middle):
            return False
        beyond = extent.end_m if extent.end_m < self._length else self._length - extent.start_m
        sigma = extent.end_sigma_m if extent.end_m < self._length else extent.start_sigma_m
        if beyond > max(TOUCH_M, sigma):
            return True
        return None if beyond + UNSURE_SIGMAS * sigma > TOUCH_M else False

    def _on_deck(self, group: list[_Found]) -> OnDeck:
        extents = [f.extent for f in group]
        sigma_start, start = min((e.start_sigma_m, e.start_m) for e in extents)
        sigma_end, end = min((e.end_sigma_m, e.end_m) for e in extents)
        sigma_length, length = min((e.length_sigma_m, e.length_m) for e in extents)
        if math.hypot(sigma_start, sigma_length) < sigma_end:
            sigma_end, end = math.hypot(sigma_start, sigma_length), start + length
        elif math.hypot(sigma_end, sigma_length) < sigma_start:
            sigma_start, start = math.hypot(sigma_end, sigma_length), end - length
        wheels = max((f.seen.wheels for f in group), key=sum)
        return OnDeck(
            tuple(f.who[1] for f in group),
            group[0].seen.kind,
            round(start, 2),
            round(end, 2),
            round(max(-start, 0.0), 2),
            round(max(end - self._length, 0.0), 2),
            round(sigma_start, 2),
            round(sigma_end, 2),
            *wheels,
            round(self._length, 2),
        )


def _long_side(shape: ZoneShape) -> tuple[Axis, float]:
    """The axis along a deck's longer sides, from the short side drawn first, and its length."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape.polygon()))[:4]
    first = np.array(shape.ring[0])
    sides = np.roll(ring, -1, axis=0) - ring
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    if lengths[0] < lengths[1]:
        ring, lengths = np.roll(ring, -1, axis=0), np.roll(lengths, -1)
    ends = (ring[0] + ring[3]) / 2, (ring[1] + ring[2]) / 2
    length = float(lengths[0])
    if np.hypot(*(ends[1] - first)) < np.hypot(*(ends[0] - first)):
        ends = ends[1], ends[0]
    direction = (ends[1] - ends[0]) / length
    return Axis((float(ends[0][0]), float(ends[0][1])), (float(direction[0]), float(direction[1]))), length


def _near_end(extent: Extent) -> float:
    """The end that is known better."""
    return extent.start_m if extent.start_sigma_m <= extent.end_sigma_m else extent.end_m


def _same(group: list[_Found], one: _Found) -> bool:
    """Whether another camera sees this very vehicle: most of the shorter extent is shared."""
    if any(f.who[0] == one.who[0] for f in group):
        return False
    a, b = group[0].extent, one.extent
    shared = min(a.end_m, b.end_m) - max(a.start_m, b.start_m)
    return shared > SAME_SHARE * min(a.length_m, b.length_m)
