"""A picture of a site: its shapes on each camera's still, and on a plan."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from gate.errors import SiteError
from gate.site.areas import Boundary, Lane, Shape, Zone
from gate.site.devices import Camera
from gate.site.draw_map import map_picture
from gate.site.labels import Array, Colour, Image, Labels
from gate.site.model import Site
from gate.site.shapes import camera_plane, site_shapes
from gate.site.sketch import Project, Sketch
from geofence.plane import GroundPlane
from vision.source import Frame, SystemClock, open_source
from vision.source.address import parse_address

Language = Literal["zh", "en"]
COLOURS: dict[str, Colour] = {
    "inside": (190, 190, 60),
    "deck": (0, 170, 255),
    "approach": (90, 200, 255),
    "exit": (120, 220, 120),
    "forbidden": (60, 60, 240),
    "refuel": (220, 120, 220),
}
LANE: Colour = (255, 200, 80)
BOUNDARY: Colour = (60, 60, 255)
GATE: dict[str, Colour] = {"entrance": (90, 230, 90), "exit": (80, 220, 255), "both": (230, 230, 90)}
GRID: Colour = (170, 170, 170)
WORDS = {
    "zh": {
        "inside": "内",
        "grid": "网格 {} 米",
        "plan": "平面图",
        "north": "北",
        "exit": "出",
        "entrance": "入",
        "both": "出入",
    },
    "en": {
        "inside": "inside",
        "grid": "grid {} m",
        "plan": "plan",
        "north": "N",
        "exit": "out",
        "entrance": "in",
        "both": "in/out",
    },
}
REACH_M = 80.0  # how far beyond its shapes and surveyed points a camera's grid is drawn
PLAN_PX = 1600


def draw_site(site: Site, base: Path, out: Path, stills: Mapping[str, Path] | None = None) -> list[Path]:
    """Write out/<camera>.png for every camera, out/plan.png, and out/map.png of satellite areas; returns the paths.

    base: the folder addresses are relative to. stills: a picture per camera, for those that are not recorded inputs;
    a camera without one is drawn on grey. Raises SiteError where the shapes are wrong or a still cannot be read.
    """
    site_shapes(site)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for camera in site.cameras:
        path = out / f"{camera.id}.png"
        _write(path, camera_picture(site, camera, _still(camera, base, (stills or {}).get(camera.id))))
        paths.append(path)
    if any(shape.ground for shape in _shapes(site)) or any(camera.points for camera in site.cameras):
        path = out / "plan.png"
        _write(path, plan_picture(site))
        paths.append(path)
    if site.satellite:
        path = out / "map.png"
        _write(path, map_picture(site))
        paths.append(path)
    return paths


def camera_picture(site: Site, camera: Camera, still: Image) -> Image:
    """The site's shapes on one camera's still (H, W, 3) BGR, which is left as it is."""
    picture = still.copy()
    height, width = picture.shape[:2]
    labels, plane = Labels(picture), camera_plane(camera)
    labels.title(camera.name.in_language(site.language), 0, 0, (255, 255, 255))
    own = Sketch(picture, lambda points: points, 20.0)
    if plane is not None:
        ground = Sketch(picture, plane.to_image, 0.5)
        spacing = _grid(ground, labels, _extent(site, camera))
        _draw(ground, labels, [s for s in _shapes(site) if s.ground], site.language)
        for point in camera.points:
            own.cross(np.array(point.image, dtype=np.float64), (255, 255, 255))
        words = f"{WORDS[site.language]['grid'].format(spacing)}  ±{plane.residual_px:.1f} px"
        labels.title(words, width, height, GRID, 0.8)
    _draw(own, labels, [s for s in _shapes(site) if s.camera == camera.id], site.language)
    labels.draw()
    return picture


def plan_picture(site: Site) -> Image:
    """The site from above, north up, with what each camera's shapes look like on the ground dashed."""
    low, high = _bounds(site)
    scale = PLAN_PX / float((high - low).max())
    width, height = (np.ceil((high - low) * scale).astype(int) + 1).tolist()
    picture = np.full((height, width, 3), 40, np.uint8)

    def project(points: Array) -> Array:
        pixels: Array = (points - (low[0], high[1])) * (scale, -scale)
        return pixels

    plan, labels = Sketch(picture, project, 5.0), Labels(picture)
    for camera in site.cameras:
        plane = camera_plane(camera)
        if plane is not None:
            _sight(plan, labels, camera, plane, site.language)
    spacing = _grid(plan, labels, (low, high))
    _draw(plan, labels, [s for s in _shapes(site) if s.ground], site.language)
    for camera in site.cameras:
        plane = camera_plane(camera)
        if plane is not None:
            through = Sketch(picture, _through(plane, project), 5.0)
            _draw(through, labels, _drawn_on(site, camera), site.language, dashed=True)
    words = WORDS[site.language]
    corner, unit = high - 0.04 * (high - low), 0.05 * float((high - low).max())
    plan.arrow(corner - np.array([0.0, unit]), corner, GRID)
    labels.title(words["north"], width - 40, 14, GRID)
    title = f"{site.name.in_language(site.language)}  {words['plan']}  {words['grid'].format(spacing)}"
    labels.title(title, 0, 0, (255, 255, 255))
    labels.draw()
    return picture


def _draw(sketch: Sketch, labels: Labels, shapes: list[Shape], language: Language, *, dashed: bool = False) -> None:
    for shape in shapes:
        points = np.array(shape.ground or shape.image, dtype=np.float64)
        title = shape.name.in_language(language) if shape.name else shape.id
        if isinstance(shape, Zone):
            _zone(sketch, shape, points, dashed=dashed)
            labels.name(title, sketch.inside(shapely.Polygon(points, shape.holes)), COLOURS[shape.kind])
        elif isinstance(shape, Boundary):
            _boundary(sketch, labels, shape, points, language, dashed=dashed)
            labels.name(title, sketch.along(_ring(shape, points)), BOUNDARY, beside=True)
        elif isinstance(shape, Lane):
            _lane(sketch, shape, points, dashed=dashed)
            labels.name(title, sketch.along(points), LANE)


def _zone(sketch: Sketch, zone: Zone, points: Array, *, dashed: bool) -> None:
    colour = COLOURS[zone.kind]
    if not dashed:
        sketch.area(shapely.Polygon(points, zone.holes), colour, 0.10 if zone.kind == "inside" else 0.25)
    for ring in (points, *(np.array(h, dtype=np.float64) for h in zone.holes)):
        sketch.line(ring, colour, closed=True, dashed=dashed)


def _lane(sketch: Sketch, lane: Lane, points: Array, *, dashed: bool) -> None:
    width = lane.width_m if lane.ground else lane.width_px
    line = shapely.LineString(points)
    for side in (-width / 2, width / 2):
        sketch.line(shapely.get_coordinates(shapely.offset_curve(line, side)), LANE, 1, dashed=dashed)
    pieces = max(2, int(line.length / (2.5 * width)))
    marks = shapely.get_coordinates(shapely.line_interpolate_point(line, np.linspace(0, line.length, pieces + 1)))
    for start, end in pairwise(marks):
        sketch.arrow(start, start + 0.7 * (end - start), LANE)


def _boundary(
    sketch: Sketch, labels: Labels, boundary: Boundary, points: Array, language: Language, *, dashed: bool
) -> None:
    width = boundary.corridor_m if boundary.ground else boundary.corridor_px
    ring = _ring(boundary, points)
    if not dashed:
        sketch.area(shapely.buffer(shapely.LineString(ring), width / 2, cap_style="flat"), BOUNDARY, 0.3)
    sketch.line(ring, BOUNDARY, 2, dashed=dashed)
    for gate in boundary.gates:
        ends = np.array([gate.start, gate.end], dtype=np.float64)
        sketch.line(ends, GATE[gate.use], 4)
        labels.name(f"{gate.id} {WORDS[language][gate.use]}", sketch.along(ends), GATE[gate.use], 0.8, beside=True)
    middle = (ring[:-1] + ring[1:]) / 2
    across = (ring[1:] - ring[:-1]) @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    across = across / np.hypot(across[:, 0], across[:, 1])[:, None]
    if boundary.image:
        across = -across
    if boundary.closed and not shapely.Polygon(points).contains(shapely.Point(middle[0] + 0.01 * across[0])):
        across = -across
    for start, way in zip(middle, across, strict=True):
        sketch.arrow(start, start + 2.5 * width * way, BOUNDARY)
        labels.name(WORDS[language]["inside"], sketch.pixels((start + 3.2 * width * way)[None]), BOUNDARY, 0.8)


def _ring(boundary: Boundary, points: Array) -> Array:
    return np.vstack([points, points[:1]]) if boundary.closed else points


def _grid(sketch: Sketch, labels: Labels, extent: tuple[Array, Array]) -> int:
    """A metre grid over an extent; returns its spacing."""
    low, high = extent
    spacing = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1_000_000) if float((high - low).max()) / s <= 30)
    first, last = np.ceil(low / spacing) * spacing, np.floor(high / spacing) * spacing
    height, width = sketch.picture.shape[:2]
    for axis in (0, 1):
        for at in np.arange(first[axis], last[axis] + spacing / 2, spacing):
            ends = np.array([low, high])
            ends[:, axis] = at
            sketch.line(ends, GRID, 1)
            foot = np.array([first, first])[:1]
            foot[0, axis] = at
            for x, y in sketch.pixels(foot) if at % (2 * spacing) == 0 else ():
                if 0 <= x < width and 0 <= y < height:
                    labels.mark(f"{at:g}", x, y, GRID, 0.6)
    return spacing


def _sight(plan: Sketch, labels: Labels, camera: Camera, plane: GroundPlane, language: Language) -> None:
    """What a camera sees of the ground, as far as its surveyed points and somewhat beyond."""
    width, height = camera.size
    x, y = np.meshgrid(np.linspace(0, width, 60), np.linspace(0, height, 60))
    seen = plane.to_ground(np.column_stack([x.ravel(), y.ravel()]))
    surveyed = np.array([p.ground for p in camera.points], dtype=np.float64)
    middle = surveyed.mean(axis=0)
    far = 2.5 * float(np.hypot(*(surveyed - middle).T).max())
    seen = seen[np.isfinite(seen).all(axis=1)]
    seen = seen[np.hypot(*(seen - middle).T) < far]
    if len(seen) > 2:
        hull = shapely.convex_hull(shapely.MultiPoint(seen))
        plan.area(hull, (120, 120, 120), 0.3)
        if isinstance(hull, shapely.Polygon):
            labels.name(camera.name.in_language(language), plan.inside(hull), (200, 200, 200), 0.8)


def _through(plane: GroundPlane, project: Project) -> Project:
    return lambda points: project(plane.to_ground(points))


def _shapes(site: Site) -> list[Shape]:
    return [*site.zones, *site.boundaries, *site.lanes]


def _drawn_on(site: Site, camera: Camera) -> list[Shape]:
    return [s for s in _shapes(site) if s.camera == camera.id]


def _bounds(site: Site) -> tuple[Array, Array]:
    """The corners of everything on the ground, with a margin."""
    points = [p for s in _shapes(site) for p in s.ground] + [p.ground for c in site.cameras for p in c.points]
    array = np.array(points, dtype=np.float64)
    low, high = array.min(axis=0), array.max(axis=0)
    margin = max(3.0, 0.06 * float((high - low).max()))
    return low - margin, high + margin


def _extent(site: Site, camera: Camera) -> tuple[Array, Array]:
    """The corners of the ground a camera's grid is drawn on."""
    surveyed = np.array([p.ground for p in camera.points], dtype=np.float64)
    low, high = _bounds(site)
    return np.maximum(low, surveyed.min(axis=0) - REACH_M), np.minimum(high, surveyed.max(axis=0) + REACH_M)


def _still(camera: Camera, base: Path, given: Path | None) -> Image:
    """A camera's picture: the one given, or the first of its recorded input, else grey."""
    width, height = camera.size
    if given is not None:
        read = cv2.imread(str(given))
        if read is None:
            raise SiteError(f"{given}: not a picture")
        picture: Image = read
    else:
        parsed = parse_address(camera.address)
        if parsed.kind not in ("file", "play"):
            return np.full((height, width, 3), 90, np.uint8)
        picture = _first_frame(camera, base / str(parsed.target))
    if picture.shape[:2] != (height, width):
        got = f"{picture.shape[1]}×{picture.shape[0]}"
        raise SiteError(f"camera {camera.id!r}: size: the picture is {got}, the site file says {width}×{height}")
    return picture


def _first_frame(camera: Camera, path: Path) -> Image:
    source = open_source(f"file:{path}", device=camera.id, start_ms=0, clock=SystemClock())
    try:
        for item in source:
            if isinstance(item, Frame):
                return item.image
    finally:
        source.close()
    raise SiteError(f"camera {camera.id!r}: {path} holds no picture")


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise SiteError(f"{path}: cannot be written as PNG")
    path.write_bytes(data.tobytes())
