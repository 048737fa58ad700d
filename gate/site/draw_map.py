"""A map of a site's satellite areas and routes: north up, in metres from its corner."""

import numpy as np
import shapely
from numpy.typing import NDArray

from gate.site.areas import SatelliteZone
from gate.site.labels import Array, Colour, Labels
from gate.site.model import Site
from gate.site.shapes import satellite_areas
from gate.site.sketch import Sketch
from geofence.coordinates import Datum, stretch, to_plane

MAP_PX = 1400
KEEP_IN: Colour = (120, 220, 120)
KEEP_OUT: Colour = (60, 60, 240)
WORDS = {
    "zh": {"keep_in": "限于", "keep_out": "禁入", "map": "卫星区域", "km": "公里", "hours": "限时"},
    "en": {"keep_in": "keep in", "keep_out": "keep out", "map": "satellite areas", "km": "km", "hours": "hours"},
}

KINDS_ZH = {"car": "轿车", "van": "面包车", "bus": "客车", "truck": "货车", "tanker": "罐车", "dump_truck": "自卸车"}


def map_picture(site: Site) -> NDArray[np.uint8]:
    """Every satellite area and route (H, W, 3) BGR, with its name, what it asks of whom, and a scale in kilometres.

    Raises SiteError where an area is wrong.
    """
    polygons = [area.polygon() for area in satellite_areas(site)]
    bounds = np.array([shapely.bounds(p) for p in polygons])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    margin = 0.08 * float((high - low).max())
    low, high = low - margin, high + margin
    px_per_unit = MAP_PX / float((high - low).max())
    width, height = np.ceil((high - low) * px_per_unit).astype(int)

    def project(points: Array) -> Array:
        placed: Array = (points - low) * px_per_unit
        return np.column_stack([placed[:, 0], height - placed[:, 1]])

    picture = np.full((max(height, 200), max(width, 200), 3), 40, np.uint8)
    sketch, labels = Sketch(picture, project, 8 / px_per_unit), Labels(picture)
    words = WORDS[site.language]
    for zone, polygon in zip(site.satellite, polygons, strict=True):
        _area(sketch, zone, polygon)
        labels.name(_title(zone, words, site.language), _places(sketch, polygon), _colour(zone), 0.8)
    _scale(picture, labels, px_per_unit * float(stretch(((low + high) / 2)[None])[0]), words)
    labels.title(f"{site.name.in_language(site.language)} {words['map']}", picture.shape[1] // 2, 14, (230, 230, 230))
    labels.draw()
    return picture


def _colour(zone: SatelliteZone) -> Colour:
    return KEEP_IN if zone.use == "keep_in" else KEEP_OUT


def _area(sketch: Sketch, zone: SatelliteZone, polygon: shapely.Geometry) -> None:
    colour = _colour(zone)
    sketch.area(polygon, colour)
    for part in shapely.get_parts(polygon):
        sketch.line(shapely.get_coordinates(shapely.get_exterior_ring(part)), colour, 2)
    if zone.width_m is not None:
        sketch.line(to_plane(np.array(zone.points, dtype=np.float64), Datum(zone.datum)), colour, 1, dashed=True)


def _title(zone: SatelliteZone, words: dict[str, str], language: str) -> str:
    name = zone.name.in_language(language) if zone.name else zone.id
    bound = " ".join((*(KINDS_ZH[k] if language == "zh" else k for k in zone.kinds), *zone.plates))
    hours = f" {words['hours']}" if zone.hours else ""
    return f"{name} {words[zone.use]} {bound}{hours}"


def _places(sketch: Sketch, polygon: shapely.Geometry) -> Array:
    parts = sorted(shapely.get_parts(polygon), key=shapely.area, reverse=True)
    return np.vstack([sketch.inside(part) for part in parts])


def _scale(picture: NDArray[np.uint8], labels: Labels, px_per_m: float, words: dict[str, str]) -> None:
    """A bar of a round length in the lower left corner."""
    height, width = picture.shape[:2]
    lengths = [a * 10**b for b in range(5) for a in (1, 2, 5)]
    length_m = next((m for m in lengths if m * px_per_m > width / 8), lengths[-1])
    right = 20 + round(length_m * px_per_m)
    picture[height - 16 : height - 12, 20:right] = 230
    label = f"{length_m / 1000:g} {words['km']}" if length_m >= 1000 else f"{length_m} m"
    labels.title(label, (20 + right) // 2, height - 28, (230, 230, 230), 0.8)
