"""Whether a vehicle's footprint reaches into an area, told no surer than its box and its direction allow."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.course import Course
from geofence.footprint import Axis, Extent, Known, Sight
from geofence.plane import GroundPlane
from geofence.shapes import ZoneShape
from geofence.steady import Box

Array = NDArray[np.float64]
SIGMAS = 2.0
SURE = 0.975
WIDTH_SIGMA_M = 0.1
SPAN_SIGMAS = 2.4  # directions up to so far from the likeliest are tried,
SPACING_M = 0.8  # so near to each other that the ends of the vehicle are no farther apart
FEWEST, MOST = 3, 9
UNLIKELY = 1e-3  # a direction so much less likely than the best is none


class Lying(NamedTuple):
    """One way a vehicle may lie, and how likely that is among the others."""

    share: float
    axis: Axis
    extent: Extent


def ways(plane: GroundPlane, box: Box, known: Known, course: Course, sigma_px: float) -> list[Lying]:
    """The ways a vehicle of about a direction may lie to be seen in a box, shares adding up to 1; [] for none."""
    foot = plane.spot((box[0] + box[2]) / 2, box[3])
    if math.isnan(foot.x):
        return []
    count = min(max(2 * math.ceil(SPAN_SIGMAS * course.sigma * known.length_m / 2 / SPACING_M) + 1, FEWEST), MOST)
    found = []
    for off in np.linspace(-SPAN_SIGMAS, SPAN_SIGMAS, count).tolist():
        angle = course.angle + off * course.sigma
        axis = Axis((foot.x, foot.y), (math.cos(angle), math.sin(angle)))
        extent = Sight(plane, axis).extent(box, known, sigma_px)
        if extent is not None:
            found.append((extent.evidence - off * off / 2, axis, extent))
    best = max((log for log, _, _ in found), default=0.0)
    shares = [(math.exp(log - best), axis, extent) for log, axis, extent in found]
    shares = [each for each in shares if each[0] > UNLIKELY]
    total = sum(share for share, _, _ in shares)
    return [Lying(share / total, axis, extent) for share, axis, extent in shares]


class Area:
    """An area that vehicles reach into, or keep clear of, by more than a margin in metres.

    bounds: (x0, y0, x1, y1) of all that is not clear of it.
    """

    def __init__(self, zone: ZoneShape, margin_m: float) -> None:
        polygon = shapely.Polygon(zone.counted, zone.holes)
        self.inner, self.outer = polygon.buffer(-margin_m), polygon.buffer(margin_m)
        shapely.prepare([self.inner, self.outer])
        self.bounds: Box = tuple(shapely.bounds(self.outer).tolist())

    def near(self, x: float, y: float, within_m: float) -> bool:
        """Whether a place is no farther from the area's bounds than a distance."""
        x0, y0, x1, y1 = self.bounds
        return x0 - within_m <= x <= x1 + within_m and y0 - within_m <= y <= y1 + within_m


def reached(areas: Mapping[int, Area], found: Sequence[Lying]) -> dict[int, int]:
    """Of each area, by its number: 1 where a vehicle surely covers some of it, −1 where surely none, else 0.

    Surely: all but one in forty of the ways it may lie, by their shares, each with its ends and sides as far in, or
    out, as they may be. {} where no way was found.
    """
    if not found:
        return {}
    shares = np.array([way.share for way in found])
    least = [_corners(way, -SIGMAS) for way in found]
    kept = shares[[corners is not None for corners in least]]
    smallest = shapely.polygons(np.array([corners for corners in least if corners is not None]).reshape(-1, 4, 2))
    largest = shapely.polygons(np.array([_corners(way, SIGMAS) for way in found]))
    says = {}
    for number, area in areas.items():
        clear = shares[~shapely.intersects(area.outer, largest)].sum() > SURE
        covers = not clear and kept[shapely.intersects(area.inner, smallest)].sum() > SURE
        says[number] = -1 if clear else int(covers)
    return says


def _corners(way: Lying, sigmas: float) -> list[tuple[float, float]] | None:
    """The corners of a footprint whose sides are all so many sigmas farther out; None where nothing is left of it."""
    extent = way.extent
    start, end = extent.start_m - sigmas * extent.start_sigma_m, extent.end_m + sigmas * extent.end_sigma_m
    half = extent.width_m / 2 + sigmas * math.hypot(extent.across_sigma_m, WIDTH_SIGMA_M)
    if start >= end or half <= 0:
        return None
    low, high = extent.across_m - half, extent.across_m + half
    back = way.axis.back
    return [back(start, low), back(end, low), back(end, high), back(start, high)]
