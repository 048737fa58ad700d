"""The site file's shapes and cameras as the geofence understands them."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from gate.errors import SiteError
from gate.site.areas import Boundary, Lane, OpenHours, Zone
from gate.site.devices import Camera
from gate.site.model import Site
from geofence.areas import SatelliteArea
from geofence.bypass import WITHIN, Topology
from geofence.coordinates import Datum
from geofence.errors import GeofenceError
from geofence.hours import Hours
from geofence.lens import LensModel
from geofence.plane import GroundPlane
from geofence.shapes import BoundaryShape, GateShape, LaneShape, Shapes, ZoneShape

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def site_shapes(site: Site) -> Shapes:
    """Every zone, boundary and lane of a site, validated.

    Raises SiteError naming the shape, its field and what was expected.
    """
    try:
        shapes = Shapes(
            tuple(_zone(z, site.timezone) for z in site.zones),
            tuple(_boundary(b) for b in site.boundaries),
            tuple(_lane(lane) for lane in site.lanes),
        )
        sizes = {c.id: c.size for c in site.cameras}
        shapes.check_pictures(sizes)
        return shapes.to_edges(sizes)
    except GeofenceError as error:
        raise SiteError(f"shape {error}") from error


def satellite_areas(site: Site) -> tuple[SatelliteArea, ...]:
    """Every satellite area of a site, validated. Raises SiteError."""
    try:
        return tuple(
            SatelliteArea(a.id, a.points, Datum(a.datum), a.width_m, _hours(a.hours, site.timezone))
            for a in site.satellite
        )
    except GeofenceError as error:
        raise SiteError(f"satellite area {error}") from error


def site_topology(site: Site) -> Topology:
    """What the site's shapes mean for getting in and out."""
    return Topology(
        frozenset(b.id for b in site.boundaries if b.perimeter),
        frozenset(z.id for z in site.zones if z.kind in WITHIN),
        frozenset(z.id for z in site.zones if z.kind == "exit"),
        tuple((g.id, g.use) for b in site.boundaries for g in b.gates),
    )


def site_planes(site: Site) -> Mapping[str, GroundPlane]:
    """The ground plane of every camera that has surveyed points. Raises SiteError."""
    return {camera.id: plane for camera in site.cameras if (plane := camera_plane(camera)) is not None}


def camera_plane(camera: Camera) -> GroundPlane | None:
    """A camera's ground plane, None where it has no surveyed points. Raises SiteError."""
    if not camera.points:
        return None
    image = np.array([p.image for p in camera.points], dtype=np.float64)
    ground = np.array([p.ground for p in camera.points], dtype=np.float64)
    try:
        return GroundPlane.from_points(image, ground, camera_lens(camera), camera.size)
    except GeofenceError as error:
        raise SiteError(f"camera {camera.id!r}: points: {error}") from error


def camera_lens(camera: Camera) -> LensModel | None:
    """A camera's lens, None where it is not calibrated."""
    lens = camera.lens
    return LensModel(lens.fx, lens.fy, lens.cx, lens.cy, lens.distortion) if lens else None


def _zone(zone: Zone, timezone: str) -> ZoneShape:
    hours = _hours(zone.hours, timezone)
    return ZoneShape(zone.id, zone.kind, zone.ground or zone.image, zone.holes, zone.camera, hours)


def _hours(spans: Sequence[OpenHours], timezone: str) -> Hours | None:
    if not spans:
        return None
    zone = ZoneInfo(timezone)
    each = [Hours.daily(s.start, s.end, [DAYS.index(d) for d in s.days], zone) for s in spans]
    return Hours(tuple(span for hours in each for span in hours.spans), zone)


def _boundary(boundary: Boundary) -> BoundaryShape:
    gates = tuple(GateShape(g.id, g.use, g.start, g.end) for g in boundary.gates)
    corridor = boundary.corridor_m if boundary.camera is None else boundary.corridor_px
    points = boundary.ground or boundary.image
    return BoundaryShape(boundary.id, points, corridor, boundary.closed, gates, boundary.camera, boundary.perimeter)


def _lane(lane: Lane) -> LaneShape:
    in_picture = lane.camera is not None
    return LaneShape(
        lane.id,
        lane.ground or lane.image,
        width=lane.width_px if in_picture else lane.width_m,
        against_m=lane.against_m,
        against_s=lane.against_s,
        manoeuvre=lane.manoeuvre,
        camera=lane.camera,
        unit_m=lane.width_m / lane.width_px if in_picture else 1.0,
    )
