"""Who is on a deck: which vehicles, wholly or partly, at which end they hang over, and people."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.footprint import Axis, Extent, fit_extent
from geofence.observations import Observations
from geofence.plane import GroundPlane
from geofence.shapes import ZoneShape
from geofence.vehicles import PERSON

Array = NDArray[np.float64]
HOLD_MS = 2_000  # a vehicle not seen for this long is still taken to be where it was
SMOOTH_MS = 1_000
SAME_SHARE = 0.5  # two cameras' extents that share this much of the shorter one are one vehicle
TOUCH_M = 0.3  # of a vehicle over the deck before it is on it
REACH_M = 25.0  # how far from the deck a foot may be for its vehicle to reach it


@dataclass(frozen=True, slots=True)
class OnDeck:
    """One vehicle on a deck.

    vehicles: its key at each camera that sees it. start_m, end_m: its stretch of the deck's long side, from the deck's
    start (its first drawn side). off_start_m, off_end_m: how far it hangs over each end, 0 within; sigma as one
    standard deviation of the measured ends. wheels_on, wheels_off: of the wheels seen.
    All of these are in pixels where the deck is drawn in a picture.
    """

    vehicles: tuple[str, ...]
    kind: str
    start_m: float
    end_m: float
    off_start_m: float
    off_end_m: float
    sigma_start_m: float
    sigma_end_m: float
    wheels_on: int = 0
    wheels_off: int = 0

    def partly_off(self, threshold_m: float, sigmas: float = 2.0) -> bool:
        """Whether it hangs over an end by more than a threshold, and by more than the measurement may be wrong."""
        if self.wheels_off:
            return True
        start = self.off_start_m > max(threshold_m, sigmas * self.sigma_start_m)
        end = self.off_end_m > max(threshold_m, sigmas * self.sigma_end_m)
        return start or end

    @property
    def wholly_on(self) -> bool:
        """Whether no part of it was measured over an end and no wheel was seen off."""
        return self.off_start_m <= 0 and self.off_end_m <= 0 and self.wheels_off == 0


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who is on a deck at one instant, ordered along it."""

    t_ms: int
    deck: str
    vehicles: tuple[OnDeck, ...] = ()
    persons: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nobody and nothing seen on it."""
        return not self.vehicles and not self.persons


@dataclass(slots=True)
class _Seen:
    kind: str
    extents: deque[tuple[int, Extent]] = field(default_factory=deque)
    wheels: tuple[int, int] = (0, 0)
    last_ms: int = 0


class DeckWatch:
    """Watches one deck through every camera that sees it. Vehicles on a deck lie along its long side."""

    def __init__(self, shape: ZoneShape) -> None:
        self.shape = shape
        self._polygon = shape.polygon()
        self._axis, self._length = _long_side(shape)
        self._vehicles: dict[tuple[str, str], _Seen] = {}
        self._persons: dict[tuple[str, str], int] = {}

    def update(self, t_ms: int, camera: str, seen: Observations, plane: GroundPlane | None) -> None:
        """Take in what a camera saw."""
        on_ground = self.shape.camera is None
        feet = seen.ground if on_ground else seen.feet()
        for row in np.flatnonzero(np.isfinite(feet[:, 0])).tolist():
            who, kind = (camera, seen.keys[row]), seen.kinds[row]
            if kind == PERSON:
                self._see_person(t_ms, who, feet[row])
                continue
            extent = self._extent(seen.boxes[row], kind, feet[row], plane)
            wheels = (seen.wheels or {}).get(seen.keys[row])
            if wheels is not None and on_ground:
                wheels = plane.to_ground(wheels) if plane is not None else None
            self._see_vehicle(t_ms, who, kind, extent, self._count(wheels))

    def occupancy(self, t_ms: int) -> Occupancy:
        """Who is on the deck at an instant, by what was last seen of everyone."""
        for old in [k for k, v in self._vehicles.items() if t_ms - v.last_ms > HOLD_MS]:
            del self._vehicles[old]
        for key in [k for k, last_ms in self._persons.items() if t_ms - last_ms > HOLD_MS]:
            del self._persons[key]
        found = [(_middle(v.extents), k, v) for k, v in sorted(self._vehicles.items())]
        groups: list[list[tuple[Extent, tuple[str, str], _Seen]]] = []
        for one in sorted(found, key=lambda f: (f[0].start_m, f[1])):
            same = next((g for g in groups if _same(g, one)), None)
            if same is None:
                groups.append([one])
            else:
                same.append(one)
        vehicles = tuple(self._on_deck(group) for group in groups)
        return Occupancy(t_ms, self.shape.id, vehicles, tuple(sorted(key for _, key in self._persons)))

    def _see_person(self, t_ms: int, key: tuple[str, str], foot: Array) -> None:
        if shapely.contains_xy(self._polygon, foot[0], foot[1]):
            self._persons[key] = t_ms
        else:
            self._persons.pop(key, None)

    def _see_vehicle(
        self, t_ms: int, key: tuple[str, str], kind: str, extent: Extent | None, wheels: tuple[int, int]
    ) -> None:
        if extent is None or not self._touches(extent):
            self._vehicles.pop(key, None)
            return
        seen = self._vehicles.setdefault(key, _Seen(kind))
        seen.kind, seen.last_ms, seen.wheels = kind, t_ms, wheels
        seen.extents.append((t_ms, extent))
        while seen.extents[0][0] < t_ms - SMOOTH_MS:
            seen.extents.popleft()

    def _extent(self, box: Array, kind: str, foot: Array, plane: GroundPlane | None) -> Extent | None:
        if self.shape.camera is not None:
            along = self._axis.to_axis(np.array([[box[0], box[3]], [box[2], box[3]]]))
            low, high = float(along[:, 0].min()), float(along[:, 0].max())
            return Extent(low, high, 2.0, 2.0, float(along[:, 1].mean()), float(np.ptp(along[:, 1])))
        if plane is None or shapely.distance(self._polygon, shapely.Point(foot)) > REACH_M:
            return None
        sigma_px = max(0.02 * float(box[3] - box[1]), 1.0)
        return fit_extent(box, kind, plane, self._axis, sigma_px)

    def _count(self, wheels: Array | None) -> tuple[int, int]:
        """How many of the wheels seen stand on the deck, and how many beside it."""
        if wheels is None:
            return 0, 0
        known = wheels[np.isfinite(wheels[:, 0])]
        on = int(shapely.contains_xy(self._polygon, known).sum())
        return on, len(known) - on

    def _touches(self, extent: Extent) -> bool:
        low, high = max(extent.start_m, 0.0), min(extent.end_m, self._length)
        if high - low <= TOUCH_M:
            return False
        middle = self._axis.to_ground(np.array([[(low + high) / 2, extent.across_m]]))
        return bool(shapely.contains_xy(self._polygon, middle[0, 0], middle[0, 1]))

    def _on_deck(self, group: list[tuple[Extent, tuple[str, str], _Seen]]) -> OnDeck:
        starts = [(e.start_sigma_m, e.start_m) for e, _, _ in group]
        ends = [(e.end_sigma_m, e.end_m) for e, _, _ in group]
        (sigma_start, start), (sigma_end, end) = min(starts), min(ends)
        wheels = max((v.wheels for _, _, v in group), key=sum)
        return OnDeck(
            tuple(key for _, (_, key), _ in group),
            group[0][2].kind,
            round(start, 2),
            round(end, 2),
            round(max(-start, 0.0), 2),
            round(max(end - self._length, 0.0), 2),
            round(sigma_start, 2),
            round(sigma_end, 2),
            *wheels,
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


def _middle(extents: deque[tuple[int, Extent]]) -> Extent:
    values = np.array([(e.start_m, e.end_m, e.start_sigma_m, e.end_sigma_m, e.across_m, e.width_m) for _, e in extents])
    return Extent(*(float(v) for v in np.median(values, axis=0)))


def _same(group: list[tuple[Extent, tuple[str, str], _Seen]], one: tuple[Extent, tuple[str, str], _Seen]) -> bool:
    """Whether another camera sees this very vehicle: most of the shorter extent is shared."""
    if any(key[0] == one[1][0] for _, key, _ in group):
        return False
    a, b = group[0][0], one[0]
    shared = min(a.end_m, b.end_m) - max(a.start_m, b.start_m)
    return shared > SAME_SHARE * min(a.end_m - a.start_m, b.end_m - b.start_m)
