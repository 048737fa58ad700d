"""Short drives for tests: positions in metres as one camera would report them."""

from collections.abc import Iterable, Sequence

import numpy as np

from geofence.fence import SiteFence
from geofence.movement import Movement, MovementKind
from geofence.observations import Row
from geofence.shapes import BoundaryShape, GateShape, LaneShape, Shapes, ZoneShape

Place = tuple[float, float]
PX = 20.0

# Drawn westward, so that left, the inside, is to the south: y < 10.
LINE = BoundaryShape(
    "围墙", ((30.0, 10.0), (-30.0, 10.0)), 2.0, gates=(GateShape("东门", "both", (5.0, 10.0), (0.0, 10.0)),)
)


def row(key: str, place: Place, kind: str = "truck", size_m: float = 3.0) -> Row:
    """One observation at a ground point; its box is where a camera straight above would draw it."""
    x, y = place[0] * PX, -place[1] * PX
    half = size_m * PX / 2
    return key, (x - half, y - half, x + half, y + half), place, kind


def drive(fence: SiteFence, frames: Iterable[Sequence[Row]], start_ms: int = 0, step_ms: int = 100) -> list[Movement]:
    """Everything a fence says of frames at an even pace, without its last word."""
    out: list[Movement] = []
    for number, seen in enumerate(frames):
        out += fence.update(start_ms + number * step_ms, "camera", seen)
    return out


def line(start: Place, end: Place, count: int) -> list[Place]:
    """So many places from start to end."""
    return [tuple(p) for p in np.linspace(start, end, count).tolist()]


def crossings(movements: Iterable[Movement]) -> list[tuple[str, str | None, str | None]]:
    """(vehicle, direction, gate) of every crossing."""
    return [(m.vehicle, m.direction, m.gate) for m in movements if m.kind is MovementKind.CROSSED]


def kinds(movements: Iterable[Movement], *wanted: MovementKind) -> list[MovementKind]:
    """The kinds of movements, in order, of some kinds only."""
    return [m.kind for m in movements if not wanted or m.kind in wanted]


def boundary_fence(boundary: BoundaryShape = LINE) -> SiteFence:
    """A fence of one boundary."""
    return SiteFence(Shapes((), (boundary,), ()))


def zone_fence(*zones: ZoneShape) -> SiteFence:
    """A fence of some zones."""
    return SiteFence(Shapes(zones, (), ()))


def lane_fence(*lanes: LaneShape, zones: tuple[ZoneShape, ...] = ()) -> SiteFence:
    """A fence of some lanes, and the zones they name."""
    return SiteFence(Shapes(zones, (), lanes))
