"""The shapes of a site, validated: areas, boundaries with gates, lanes.

Points are (x, y): metres on the ground where `camera` is None, else pixels of that camera's picture.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.errors import ShapeError
from geofence.hours import Hours
from geofence.polyline import Polyline

Point = tuple[float, float]
ZONE_KINDS = ("inside", "deck", "approach", "exit", "forbidden", "refuel")
EDGE_SHARE = 0.005  # of the picture: a point this near to its edge is on it
GATE_USES = ("entrance", "exit", "both")


@dataclass(frozen=True, slots=True)
class ZoneShape:
    """An area. holes: rings inside it that do not belong to it. hours: when it counts, None always.

    outer: the ring that counts for who came and went, where that reaches farther than the area drawn, as beyond a
    picture's edge; empty where it is the same.

    Raises ShapeError for fewer than three points, no area, a ring that crosses itself, or a hole that is not inside.
    """

    id: str
    kind: str
    ring: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()
    camera: str | None = None
    hours: Hours | None = None
    outer: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ZONE_KINDS:
            raise ShapeError(self.id, "kind", f"one of {', '.join(ZONE_KINDS)}, got {self.kind!r}")
        area = _ring(self.id, "points", self.ring)
        for number, hole in enumerate(self.holes):
            if not area.contains_properly(_ring(self.id, f"holes.{number}", hole)):
                raise ShapeError(self.id, f"holes.{number}", "a ring wholly inside the zone")

    def polygon(self) -> shapely.Polygon:
        """The area as drawn, as a shapely polygon."""
        return shapely.Polygon(self.ring, self.holes)

    @property
    def counted(self) -> tuple[Point, ...]:
        """The ring that counts for who came and went."""
        return self.outer or self.ring


@dataclass(frozen=True, slots=True)
class GateShape:
    """A stretch of a boundary, from start to end (both on it), where crossing is meant to happen."""

    id: str
    use: str
    start: Point
    end: Point


@dataclass(frozen=True, slots=True)
class BoundaryShape:
    """A line nobody crosses except through its gates.

    Inside is to the left of an open line as drawn (as a viewer of the picture sees left), and what a closed line
    encloses. corridor: full width, in metres or pixels, that must be passed before a crossing counts. perimeter: who
    crosses it outwards leaves the site.
    Raises ShapeError for zero length, a line that crosses itself, or a gate that is not on the line.
    """

    id: str
    line: tuple[Point, ...]
    corridor: float
    closed: bool = False
    gates: tuple[GateShape, ...] = ()
    camera: str | None = None
    perimeter: bool = True

    def __post_init__(self) -> None:
        if self.closed:
            _ring(self.id, "points", self.line)
        else:
            _line(self.id, self.line)
        if not self.corridor > 0:
            raise ShapeError(self.id, "corridor", f"a width above 0, got {self.corridor:g}")
        line = self.polyline()
        for gate in self.gates:
            self._check_gate(line, gate)

    def polyline(self) -> Polyline:
        """The boundary as a line that answers for many points at once."""
        return Polyline(np.array(self.line, dtype=np.float64), self.closed, self.camera is not None)

    def gate_spans(self) -> tuple[tuple[str, float, float], ...]:
        """(gate id, from, to) as arc lengths; to may exceed a closed line's length where the gate spans its start."""
        line = self.polyline()
        spans = []
        for gate in self.gates:
            a, b = line.locate(np.array([gate.start, gate.end], dtype=np.float64)).along
            low, high = float(min(a, b)), float(max(a, b))
            if self.closed and high - low > line.length / 2:
                low, high = high, low + line.length
            spans.append((gate.id, low, high))
        return tuple(spans)

    def _check_gate(self, line: Polyline, gate: GateShape) -> None:
        if gate.use not in GATE_USES:
            raise ShapeError(self.id, f"gates.{gate.id}.use", f"one of {', '.join(GATE_USES)}, got {gate.use!r}")
        if gate.start == gate.end:
            raise ShapeError(self.id, f"gates.{gate.id}", "'from' and 'to' at two different places")
        found = line.locate(np.array([gate.start, gate.end], dtype=np.float64))
        for field, distance in zip(("from", "to"), found.distance, strict=True):
            if distance > self.corridor / 2:
                unit = "px" if self.camera else "m"
                expected = f"a point on the boundary; it is {distance:.2f} {unit} away"
                raise ShapeError(self.id, f"gates.{gate.id}.{field}", expected)


@dataclass(frozen=True, slots=True)
class LaneShape:
    """A centre line in the legal direction of travel.

    width: in metres, or pixels in a picture. unit_m: metres that one unit of the line's points stands for: 1 on the
    ground, and the nominal metres per pixel for a lane drawn in a picture. manoeuvre: zones in which going back is
    legal. against_m and against_s: what must both be reached before a vehicle counts as going the wrong way.
    """

    id: str
    line: tuple[Point, ...]
    width: float
    against_m: float = 3.0
    against_s: float = 1.5
    manoeuvre: tuple[str, ...] = ()
    camera: str | None = None
    unit_m: float = 1.0

    def __post_init__(self) -> None:
        _line(self.id, self.line)
        for field in ("width", "against_m", "against_s", "unit_m"):
            if not getattr(self, field) > 0:
                raise ShapeError(self.id, field, f"a number above 0, got {getattr(self, field):g}")

    def polyline(self) -> Polyline:
        """The centre line."""
        return Polyline(np.array(self.line, dtype=np.float64), False, self.camera is not None)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Everything drawn for one site. Raises ShapeError where an id is used twice or a lane names an unknown zone."""

    zones: tuple[ZoneShape, ...] = ()
    boundaries: tuple[BoundaryShape, ...] = ()
    lanes: tuple[LaneShape, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for shape in self.each():
            if shape.id in seen:
                raise ShapeError(shape.id, "id", "an id no other shape has")
            seen.add(shape.id)
        zones = {zone.id for zone in self.zones}
        for lane in self.lanes:
            for zone in lane.manoeuvre:
                if zone not in zones:
                    raise ShapeError(lane.id, "manoeuvre", f"ids of zones; there is no zone {zone!r}")

    def each(self) -> Iterable[ZoneShape | BoundaryShape | LaneShape]:
        """All shapes: zones, boundaries, lanes."""
        return (*self.zones, *self.boundaries, *self.lanes)

    def on_ground(self) -> "Shapes":
        """The shapes drawn in metres."""
        return self._where(None)

    def in_picture(self, camera: str) -> "Shapes":
        """The shapes drawn in one camera's picture."""
        return self._where(camera)

    def _where(self, camera: str | None) -> "Shapes":
        zones = tuple(z for z in self.zones if z.camera == camera)
        known = {z.id for z in zones}
        lanes = []
        for lane in self.lanes:
            if lane.camera == camera:
                names = tuple(n for n in lane.manoeuvre if n in known)
                lanes.append(lane if names == lane.manoeuvre else _with_manoeuvre(lane, names))
        return Shapes(zones, tuple(b for b in self.boundaries if b.camera == camera), tuple(lanes))

    def check_pictures(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        """Raises ShapeError for a shape drawn outside its picture. sizes: width and height per camera."""
        for shape in self.each():
            if shape.camera is None:
                continue
            if shape.camera not in sizes:
                raise ShapeError(shape.id, "camera", f"a camera of this site, got {shape.camera!r}")
            width, height = sizes[shape.camera]
            for number, (x, y) in enumerate(shape.ring if isinstance(shape, ZoneShape) else shape.line):
                if not (0 <= x <= width and 0 <= y <= height):
                    inside = f"a point inside the picture of {width}×{height} px"
                    raise ShapeError(shape.id, f"image.{number}", f"{inside}, got ({x:g}, {y:g})")

    def to_edges(self, sizes: Mapping[str, tuple[int, int]]) -> "Shapes":
        """The same shapes, but picture zones drawn to an edge of their picture reach beyond it.

        A box that the picture cuts off ends on the edge, where a zone that ends there too would not hold it.
        """
        zones = [_to_edges(z, sizes[z.camera]) if z.camera else z for z in self.zones]
        return Shapes(tuple(zones), self.boundaries, self.lanes)


def _to_edges(zone: ZoneShape, size: tuple[int, int]) -> ZoneShape:
    def out(value: float, limit: int) -> float:
        near = EDGE_SHARE * limit
        return -limit if value <= near else 2.0 * limit if value >= limit - near else value

    ring = tuple((out(x, size[0]), out(y, size[1])) for x, y in zone.ring)
    return replace(zone, outer=ring)


def _with_manoeuvre(lane: LaneShape, names: tuple[str, ...]) -> LaneShape:
    return LaneShape(lane.id, lane.line, lane.width, lane.against_m, lane.against_s, names, lane.camera, lane.unit_m)


def _finite(shape: str, field: str, points: tuple[Point, ...], least: int) -> NDArray[np.float64]:
    array = np.array(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < least:
        raise ShapeError(shape, field, f"{least} or more points (x, y), got {len(points)}")
    if not np.isfinite(array).all():
        raise ShapeError(shape, field, "finite numbers")
    if np.abs(array).max() > 1e7:
        raise ShapeError(shape, field, "coordinates below ten million: local metres or pixels, not map numbers")
    return array


def _ring(shape: str, field: str, points: tuple[Point, ...]) -> shapely.Polygon:
    array = _finite(shape, field, points, 3)
    _distinct(shape, field, np.vstack([array, array[:1]]))
    polygon = shapely.Polygon(array)
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon)
        raise ShapeError(shape, field, f"a ring that does not cross or touch itself ({reason})")
    if polygon.area < 1e-6:
        raise ShapeError(shape, field, "a ring with an area")
    return polygon


def _line(shape: str, points: tuple[Point, ...]) -> None:
    array = _finite(shape, "points", points, 2)
    _distinct(shape, "points", array)
    if not shapely.LineString(array).is_simple:
        raise ShapeError(shape, "points", "a line that does not cross itself")


def _distinct(shape: str, field: str, array: NDArray[np.float64]) -> None:
    steps = np.hypot(*np.diff(array, axis=0).T)
    if (steps < 1e-3).any():
        number = int(np.flatnonzero(steps < 1e-3)[0])
        raise ShapeError(shape, field, f"neighbouring points apart; point {number} and the next are the same place")
