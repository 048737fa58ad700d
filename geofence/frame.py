"""The watches over shapes that share coordinates: the ground, or one camera's picture."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.crossing import BoundaryWatch
from geofence.lanes import LaneWatch, Seen, SeenOne
from geofence.movement import Movement
from geofence.shapes import Shapes
from geofence.zones import ZoneWatch

Index = NDArray[np.int64]


class Frame:
    """Watches over all shapes of one frame, for the vehicles of one camera. busy: whether there are any.

    margin: how far (metres or pixels) past a zone's edge a vehicle must be before it counts as in or out.
    """

    def __init__(self, shapes: Shapes, margin: float, confirm_ms: int) -> None:
        self.busy = bool(tuple(shapes.each()))
        self.zones = ZoneWatch(shapes.zones, margin, confirm_ms)
        self.lanes = LaneWatch(shapes.lanes)
        self.boundaries = [BoundaryWatch(b, confirm_ms) for b in shapes.boundaries]
        self._excuses = [self.zones.columns(lane.manoeuvre) for lane in shapes.lanes]

    def reset(self, slots: Sequence[int], capacity: int) -> None:
        """Void what is known of some slots, and make room."""
        self.zones.reset(slots, capacity)
        self.lanes.reset(slots, capacity)
        for boundary in self.boundaries:
            boundary.reset(slots, capacity)

    def update_one(
        self, t_ms: int, slot: int, seen: SeenOne, told: Mapping[int, int] | None = None
    ) -> list[tuple[int, Movement]]:
        """The same as `update` of one vehicle, faster. told: what its footprint says of zones, by their numbers."""
        if not self.busy:
            return []
        out = self.zones.update_one(t_ms, slot, seen.x, seen.y, told or {})
        for boundary in self.boundaries:
            out += boundary.update_one(t_ms, slot, seen.x, seen.y, seen.spread)
        excused = [bool(zones) and self.zones.within(slot, zones) for zones in self._excuses]
        return out + self.lanes.update_one(t_ms, slot, seen, excused)

    def update(
        self, t_ms: int, slots: Index, seen: Seen, told: Mapping[int, Mapping[int, int]] | None = None
    ) -> list[tuple[int, Movement]]:
        """Movements, each with its slot. told: by slot, what footprints say of zones, by their numbers."""
        if not self.busy:
            return []
        out = self.zones.update(t_ms, slots, seen.points, told or {})
        for boundary in self.boundaries:
            out += boundary.update(t_ms, slots, seen.points, seen.spread)
        excused = np.zeros((len(slots), len(self._excuses)), bool)
        for number, zones in enumerate(self._excuses):
            if zones:
                excused[:, number] = self.zones.contains(slots, zones)
        return out + self.lanes.update(t_ms, slots, seen, excused)
