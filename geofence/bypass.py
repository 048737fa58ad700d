"""Bypass: a vehicle was inside and left the site without having been weighed between. A statement over facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from geofence.movement import Movement, MovementKind
from geofence.shapes import Shapes

WITHIN = ("inside", "deck", "refuel")  # kinds of zones that lie inside a site


@dataclass(frozen=True, slots=True)
class Topology:
    """What a site's shapes mean for getting in and out.

    perimeter: boundaries; crossing one outwards leaves the site. within: zones that lie inside it. exits: zones one can
    only be in when leaving, for sites without a perimeter. gates: use ("entrance", "exit", "both") of each gate.
    """

    perimeter: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    exits: frozenset[str] = frozenset()
    gates: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, shapes: Shapes) -> Self:
        """The topology that zones' kinds and boundaries say."""
        return cls(
            frozenset(b.id for b in shapes.boundaries if b.perimeter),
            frozenset(z.id for z in shapes.zones if z.kind in WITHIN),
            frozenset(z.id for z in shapes.zones if z.kind == "exit"),
            tuple((g.id, g.use) for b in shapes.boundaries for g in b.gates),
        )


@dataclass(frozen=True, slots=True)
class Departure:
    """A vehicle left the site. through: the boundary crossed or the exit entered; gate: None where there is none."""

    t_ms: int
    vehicle: str
    through: str
    gate: str | None
    gate_use: str | None


@dataclass(frozen=True, slots=True)
class Bypass:
    """Seen inside, gone, not weighed between. inside_ms: first seen inside; transit_ms: from then to the departure."""

    inside_ms: int
    departure: Departure
    transit_ms: int

    @property
    def beside_gate(self) -> bool:
        """Left where there is no gate."""
        return self.departure.gate is None

    @property
    def against_use(self) -> bool:
        """Left through a gate that is only an entrance."""
        return self.departure.gate_use == "entrance"


def departures(movements: Iterable[Movement], topology: Topology) -> list[Departure]:
    """Every time one vehicle left the site, by its movements in any order."""
    uses = dict(topology.gates)
    found = []
    for m in sorted(movements, key=lambda m: m.t_ms):
        crossed = m.kind is MovementKind.CROSSED and m.shape in topology.perimeter and m.direction == "out"
        exited = not topology.perimeter and m.kind is MovementKind.ENTERED and m.shape in topology.exits
        if crossed or exited:
            use = uses.get(m.gate) if m.gate is not None else None
            found.append(Departure(m.t_ms, m.vehicle, m.shape, m.gate, use))
    return found


def bypasses(movements: Sequence[Movement], weighed_ms: Sequence[int], topology: Topology) -> list[Bypass]:
    """Every bypass in one vehicle's movements (all its keys together, any order).

    weighed_ms: when its weight was taken. A vehicle counts as seen inside from when it crossed the perimeter inwards,
    or was seen in a zone within it, whichever came first since it last left. Of one only ever seen leaving nothing is
    said: it may have been weighed before anybody saw it.
    """
    inside_ms: int | None = None
    leaving = {(d.t_ms, d.through): d for d in departures(movements, topology)}
    found = []
    for m in sorted(movements, key=lambda m: m.t_ms):
        departure = leaving.get((m.t_ms, m.shape)) if m.kind in _LEAVING else None
        if departure is None:
            if inside_ms is None and _shows_inside(m, topology):
                inside_ms = m.t_ms
            continue
        if inside_ms is not None:
            start = inside_ms
            if not any(start <= t <= m.t_ms for t in weighed_ms):
                found.append(Bypass(start, departure, m.t_ms - start))
        inside_ms = None
    return found


_LEAVING = (MovementKind.CROSSED, MovementKind.ENTERED)


def _shows_inside(movement: Movement, topology: Topology) -> bool:
    came_in = movement.kind is MovementKind.CROSSED and movement.direction == "in"
    within = movement.kind is MovementKind.ENTERED and movement.shape in topology.within
    return (came_in and movement.shape in topology.perimeter) or within
