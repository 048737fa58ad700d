"""How large vehicles are, by class, and how a vehicle's length becomes known by looking at it.

Lengths are what GB 1589-2016 allows and what is built: nothing within the class's range is likelier than the rest. A
vehicle seen from the side shows its length; a vehicle is never shorter than the widest it has been seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
WIDEST = 5  # looks in which a vehicle was at least so wide, before it counts
LEAST_SIGMA_M = 0.25  # no length is known better by looking


@dataclass(frozen=True, slots=True)
class Build:
    """What is known of a class before a vehicle of it is seen, in metres.

    nose, tail: from the front (rear) end to where the nearest tyre meets the ground, with one sigma. edge: height of
    the body's lower edge at its ends, with one sigma.
    """

    shortest_m: float
    longest_m: float
    width_m: float
    nose_m: tuple[float, float]
    tail_m: tuple[float, float]
    edge_m: tuple[float, float]

    def length(self, least_m: float = 0.0) -> tuple[float, float]:
        """Length and its sigma, of a vehicle known to be at least so long."""
        low = min(max(self.shortest_m, least_m), self.longest_m)
        return (low + self.longest_m) / 2, max((self.longest_m - low) / 12**0.5, LEAST_SIGMA_M)


BUILDS = {
    "car": Build(3.2, 5.4, 1.8, (0.65, 0.15), (0.65, 0.2), (0.22, 0.06)),
    "van": Build(4.4, 7.0, 2.0, (0.7, 0.2), (0.9, 0.3), (0.25, 0.08)),
    "bus": Build(6.0, 13.7, 2.5, (2.2, 0.4), (2.6, 0.6), (0.3, 0.08)),
    "truck": Build(5.5, 18.1, 2.5, (1.2, 0.25), (1.6, 0.6), (0.4, 0.1)),
    "tanker": Build(5.5, 18.1, 2.5, (1.2, 0.25), (1.6, 0.6), (0.4, 0.1)),
    "dump_truck": Build(5.0, 12.0, 2.5, (1.2, 0.25), (0.8, 0.5), (0.4, 0.1)),
}
UNKNOWN = Build(3.2, 18.1, 2.3, (1.0, 0.4), (1.2, 0.6), (0.35, 0.12))


def build(kind: str) -> Build:
    """What is known of a class."""
    return BUILDS.get(kind, UNKNOWN)


class WidestViews:
    """How wide each vehicle of one camera has been seen, which is the least it is long.

    Slots are those of Vehicles. A view counts once the vehicle was as wide in WIDEST looks.
    """

    def __init__(self) -> None:
        self._widest = np.zeros((0, WIDEST))

    def reset(self, slots: Sequence[int], capacity: int) -> None:
        """Void what is known of some slots, and make room."""
        more = capacity - len(self._widest)
        if more > 0:
            self._widest = np.pad(self._widest, ((0, more), (0, 0)))
        self._widest[list(slots)] = 0.0

    def update(self, slots: Index, across_m: Array) -> None:
        """(N,) how wide vehicles are seen, across the line of sight, at the distance of their nearest point."""
        smallest = self._widest[slots, 0]
        wider = across_m > smallest
        if wider.any():
            rows = slots[wider]
            self._widest[rows, 0] = across_m[wider]
            self._widest[rows] = np.sort(self._widest[rows], axis=1)

    def update_one(self, slot: int, across_m: float, width_m: float) -> float:
        """`update` and `least_m` of one vehicle, faster."""
        if across_m > self._widest.item(slot, 0):
            self._widest[slot, 0] = across_m
            self._widest[slot].sort()
        return math.sqrt(max(self._widest.item(slot, 0) ** 2 - width_m**2, 0.0))

    def least_m(self, slots: Index, widths_m: Array) -> Array:
        """(N,) the least length of vehicles so wide: a footprint is no wider than its diagonal. 0 where unknown."""
        diagonal = self._widest[slots, 0]
        least: Array = np.sqrt(np.maximum(diagonal**2 - widths_m**2, 0.0))
        return least
