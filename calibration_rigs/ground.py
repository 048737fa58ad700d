"""The yard's floor as one picture: asphalt, gravel, tyre tracks, coal dust and the paint the site file implies."""

from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from calibration_rigs import textures
from calibration_rigs.layout import ROAD_OFF_M, ROAD_WIDTH_M, Layout, roads_of
from gate.site.areas import Point

Mask = NDArray[np.float32]
_ASPHALT, _SOIL, _DUST = (118, 117, 114), (128, 114, 96), (46, 45, 46)  # RGB


@dataclass(frozen=True, slots=True)
class Patch:
    """A square of ground and the picture that covers it; north is up."""

    x0: float
    y1: float
    side_m: float
    size_px: int

    def pixels(self, points: ArrayLike) -> NDArray[np.int32]:
        p = np.asarray(points, dtype=np.float64)
        scale = self.size_px / self.side_m
        return np.round(np.stack([(p[:, 0] - self.x0) * scale, (self.y1 - p[:, 1]) * scale], axis=1)).astype(np.int32)

    @property
    def px_per_m(self) -> float:
        return self.size_px / self.side_m


def patches_of(layout: Layout, size_px: tuple[int, int]) -> tuple[Patch, Patch]:
    """A sharp patch round decks, gates and cameras, and a coarse one round everything."""
    points = [c for d in layout.decks for c in d.outline().exterior.coords[:4]]
    points += [p for b in layout.boundaries for g in b.gates for p in (g.start, g.end)]
    points += [tuple(v.centre[:2]) for v in layout.views.values()]
    near = np.array(points)
    middle, side = (near.max(axis=0) + near.min(axis=0)) / 2, min(60.0, float(np.ptp(near, axis=0).max()) + 12.0)
    return (
        Patch(middle[0] - side / 2, middle[1] + side / 2, side, size_px[0]),
        Patch(middle[0] - 130, middle[1] + 130, 260.0, size_px[1]),
    )


def ground_picture(patch: Patch, layout: Layout, rng: np.random.Generator, wet: float = 0.0) -> textures.Picture:
    """The floor of one patch, RGB. wet: 0 dry to 1 soaked, darker and bluer."""
    size = (patch.size_px, patch.size_px)
    metre = patch.px_per_m
    grain = textures.asphalt(patch.size_px, rng)
    road = _road(patch, layout)
    soil = np.float32(1) + 0.12 * textures.noise(size, 6 * metre, rng, 5) + 0.10 * rng.standard_normal(size, np.float32)
    dust = np.clip(0.16 + 0.14 * textures.noise(size, 9 * metre, rng, 4), 0, 0.55)
    worn = _tracks(patch, layout) * (0.8 + 0.2 * textures.noise(size, 2 * metre, rng, 3))
    dust = np.clip(dust + 0.30 * worn, 0, 0.8)
    paints = _paint(patch, layout, rng)
    damp = (1 - 0.45 * wet) * np.array((1 - 0.04 * wet, 1, 1 + 0.03 * wet))
    picture = np.empty((*size, 3), np.uint8)
    for channel in range(3):  # one plane after the other: three together take a gigabyte
        plane = np.minimum(grain * np.float32(_ASPHALT[channel]), 255)
        plane += (1 - road) * (soil * np.float32(_SOIL[channel]) - plane)
        plane += dust * (np.float32(_DUST[channel]) - plane)
        for cover, rgb in paints:
            plane += cover * (np.float32(rgb[channel]) - plane)
        picture[..., channel] = np.clip(plane * np.float32(damp[channel]), 0, 255)
    return picture


def _road(patch: Patch, layout: Layout) -> Mask:
    mask = np.zeros((patch.size_px, patch.size_px), np.uint8)
    for zone in layout.zones.values():
        if zone.kind == "inside" and zone.ground:
            cv2.fillPoly(mask, [patch.pixels(zone.ground)], 225)
    for lane in layout.lanes.values():
        cv2.polylines(mask, [patch.pixels(lane.ground)], False, 255, max(1, int((lane.width_m + 3.0) * patch.px_per_m)))
    for road in roads_of(layout):
        cv2.polylines(mask, [patch.pixels(road.coords)], False, 255, max(1, int((ROAD_WIDTH_M + 1) * patch.px_per_m)))
    for deck in layout.decks:
        pad = np.array(deck.outline().buffer(6.0).exterior.coords)
        cv2.fillPoly(mask, [patch.pixels(pad)], 255)
    blur = max(1, int(0.25 * patch.px_per_m)) | 1
    return np.asarray(cv2.GaussianBlur(mask, (blur, blur), 0) / 255, np.float32)


def _tracks(patch: Patch, layout: Layout) -> Mask:
    mask = np.zeros((patch.size_px, patch.size_px), np.uint8)
    ways = [shapely.LineString(lane.ground) for lane in layout.lanes.values()]
    ways += [_through(gap) for gap in layout.gaps]
    for line in ways:
        for side in (0.95, -0.95):
            wheel = line.offset_curve(side)
            parts = getattr(wheel, "geoms", [wheel])
            for part in parts:
                if not part.is_empty:
                    cv2.polylines(mask, [patch.pixels(part.coords)], False, 255, max(1, int(0.55 * patch.px_per_m)))
    blur = max(1, int(0.8 * patch.px_per_m)) | 1
    return np.asarray(cv2.GaussianBlur(mask, (blur, blur), 0) / 255, np.float32)


def _through(gap: tuple[Point, Point]) -> shapely.LineString:
    """The way worn by those who use a gap in a fence."""
    a, b = np.array(gap)
    middle, across = (a + b) / 2, np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)
    return shapely.LineString([middle - 15 * across, middle + ROAD_OFF_M * across])


def _paint(patch: Patch, layout: Layout, rng: np.random.Generator) -> list[tuple[Mask, tuple[int, int, int]]]:
    """Lane edges, arrows, gate lines and the box round each deck, worn away in places: how much covers, and its RGB."""
    size = (patch.size_px, patch.size_px)
    white: NDArray[np.uint8] = np.zeros(size, np.uint8)
    yellow = np.zeros_like(white)
    thick = max(1, int(0.13 * patch.px_per_m))
    _paint_lanes(white, patch, layout, thick)
    _paint_roads(white, yellow, patch, layout, thick)
    for deck in layout.decks:
        ring = np.array(deck.outline().buffer(0.35, join_style="mitre").exterior.coords)
        cv2.polylines(yellow, [patch.pixels(ring)], True, 255, 2 * thick, cv2.LINE_AA)
    for boundary in layout.boundaries:
        for gate in boundary.gates:
            cv2.polylines(yellow, [patch.pixels([gate.start, gate.end])], False, 255, 2 * thick, cv2.LINE_AA)
    worn = np.clip(0.72 + 0.28 * textures.noise(size, 0.7 * patch.px_per_m, rng, 4), 0.05, 0.92)
    return [
        (mask.astype(np.float32) / 255 * worn, rgb)
        for mask, rgb in ((white, (205, 205, 200)), (yellow, (205, 160, 40)))
    ]


def _paint_lanes(white: NDArray[np.uint8], patch: Patch, layout: Layout, thick: int) -> None:
    for lane in layout.lanes.values():
        line = shapely.LineString(lane.ground)
        for side in (lane.width_m / 2, -lane.width_m / 2):
            edge = line.offset_curve(side)
            for part in getattr(edge, "geoms", [edge]):
                if not part.is_empty:
                    cv2.polylines(white, [patch.pixels(part.coords)], False, 255, thick, cv2.LINE_AA)
        for share in (0.25, 0.6, 0.9):
            _arrow(white, patch, line, share * line.length)


def _paint_roads(white: NDArray[np.uint8], yellow: NDArray[np.uint8], patch: Patch, layout: Layout, thick: int) -> None:
    for road in roads_of(layout):
        for side in (ROAD_WIDTH_M / 2 - 0.3, -ROAD_WIDTH_M / 2 + 0.3):
            cv2.polylines(white, [patch.pixels(road.offset_curve(side).coords)], False, 255, thick, cv2.LINE_AA)
        for at in np.arange(0, road.length - 4, 10.0):
            dash = [road.interpolate(at), road.interpolate(at + 4)]
            cv2.polylines(yellow, [patch.pixels([(p.x, p.y) for p in dash])], False, 255, thick, cv2.LINE_AA)


def _arrow(mask: NDArray[np.uint8], patch: Patch, line: shapely.LineString, at_m: float) -> None:
    a, b = line.interpolate(at_m), line.interpolate(at_m + 0.1)
    forward = np.array([b.x - a.x, b.y - a.y])
    if np.linalg.norm(forward) < 1e-9:
        return
    forward /= np.linalg.norm(forward)
    left = np.array([-forward[1], forward[0]])
    shape = [(0, 0.09), (1.8, 0.09), (1.8, 0.32), (3.0, 0), (1.8, -0.32), (1.8, -0.09), (0, -0.09)]
    points = np.array([a.x, a.y]) + np.array([f * forward + w * left for f, w in shape])
    cv2.fillPoly(mask, [patch.pixels(points)], 255, cv2.LINE_AA)
