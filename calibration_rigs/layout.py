"""Where a site's parts stand, read from its site file; a site that cannot exist is refused with the reason."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from calibration_rigs.camera import View, residual_px, view_of
from calibration_rigs.errors import SiteImpossible
from gate.site.areas import Boundary, Lane, Point, Zone
from gate.site.devices import Beam, Scale
from gate.site.model import Site

Points = NDArray[np.float64]
CELL_SPACING_M = 6.5
MOST_RESIDUAL_PX = 6.0
MOST_BEAM_M = 60.0
LONGEST_ARM_M = 6.0
GAP_M = 5.0
ROAD_OFF_M, ROAD_REACH_M, ROAD_WIDTH_M = 30.0, 120.0, 9.0  # of the public road: from the fence, to both sides, wide


@dataclass(frozen=True, slots=True)
class Deck:
    """A weighbridge: a rectangle on the ground, length along `yaw` (radians)."""

    id: str
    scale: str
    centre: tuple[float, float]
    length: float
    width: float
    yaw: float
    capacity_kg: float
    e_kg: float

    def cells(self) -> Points:
        """Where the load cells stand, (n, 2) in the deck's own frame: pairs along its length."""
        pairs = max(2, round(self.length / CELL_SPACING_M) + 1)
        xs = np.linspace(-self.length / 2 + 0.4, self.length / 2 - 0.4, pairs)
        return np.array([(x, y) for x in xs for y in (-self.width / 2 + 0.3, self.width / 2 - 0.3)])

    def world(self, points: Points) -> Points:
        """Points of the deck's own frame on the ground, (n, 2)."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return np.asarray(points @ np.array([[c, s], [-s, c]]) + np.asarray(self.centre))

    def outline(self) -> shapely.Polygon:
        half = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (self.length / 2, self.width / 2)
        return shapely.Polygon(self.world(half))


@dataclass(frozen=True, slots=True)
class Light:
    """A light barrier's ray from post to post, in world metres."""

    id: str
    start: tuple[float, float, float]
    end: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Arm:
    """A barrier arm across a gate of a boundary, or half of it: where it turns and where its end lies when closed."""

    id: str
    pivot: Point
    tip: Point
    gate: str = ""

    @property
    def length_m(self) -> float:
        return float(np.hypot(self.tip[0] - self.pivot[0], self.tip[1] - self.pivot[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Everything of a site that has a place in the world. gaps: where a fence is missing, from and to."""

    site: Site
    views: dict[str, View]
    decks: tuple[Deck, ...]
    zones: dict[str, Zone]
    lanes: dict[str, Lane]
    boundaries: tuple[Boundary, ...]
    lights: tuple[Light, ...] = ()
    arms: tuple[Arm, ...] = ()
    gaps: tuple[tuple[Point, Point], ...] = ()

    def scale_on(self, deck: Deck) -> Scale:
        """The scale whose deck it is, as the site file has it."""
        return next(s for s in self.site.scales if s.id == deck.scale)


def layout_of(site: Site) -> Layout:
    """Place every part of a site. Raises SiteImpossible with the reason."""
    views = {}
    for camera in site.cameras:
        view = view_of(camera)
        off = residual_px(view, camera.points)
        if off > MOST_RESIDUAL_PX:
            raise SiteImpossible(f"camera {camera.id!r}: its surveyed points contradict each other by {off:.1f} px")
        if not 0.3 < view.centre[2] < 100:
            raise SiteImpossible(
                f"camera {camera.id!r}: its surveyed points put it {view.centre[2]:.1f} m above the ground"
            )
        views[camera.id] = view
    zones = {z.id: z for z in site.zones}
    decks = tuple(_deck(site, zones[s.deck], s.id, s.capacity_kg, s.e_kg) for s in site.scales)
    lanes = {lane.id: lane for lane in site.lanes if lane.ground}
    boundaries = tuple(b for b in site.boundaries if b.ground)
    lights = tuple(_light(beam, decks) for beam in site.beams)
    layout = Layout(site, views, decks, zones, lanes, boundaries, lights, _arms(boundaries))
    _check_decks(layout)
    return layout


def _light(beam: Beam, decks: tuple[Deck, ...]) -> Light:
    reach = float(np.hypot(beam.end[0] - beam.start[0], beam.end[1] - beam.start[1]))
    if not 0.5 <= reach <= MOST_BEAM_M:
        raise SiteImpossible(f"beam {beam.id!r}: its posts stand {reach:.1f} m apart, expected 0.5 to {MOST_BEAM_M:g}")
    for deck in decks:
        if any(deck.outline().contains(shapely.Point(*post)) for post in (beam.start, beam.end)):
            raise SiteImpossible(f"beam {beam.id!r}: a post stands on deck {deck.id!r}")
    return Light(beam.id, (*beam.start, beam.height_m), (*beam.end, beam.height_m))


def _arms(boundaries: tuple[Boundary, ...]) -> tuple[Arm, ...]:
    """One arm across each gate, two that meet in the middle where it is wide."""
    arms = []
    for gate in (g for b in boundaries for g in b.gates):
        if shapely.Point(*gate.start).distance(shapely.Point(*gate.end)) <= LONGEST_ARM_M:
            arms.append(Arm(gate.id, gate.start, gate.end, gate.id))
            continue
        middle = (gate.start[0] + gate.end[0]) / 2, (gate.start[1] + gate.end[1]) / 2
        halves = ((f"{gate.id}.1", gate.start), (f"{gate.id}.2", gate.end))
        arms += [Arm(name, pivot, middle, gate.id) for name, pivot in halves]
    return tuple(arms)


def roads_of(layout: Layout) -> list[shapely.LineString]:
    """The public road outside each boundary that has gates, along the side its first gate is on."""
    roads = []
    for boundary in (b for b in layout.boundaries if b.gates):
        gate = shapely.LineString([boundary.gates[0].start, boundary.gates[0].end]).centroid
        ring = [*boundary.ground, boundary.ground[0]] if boundary.closed else list(boundary.ground)
        sides = [shapely.LineString(pair) for pair in itertools.pairwise(ring)]
        side = np.array(min(sides, key=gate.distance).coords)
        along = (side[1] - side[0]) / np.linalg.norm(side[1] - side[0])
        out = np.array([along[1], -along[0]])
        if boundary.closed and shapely.Polygon(ring).contains(shapely.Point(gate.x + out[0], gate.y + out[1])):
            out = -out
        middle = np.array([gate.x, gate.y]) + ROAD_OFF_M * out
        roads.append(shapely.LineString([middle - ROAD_REACH_M * along, middle + ROAD_REACH_M * along]))
    return roads


def with_gaps(layout: Layout, tracks: Iterable[Points]) -> Layout:
    """The layout with its fences open where vehicles' tracks, (n, 2), cross them beside the gates."""
    gaps = []
    lines = [shapely.LineString(track) for track in tracks]
    for boundary in layout.boundaries:
        fence = shapely.LinearRing(boundary.ground) if boundary.closed else shapely.LineString(boundary.ground)
        gates = [shapely.LineString([g.start, g.end]) for g in boundary.gates]
        for line in lines:
            met = line.intersection(fence)
            for point in getattr(met, "geoms", [met]):
                if point.geom_type == "Point" and all(gate.distance(point) > 0.3 for gate in gates):
                    at = fence.project(point)
                    ends = (fence.interpolate(max(at + side * GAP_M / 2, 0.0)) for side in (-1, 1))
                    a, b = ((float(p.x), float(p.y)) for p in ends)
                    gaps.append((a, b))
    return replace(layout, gaps=tuple(gaps))


def _deck(site: Site, zone: Zone, scale: str, capacity_kg: float, e_kg: float) -> Deck:
    if not zone.ground:
        raise SiteImpossible(f"deck {zone.id!r} is drawn in a picture: the rig needs it in ground metres")
    polygon = shapely.Polygon(zone.ground)
    box = shapely.minimum_rotated_rectangle(polygon)
    if not isinstance(box, shapely.Polygon):
        raise SiteImpossible(f"deck {zone.id!r} has no area")
    if not polygon.is_valid or polygon.area < 0.9 * box.area:
        raise SiteImpossible(f"deck {zone.id!r} is no rectangle: a weighbridge deck is")
    ring = np.array(box.exterior.coords)[:4]
    sides = np.diff(np.vstack([ring, ring[:1]]), axis=0)
    lengths = np.linalg.norm(sides, axis=1)
    long = int(np.argmax(lengths[:2]))
    length, width = float(lengths[long]), float(lengths[1 - long])
    if not (2.0 <= width <= 6.0 and 4.0 <= length <= 30.0):
        raise SiteImpossible(f"deck {zone.id!r} is {length:.1f} by {width:.1f} m: no weighbridge is")
    along = sides[long] / length
    for lane in site.lanes:
        if lane.ground and shapely.LineString(lane.ground).intersects(polygon):
            track = np.diff(np.array(lane.ground), axis=0)
            best = track[int(np.argmax(np.abs(track @ along)))]
            along = along if best @ along > 0 else -along
    middle = ring.mean(axis=0)
    return Deck(
        zone.id,
        scale,
        (float(middle[0]), float(middle[1])),
        length,
        width,
        float(np.arctan2(along[1], along[0])),
        capacity_kg,
        e_kg,
    )


def _check_decks(layout: Layout) -> None:
    yards = [shapely.Polygon(z.ground, z.holes) for z in layout.zones.values() if z.kind == "inside" and z.ground]
    for i, deck in enumerate(layout.decks):
        if yards and not shapely.union_all(yards).buffer(0.05).contains(deck.outline()):
            raise SiteImpossible(f"deck {deck.id!r} lies outside the yard (the zones of kind 'inside')")
        for other in layout.decks[i + 1 :]:
            if deck.outline().intersects(other.outline()):
                raise SiteImpossible(f"decks {deck.id!r} and {other.id!r} overlap")
            if abs(np.sin(deck.yaw - other.yaw)) > 0.01:
                raise SiteImpossible(
                    f"decks {deck.id!r} and {other.id!r} are not parallel: the rig cannot cut their pits"
                )
        for boundary in layout.boundaries:
            line = shapely.LinearRing(boundary.ground) if boundary.closed else shapely.LineString(boundary.ground)
            if line.crosses(deck.outline()):
                raise SiteImpossible(f"boundary {boundary.id!r} runs across deck {deck.id!r}")
