"""What each vehicle looks like, from the few best crops of its pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.attributes import AttributeScores
from vision.facts import VehicleLook
from vision.source import Frame, Image
from vision.track import Vehicle

LEAST_PX = 40.0  # of a box's shorter side; smaller vehicles show neither wheels nor colour
MOST_LOOKS = 8
_FIRST, _FIRST_APART_MS = 3, 350  # looks while a vehicle is new
_LARGER, _TURNED = 1.3, 1.35  # how much larger, or wider for its height, it must be seen to be worth another look
_CUT_OFF = 0.3  # worth of a look at a vehicle that the picture's side cuts off


class Attributes(Protocol):
    """Sees colour and axles: of one crop, and of a pass's crops together."""

    def scores(self, frame: Image, box: NDArray[np.float64]) -> AttributeScores: ...

    def judge(self, scores: Sequence[AttributeScores], weights: Sequence[float]) -> VehicleLook: ...


@dataclass(slots=True)
class _Pass:
    """The looks at one vehicle: scores with their worth, and what was seen of it at each."""

    looks: list[tuple[float, AttributeScores]] = field(default_factory=list)
    asked: int = 0
    last_ms: int = -(2**62)
    largest: float = 0.0
    aspects: tuple[float, float] = (np.inf, 0.0)
    judged: VehicleLook | None = None


class LookBook:
    """Keeps what was seen of each vehicle in view. The network runs a handful of times a pass, never per frame."""

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._passes: dict[int, _Pass] = {}

    def see(self, frame: Frame, vehicles: Sequence[Vehicle]) -> None:
        """Look at the vehicles found in this frame that are seen better than before."""
        for vehicle in vehicles:
            if vehicle.seen_ms == frame.t_ms and not vehicle.person and vehicle.number:
                self._see(frame, vehicle, self._passes.setdefault(vehicle.number, _Pass()))

    def look(self, number: int) -> VehicleLook | None:
        """What is known of a vehicle so far; None before it was looked at."""
        known = self._passes.get(number)
        if known is None or not known.looks:
            return None
        if known.judged is None:
            known.judged = self._attributes.judge([s for _, s in known.looks], [w for w, _ in known.looks])
        return known.judged

    def close(self, number: int) -> None:
        """Forget a vehicle that is gone."""
        self._passes.pop(number, None)

    def _see(self, frame: Frame, vehicle: Vehicle, known: _Pass) -> None:
        width, height = (float(v) for v in vehicle.box[2:] - vehicle.box[:2])
        if min(width, height) < LEAST_PX or not _worth_it(known, frame.t_ms, vehicle.size, width / height):
            return
        worth = float(np.clip(vehicle.size / 150, 0.2, 2.0)) * vehicle.score * (_CUT_OFF if vehicle.edge else 1.0)
        known.looks.append((worth, self._attributes.scores(frame.image, vehicle.box)))
        known.asked += 1
        known.last_ms, known.judged = frame.t_ms, None
        known.largest = max(known.largest, vehicle.size)
        known.aspects = min(known.aspects[0], width / height), max(known.aspects[1], width / height)
        if len(known.looks) > MOST_LOOKS:
            known.looks.remove(min(known.looks, key=lambda one: one[0]))


def _worth_it(known: _Pass, t_ms: int, size: float, aspect: float) -> bool:
    """Whether a vehicle is new, larger than before or seen from another side."""
    if t_ms - known.last_ms < _FIRST_APART_MS or known.asked >= 2 * MOST_LOOKS:
        return False
    turned = aspect > _TURNED * known.aspects[1] or aspect < known.aspects[0] / _TURNED
    return known.asked < _FIRST or size > _LARGER * known.largest or turned
