"""Buildings, fences, piles and poles, placed by the site's own deck, boundaries and cameras."""

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from calibration_rigs.layout import ROAD_WIDTH_M, Deck, Layout, roads_of
from calibration_rigs.mesh import MeshBuilder
from gate.site.areas import Boundary, Point

Scenery = defaultdict[str, MeshBuilder]
ARM_M = 1.0  # height of a barrier arm when closed


def scenery_of(layout: Layout) -> Scenery:
    """Everything fixed that is only seen, by material."""
    made: Scenery = defaultdict(lambda: MeshBuilder(scale=0.25))
    rng = np.random.default_rng(7)
    house = gate_house(layout)
    if house is not None:
        _gate_house(made, house)
    for deck in layout.decks[:1]:
        _hall(made, layout, deck)
        _piles(made, layout, deck, rng)
        _posts(made, layout, deck)
    for boundary in layout.boundaries:
        _fence(made, boundary, layout.gaps)
    for light in layout.lights:
        for x, y, z in (light.start, light.end):
            made["kerb"].box((x - 0.05, y - 0.05, 0), (x + 0.05, y + 0.05, z + 0.1))
    for arm in layout.arms:
        x, y = arm.pivot
        made["pole"].box((x - 0.17, y - 0.17, 0), (x + 0.17, y + 0.17, ARM_M + 0.12))
    _trees(made, layout, rng)
    return made


def _keep_out(layout: Layout) -> BaseGeometry:
    """Where nothing may stand: lanes, decks and what cameras look at nearby."""
    shapes = [shapely.LineString(lane.ground).buffer(lane.width_m / 2 + 0.6) for lane in layout.lanes.values()]
    shapes += [d.outline().buffer(1.0) for d in layout.decks]
    shapes += [road.buffer(ROAD_WIDTH_M / 2 + 2) for road in roads_of(layout)]
    shapes += [shapely.Point(*v.centre[:2]).buffer(1.0) for v in layout.views.values()]
    for boundary in layout.boundaries:
        shapes += [shapely.LineString([g.start, g.end]).buffer(1.0) for g in boundary.gates]
    return shapely.union_all(shapes)


def _oriented(mesh: MeshBuilder, deck: Deck, low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
    """A box given in the deck's frame."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    c = deck.world(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
    foot, top = [(*p, z0) for p in c], [(*p, z1) for p in c]
    mesh.loft([np.array(foot), np.array(top)])


def _picture(
    mesh: MeshBuilder, deck: Deck, a: tuple[float, float], b: tuple[float, float], z: tuple[float, float]
) -> None:
    """A board seen from outside with a on its left and b on its right, in the deck's frame; z: low, high."""
    p, q = deck.world(np.array([a, b]))
    mesh.quad_picture([(*p, z[1]), (*q, z[1]), (*q, z[0]), (*p, z[0])])


@dataclass(frozen=True, slots=True)
class House:
    """The gate house beside a deck, in whose own frame it is given.

    x: from and to, along the deck; near, far: its walls across, toward the deck and away from it.
    """

    deck: Deck
    x: tuple[float, float]
    near: float
    far: float
    height: float = 3.2

    @property
    def centre(self) -> tuple[float, float]:
        """On the ground, in world metres."""
        x, y = self.deck.world(np.array([[sum(self.x) / 2, (self.near + self.far) / 2]]))[0]
        return float(x), float(y)

    @property
    def half(self) -> tuple[float, float]:
        """Half its sides, along and across the deck."""
        return (self.x[1] - self.x[0]) / 2, abs(self.far - self.near) / 2

    @property
    def yaw(self) -> float:
        return self.deck.yaw


def gate_house(layout: Layout) -> House | None:
    """On whichever side of the first deck's exit end there is room; None where there is none."""
    if not layout.decks:
        return None
    deck, keep = layout.decks[0], _keep_out(layout)
    x1 = deck.length / 2
    x0 = x1 - 7.0
    for side in (-1, 1):
        y0, y1 = side * (deck.width / 2 + 2.6), side * (deck.width / 2 + 7.0)
        foot = shapely.Polygon(deck.world(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])))
        if not foot.intersects(keep):
            return House(deck, (x0, x1), y0, y1)
    return None


def _gate_house(made: Scenery, house: House) -> None:
    deck, (x0, x1), y0, y1 = house.deck, house.x, house.near, house.far
    side = 1 if y0 > 0 else -1
    low, high = min(y0, y1), max(y0, y1)
    _oriented(made["wall"], deck, (x0, low, 0), (x1, high, 3.2))
    _oriented(made["blue"], deck, (x0 - 0.02, low - 0.02, 0.0), (x1 + 0.02, high + 0.02, 0.75))
    _oriented(made["concrete"], deck, (x0 - 0.5, low - 0.5, 3.2), (x1 + 0.5, high + 0.5, 3.42))
    out = 0.02 * -side
    for wx in (x0 + 0.8, x0 + 2.9, x0 + 5.0):
        a, b = (wx, y0 + out), (wx + 1.5, y0 + out)
        left, right = (a, b) if side > 0 else (b, a)
        _picture(made["glass"], deck, left, right, (1.15, 2.35))
        _oriented(made["pole"], deck, (wx - 0.06, y0 - 0.05, 1.08), (wx + 1.56, y0 + 0.05, 1.15))
    ends = ((x1 + 0.02, low + 0.7), (x1 + 0.02, high - 0.7))
    _picture(made["glass"], deck, ends[0], ends[1], (1.15, 2.35))
    _picture(made["sign_house"], deck, (x1 + 0.03, low + 0.3), (x1 + 0.03, high - 0.3), (2.48, 3.12))
    step = (x0 + 3.0, y0 + out)
    _picture(
        made["display"], deck, *((step, (x0 + 4.8, y0 + out)) if side > 0 else ((x0 + 4.8, y0 + out), step)), (2.5, 3.1)
    )


def _hall(made: Scenery, layout: Layout, deck: Deck) -> None:
    """A coal hall across the far end of the yard."""
    x = -deck.length / 2 - 42.0
    _oriented(made["hall"], deck, (x - 25, -45, 0), (x, 60, 11))
    _oriented(made["roof"], deck, (x - 26, -46, 11), (x + 1, 61, 11.8))
    _oriented(made["concrete"], deck, (x - 0.2, -45.2, 0), (x + 0.12, 60, 1.3))
    for y in np.arange(-42, 58, 12.0):
        _oriented(made["dark"], deck, (x - 1, y, 0), (x + 0.06, y + 5.5, 5.5))


def _piles(made: Scenery, layout: Layout, deck: Deck, rng: np.random.Generator) -> None:
    """Coal heaps between hall and deck, where no lane runs."""
    keep: BaseGeometry = _keep_out(layout).buffer(1.5)
    for _ in range(60):
        x, y = rng.uniform(-deck.length / 2 - 36, -deck.length / 2 - 4), rng.uniform(-34, 34)
        radius = rng.uniform(4, 9)
        at = deck.world(np.array([[x, y]]))[0]
        if keep.intersects(shapely.Point(*at).buffer(radius)):
            continue
        keep = keep.union(shapely.Point(*at).buffer(0.6 * radius))
        _cone(made["coal"], at, radius, 0.55 * radius, rng)


def _cone(mesh: MeshBuilder, at: NDArray[np.float64], radius: float, height: float, rng: np.random.Generator) -> None:
    rings, sides = 7, 22
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    wobble = 1 + 0.10 * np.sin(3 * turn + rng.uniform(0, 6)) + 0.06 * rng.standard_normal(sides)
    skin = []
    for k in range(rings):
        share = k / (rings - 1)
        r = radius * (1 - share) * wobble + 0.05
        z = height * share**0.85 + 0.12 * rng.standard_normal(sides) * (0 < k < rings - 1)
        skin.append(np.stack([at[0] + r * np.cos(turn), at[1] + r * np.sin(turn), z], axis=1))
    mesh.loft(skin, caps=False)


def _posts(made: Scenery, layout: Layout, deck: Deck) -> None:
    """Guard rails along the deck, a signal at its end, lamp posts, the cameras' own masts."""
    half, side = deck.length / 2, deck.width / 2
    for y in (side + 0.45, -side - 0.45):
        for x in np.arange(-half, half + 0.1, 3.0):
            _oriented(made["kerb"], deck, (x - 0.06, y - 0.06, 0), (x + 0.06, y + 0.06, 0.75))
        _oriented(made["kerb"], deck, (-half, y - 0.03, 0.62), (half, y + 0.03, 0.74))
    keep = _keep_out(layout)
    for x in (-half, half + 1.5):
        at = deck.world(np.array([[x, side + 1.5]]))[0]
        if not keep.contains(shapely.Point(*at)):
            made["pole"].cylinder((*at, 0), (*at, 8.0), 0.08, 10)
            made["lamp"].box((at[0] - 0.35, at[1] - 0.2, 7.9), (at[0] + 0.35, at[1] + 0.2, 8.0))


def _fence(made: Scenery, boundary: Boundary, missing: tuple[tuple[Point, Point], ...]) -> None:
    """Posts, rails and a low wall along a boundary but for its gates and gaps, with a post at each side of a gate."""
    line = shapely.LinearRing(boundary.ground) if boundary.closed else shapely.LineString(boundary.ground)
    gates = [(g.start, g.end) for g in boundary.gates]
    holes = shapely.union_all([shapely.LineString(h).buffer(0.05) for h in (*gates, *missing)])
    left = line.difference(holes)
    for part in getattr(left, "geoms", [left]):
        xy = np.array(part.coords)
        for a, b in itertools.pairwise(xy):
            _fence_run(made, a, b)
    for a, b in gates:
        for end in (np.array(a, dtype=float), np.array(b, dtype=float)):
            made["kerb"].cylinder((*end, 0), (*end, 1.1), 0.10, 10)


def _fence_run(made: Scenery, a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    length = float(np.linalg.norm(b - a))
    if length < 0.2:
        return
    along = (b - a) / length
    across = 0.10 * np.array([-along[1], along[0]])
    foot = [(*(a + across), 0), (*(a - across), 0), (*(b - across), 0), (*(b + across), 0)]
    ring = np.array(foot)
    made["wall"].loft([ring, ring + np.array((0, 0, 0.9))])
    for s in np.arange(0, length + 0.01, 2.5):
        p = a + s * along
        made["pole"].box((p[0] - 0.04, p[1] - 0.04, 0.9), (p[0] + 0.04, p[1] + 0.04, 2.2))
    for z in (1.2, 1.65, 2.1):
        made["pole"].cylinder((*a, z), (*b, z), 0.018, 5)


def _trees(made: Scenery, layout: Layout, rng: np.random.Generator) -> None:
    """A row of poplars behind the yard's sides."""
    keep = _keep_out(layout).buffer(3.0)
    middle = np.mean([d.centre for d in layout.decks], axis=0) if layout.decks else np.zeros(2)
    for _ in range(26):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(34, 60)
        at = middle + reach * np.array([np.cos(angle), np.sin(angle)])
        if keep.contains(shapely.Point(*at)):
            continue
        made["wood"].cylinder((*at, 0), (*at, 3), 0.14, 7)
        height = rng.uniform(5, 8)
        turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
        rings = []
        for share, r in ((0, 0.4), (0.2, 1.5), (0.55, 1.7), (0.85, 0.9), (1.0, 0.1)):
            wob = r * (1 + 0.2 * rng.standard_normal(10))
            rings.append(
                np.stack(
                    [at[0] + wob * np.cos(turn), at[1] + wob * np.sin(turn), np.full(10, 2 + share * height)], axis=1
                )
            )
        made["leaf"].loft(rings)
