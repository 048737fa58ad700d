"""Areas and corridors on the map that vehicles with satellite positions keep to or keep out of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.coordinates import Datum, stretch, to_plane
from geofence.errors import ShapeError
from geofence.hours import Hours

Array = NDArray[np.float64]
Degrees = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SatelliteArea:
    """A ring (width_m None), or a route with so many metres to both sides together; points are (longitude, latitude).

    hours: when it counts, None always. Raises ShapeError for points off the globe, a ring that crosses itself or has no
    area, and a route without length.
    """

    id: str
    points: tuple[Degrees, ...]
    datum: Datum = Datum.WGS84
    width_m: float | None = None
    hours: Hours | None = None

    def __post_init__(self) -> None:
        least = 3 if self.width_m is None else 2
        if len(self.points) < least:
            raise ShapeError(self.id, "points", f"{least} or more (longitude, latitude), got {len(self.points)}")
        for lon, lat in self.points:
            if not (abs(lon) <= 180 and abs(lat) <= 85):
                raise ShapeError(self.id, "points", f"(longitude, latitude) in degrees, got ({lon:g}, {lat:g})")
        if self.width_m is not None and not self.width_m > 0:
            raise ShapeError(self.id, "width_m", f"a width above 0, got {self.width_m:g}")
        polygon = self.polygon()
        if not shapely.is_valid(polygon):
            raise ShapeError(
                self.id, "points", f"a ring that does not cross itself ({shapely.is_valid_reason(polygon)})"
            )
        if not shapely.area(polygon) > 1.0:
            raise ShapeError(self.id, "points", "an area: a ring with a surface, or a route with a length")

    def polygon(self) -> shapely.Geometry:
        """The area on the plane of `to_plane`."""
        plane = to_plane(np.array(self.points, dtype=np.float64), self.datum)
        if self.width_m is None:
            return shapely.Polygon(plane)
        half = self.width_m / 2 * stretch((plane[:-1] + plane[1:]) / 2)
        pieces = shapely.linestrings(np.stack([plane[:-1], plane[1:]], axis=1))
        return shapely.union_all(shapely.buffer(pieces, half))


class AreaIndex:
    """Finds which of thousands of areas hold each of thousands of positions."""

    def __init__(self, areas: Sequence[SatelliteArea]) -> None:
        self.areas = tuple(areas)
        seen: set[str] = set()
        for area in self.areas:
            if area.id in seen:
                raise ShapeError(area.id, "id", "an id no other area has")
            seen.add(area.id)
        self._polygons = np.array([a.polygon() for a in self.areas], dtype=object)
        shapely.prepare(self._polygons)
        self._tree = shapely.STRtree(self._polygons)

    def inside(self, points: Array) -> NDArray[np.int64]:
        """(M, 2) pairs of point and area numbers, for (N, 2) points of the plane."""
        pairs = self._tree.query(shapely.points(points), predicate="intersects")
        found: NDArray[np.int64] = np.ascontiguousarray(pairs.T).astype(np.int64)
        return found

    def distance_m(self, points: Array, areas: NDArray[np.int64]) -> Array:
        """(N,) metres from each point of the plane to the area given for it, 0 inside."""
        apart = shapely.distance(self._polygons[areas], shapely.points(points))
        metres: Array = np.asarray(apart, np.float64) / stretch(points)
        return metres

    def active(self, t_ms: int) -> NDArray[np.bool_]:
        """(areas,) which count at an instant."""
        return np.array([a.hours is None or a.hours.active(t_ms) for a in self.areas], dtype=bool)
