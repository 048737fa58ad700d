"""What positions say: which registered vehicles are in which areas, and whose signal is lost or jumps. Pure."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from gate.facts import Fact, Position, ReceiverState
from gate.fraud.rule import Vehicles
from gate.site.model import Site
from gate.site.shapes import satellite_areas
from geofence.coordinates import Datum
from geofence.satellite import SatelliteFence


class SatelliteGuard:
    """The satellite fences of a site. Vehicles that are not on the register are not followed."""

    def __init__(self, site: Site, vehicles: Vehicles) -> None:
        self._fence = SatelliteFence(satellite_areas(site)) if site.satellite else None
        self._vehicles = vehicles

    def take(self, t_ms: int, positions: Sequence[Position]) -> list[Fact]:
        """Movements and receivers' states by the positions of one instant."""
        facts: list[Fact] = []
        followed = [p for p in positions if self._vehicles.lists(p.vehicle)]
        if self._fence is None or not followed:
            return facts
        for datum, group in groupby(sorted(followed, key=lambda p: (p.datum, p.vehicle)), key=lambda p: p.datum):
            batch = list(group)
            places = np.array([(p.lon, p.lat) for p in batch])
            movements, changes = self._fence.update(t_ms, [p.vehicle for p in batch], places, Datum(datum))
            facts += movements
            facts += [ReceiverState(c.t_ms, c.vehicle, c.state.value, c.since_ms) for c in changes]
        return facts

    def expire(self, t_ms: int) -> list[Fact]:
        """Whose signal has been lost by an instant."""
        changes = self._fence.expire(t_ms) if self._fence is not None else []
        return [ReceiverState(c.t_ms, c.vehicle, c.state.value, c.since_ms) for c in changes]
