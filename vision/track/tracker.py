"""Follows vehicles and persons from frame to frame: one vehicle keeps one number from entering to leaving.

Two passes of assignment as in ByteTrack (Zhang et al., ECCV 2022): sure detections first, then the unsure ones for
what is left, because a half hidden truck scores low but is still there. Beyond it: a vehicle found in two
pieces is put together, a piece of a followed truck (its cab, its trailer) never becomes a vehicle of its own,
and what stood still when it was last seen is waited for longer than what drove.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, around, contained, overlaps
from vision.facts import Detections, VehicleClass
from vision.track.association import Pairs, by_distance, by_overlap
from vision.track.vehicle import CLASSES, PERSON, Vehicle

_LARGE = np.array([k in (VehicleClass.TRUCK, VehicleClass.TANKER, VehicleClass.DUMP_TRUCK) for k in CLASSES])


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """Scores are the detector's, times milliseconds."""

    sure: float = 0.4
    unsure: float = 0.12
    confirm_hits: int = 3
    confirm_moved: float = 0.15  # of its size; what has not moved is scenery until it scores twice what is sure
    keep_suspicion_ms: int = 700
    keep_moving_ms: int = 2500
    keep_standing_ms: int = 20_000
    keep_at_edge_ms: int = 700
    keep_whole_ms: int = 700  # unseen for longer, it is not put together from pieces: where it is now is a guess


class Tracker:
    """Tracks of one camera; the same detections at the same times give the same numbers."""

    def __init__(
        self, width: int, height: int, settings: TrackSettings | None = None, *, first_number: int = 1
    ) -> None:
        self._size = np.array([width, height, width, height], dtype=np.float64)
        self._set = settings or TrackSettings()
        self._next = first_number
        self._all: list[Vehicle] = []

    @property
    def vehicles(self) -> list[Vehicle]:
        """Confirmed tracks, in order of their numbers."""
        return sorted((v for v in self._all if v.number), key=lambda v: v.number)

    @property
    def suspicions(self) -> int:
        """How many things were found lately that may become vehicles."""
        return sum(1 for v in self._all if not v.number and v.hits < self._set.confirm_hits)

    def take_number(self) -> int:
        """The next number, for something that is told of without being followed here."""
        self._next += 1
        return self._next - 1

    def split(self, vehicle: Vehicle) -> int:
        """What is followed turns out to be another vehicle than before: it gets a number of its own."""
        vehicle.number = self.take_number()
        return vehicle.number

    def update(self, t_ms: int, found: Detections) -> list[Vehicle]:
        """Take in one frame's detections; returns the vehicles that have left for good."""
        found = _without_twins(found[found.scores >= self._set.unsure])
        predicted = np.array([v.predicted(t_ms) for v in self._all]).reshape(-1, 4)
        found = self._join_pieces(t_ms, found, predicted)
        alike = np.array([[v.person == (k == PERSON) for k in found.classes] for v in self._all], dtype=bool)
        alike = alike.reshape(len(self._all), len(found))
        pairs = self._associate(t_ms, found, predicted, alike)
        for i, j in pairs:
            self._all[i].see(t_ms, found.boxes[j], float(found.scores[j]), int(found.classes[j]))
            self._all[i].edge = self._at_edge(found.boxes[j])
        taken = {j for _, j in pairs}
        fresh = [j for j in range(len(found)) if j not in taken and found.scores[j] >= self._set.sure]
        self._begin(t_ms, found, fresh)
        self._confirm(t_ms)
        return self._end(t_ms)

    def finish(self) -> list[Vehicle]:
        """Nothing more will come: every confirmed vehicle has left."""
        left, self._all = self.vehicles, []
        return left

    def _associate(self, t_ms: int, found: Detections, predicted: Boxes, alike: NDArray[np.bool_]) -> Pairs:
        sure = found.scores >= self._set.sure
        pairs: Pairs = []
        free_rows = np.ones(len(self._all), dtype=bool)
        free_columns = np.ones(len(found), dtype=bool)

        def take(new: Pairs) -> None:
            for i, j in new:
                free_rows[i] = free_columns[j] = False
            pairs.extend(new)

        def open_to(columns: NDArray[np.bool_]) -> NDArray[np.bool_]:
            return alike & free_rows[:, None] & (free_columns & columns)[None, :]

        alike = alike & ~self._against(t_ms, found.boxes)
        confirmed = np.array([v.number > 0 for v in self._all], dtype=bool).reshape(-1, 1)
        scenery = np.array([self._is_scenery(v) for v in self._all], dtype=bool).reshape(-1, 1)
        take(by_overlap(predicted, found.boxes, open_to(np.ones_like(sure)) & scenery, 0.6))
        take(by_overlap(predicted, found.boxes, open_to(sure) & confirmed, 0.2))
        take(by_overlap(predicted, found.boxes, open_to(~sure) & confirmed, 0.35))
        take(by_overlap(predicted, found.boxes, open_to(sure), 0.2))
        unseen_s = np.array([(t_ms - v.seen_ms) / 1000 for v in self._all])
        edge = np.array([v.edge and v.number > 0 for v in self._all], dtype=bool)
        known = np.array([v.hits > 2 for v in self._all], dtype=bool)
        near = np.where(known, 0.4 + 0.4 * unseen_s, 1.0)
        reach = np.where(edge & (unseen_s > 0.3), 0.0, np.minimum(near, 1.2))
        take(by_distance(predicted, found.boxes, open_to(sure), reach))
        return pairs

    def _against(self, t_ms: int, boxes: Boxes) -> NDArray[np.bool_]:
        """(tracks, detections): where a driving vehicle would have jumped back, as one that follows it seems to."""
        out = np.zeros((len(self._all), len(boxes)), dtype=bool)
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        for i, vehicle in enumerate(self._all):
            velocity = (vehicle.velocity[:2] + vehicle.velocity[2:]) / 2
            speed = float(np.linalg.norm(velocity))
            if vehicle.hits > 2 and vehicle.edge:
                out[i] |= self._back_from_edge(t_ms, vehicle, boxes)
            if vehicle.hits > 2 and speed > 0.25 * vehicle.size:
                last = (vehicle.box[:2] + vehicle.box[2:]) / 2
                out[i] |= (middles - last) @ velocity / speed < -0.12 * vehicle.size
        return out

    def _back_from_edge(self, t_ms: int, vehicle: Vehicle, boxes: Boxes) -> NDArray[np.bool_]:
        """Boxes well inside the picture where the vehicle was just cut off by its left, right or lower edge."""
        width, height = self._size[0], self._size[1]
        x0, _, x1, y1 = vehicle.box
        far = 0.3 * vehicle.size + 1.5 * float(np.abs(vehicle.velocity).max()) * (t_ms - vehicle.seen_ms) / 1000
        left = (x0 <= 0.015 * width) & (boxes[:, 0] > far)
        right = (x1 >= 0.985 * width) & (width - boxes[:, 2] > far)
        lower = (y1 >= 0.985 * height) & (height - boxes[:, 3] > far)
        back: NDArray[np.bool_] = left | right | lower
        return back

    def _join_pieces(self, t_ms: int, found: Detections, predicted: Boxes) -> Detections:
        """Where a followed vehicle was found in pieces, one detection around them in their place.

        What lies where another vehicle is expected is no piece of this one.
        """
        inside = contained(found.boxes, predicted) > 0.8
        numbered = np.array([v.number > 0 for v in self._all], dtype=bool)
        expected = (overlaps(found.boxes, predicted) > 0.5) & numbered
        gone = np.zeros(len(found), dtype=bool)
        boxes, scores = found.boxes.copy(), found.scores.copy()
        for i, vehicle in enumerate(self._all):
            if not vehicle.number or vehicle.person or t_ms - vehicle.seen_ms > self._set.keep_whole_ms:
                continue
            anothers = expected.sum(axis=1) > expected[:, i]
            pieces = np.flatnonzero(inside[:, i] & ~anothers & (found.classes != PERSON) & ~gone)
            if len(pieces) < 2:
                continue
            whole = around(found.boxes[pieces])
            alone = overlaps(predicted[i : i + 1], found.boxes[pieces]).max()
            if overlaps(predicted[i : i + 1], whole[None])[0, 0] > alone + 0.1:
                first = pieces[int(found.scores[pieces].argmax())]
                boxes[first], scores[first] = whole, found.scores[pieces].max()
                gone[pieces] = pieces != first
        return Detections(boxes, scores, found.classes)[~gone]

    def _begin(self, t_ms: int, found: Detections, fresh: list[int]) -> None:
        for j in fresh:
            self._all.append(Vehicle(t_ms, found.boxes[j], float(found.scores[j]), int(found.classes[j])))

    def _confirm(self, t_ms: int) -> None:
        """Suspicions seen often enough become vehicles, largest first; pieces of a large vehicle never do."""
        ready = [v for v in self._all if not v.number and v.hits >= self._set.confirm_hits and v.seen_ms == t_ms]
        for vehicle in sorted(ready, key=lambda v: -v.size):
            large = [v for v in self._all if v.number and v is not vehicle and _LARGE[CLASSES.index(v.kind)]]
            if not self._is_scenery(vehicle) and not any(_piece(vehicle, whole) for whole in large):
                vehicle.number = self.take_number()

    def _is_scenery(self, vehicle: Vehicle) -> bool:
        """Whether what was found is likely a building or a post: it was never sure and has never moved."""
        unmoved = vehicle.moved < self._set.confirm_moved and vehicle.best < 2 * self._set.sure
        return not vehicle.number and vehicle.hits >= self._set.confirm_hits and unmoved

    def _end(self, t_ms: int) -> list[Vehicle]:
        left = [v for v in self._all if t_ms - v.seen_ms > self._patience_ms(v)]
        self._all = [v for v in self._all if v not in left]
        return sorted((v for v in left if v.number), key=lambda v: v.number)

    def _patience_ms(self, vehicle: Vehicle) -> int:
        if not vehicle.number:
            return self._set.keep_suspicion_ms
        if vehicle.still_ms is not None and vehicle.seen_ms - vehicle.still_ms > 1000:
            return self._set.keep_standing_ms
        return self._set.keep_at_edge_ms if vehicle.edge else self._set.keep_moving_ms

    def _at_edge(self, box: NDArray[np.float64]) -> bool:
        margin = 0.01 * self._size[:2].max()
        return bool((box[:2] <= margin).any() or (box[2:] >= self._size[2:] - margin).any())


def _piece(part: Vehicle, whole: Vehicle) -> bool:
    """Whether something found is a part of a vehicle: inside it, and no nearer to the camera than it stands."""
    inside = contained(part.box[None], whole.box[None])[0, 0] > 0.7
    height = whole.box[3] - whole.box[1]
    return not part.person and bool(inside and part.box[3] <= whole.box[3] + 0.03 * height)


def _without_twins(found: Detections) -> Detections:
    """The detections without lower scoring ones that cover the same vehicle, whatever their class."""
    order = np.argsort(-found.scores, kind="stable")
    shared = overlaps(found.boxes, found.boxes)
    keep: list[int] = []
    for j in order:
        rivals = [k for k in keep if (found.classes[k] == PERSON) == (found.classes[j] == PERSON)]
        if not any(shared[j, k] > 0.7 for k in rivals):
            keep.append(int(j))
    return found[np.array(sorted(keep), dtype=np.int64)]
