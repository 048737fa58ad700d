"""Meshes of flat polygons with texture coordinates in metres, made for drawing and not for contact."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles. vertices, normals: (N, 3); uv: (N, 2); faces: (M, 3) indices into all three."""

    vertices: Points
    normals: Points
    uv: Points
    faces: NDArray[np.int64]


class MeshBuilder:
    """Collects convex polygons, counter-clockwise as seen from outside, and makes one mesh of them.

    Where no texture coordinates are given they are planar: metres along the polygon's two axes, times `scale`.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._polygons: list[Points] = []
        self._uv: list[Points] = []

    def __bool__(self) -> bool:
        return bool(self._polygons)

    def polygon(self, points: ArrayLike, uv: ArrayLike | None = None) -> None:
        """Add a polygon of (n, 3) points with (n, 2) texture coordinates, (0, 0) at the texture's top left."""
        p = np.asarray(points, dtype=np.float64)
        self._polygons.append(p)
        self._uv.append(self._planar(p) if uv is None else np.asarray(uv, dtype=np.float64))

    def quad_picture(self, points: ArrayLike) -> None:
        """Add a quad that shows a whole texture once; points: top left, top right, bottom right, bottom left."""
        p = np.asarray(points, dtype=np.float64)
        self.polygon(p[::-1], [(0, 1), (1, 1), (1, 0), (0, 0)])

    def box(self, low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
        """Add an axis-parallel box."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        self.polygon([(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)])
        self.polygon([(x0, y1, z0), (x0, y0, z0), (x0, y0, z1), (x0, y1, z1)])
        self.polygon([(x1, y1, z0), (x0, y1, z0), (x0, y1, z1), (x1, y1, z1)])
        self.polygon([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)])
        self.polygon([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)])
        self.polygon([(x0, y1, z0), (x1, y1, z0), (x1, y0, z0), (x0, y0, z0)])

    def loft(self, rings: list[Points], caps: bool = True) -> None:
        """Add the skin over closed rings of equal length, (n, 3) each, seen counter-clockwise from the last."""
        for a, b in itertools.pairwise(rings):
            for i in range(len(a)):
                j = (i + 1) % len(a)
                self.polygon([a[i], a[j], b[j], b[i]])
        if caps:
            self.polygon(rings[0][::-1])
            self.polygon(rings[-1])

    def cylinder(self, start: ArrayLike, end: ArrayLike, radius: float, sides: int = 16) -> None:
        """Add a cylinder with its caps between two points."""
        a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
        axis = (b - a) / np.linalg.norm(b - a)
        side = np.cross(axis, (0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (1.0, 0.0, 0.0))
        side /= np.linalg.norm(side)
        up = np.cross(axis, side)
        turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
        ring = radius * (np.cos(turn) * side + np.sin(turn) * up)
        self.loft([a + ring, b + ring])

    def disc_picture(self, centre: ArrayLike, normal_y: float, radius: float, sides: int = 24) -> None:
        """Add a disc in the x-z plane that shows a round texture; normal_y: +1 or -1, the side it faces."""
        c = np.asarray(centre, dtype=np.float64)
        turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
        x, z = np.cos(turn), np.sin(turn)
        points = c + radius * np.stack([x, np.zeros(sides), z], axis=1)
        uv = np.stack([0.5 + 0.5 * x, 0.5 - 0.5 * z], axis=1)
        order = slice(None, None, -1) if normal_y > 0 else slice(None)
        self.polygon(points[order], uv[order])

    def build(self, crease_deg: float = 35.0) -> Mesh:
        """The mesh; edges flatter than `crease_deg` are shaded smooth."""
        flat = [_normal(p) for p in self._polygons]
        around: dict[tuple[float, ...], list[Points]] = {}
        for p, n in zip(self._polygons, flat, strict=True):
            for v in np.round(p, 4):
                around.setdefault(tuple(v), []).append(n)
        stacked = {key: np.array(value) for key, value in around.items()}
        limit = np.cos(np.radians(crease_deg))
        vertices, normals, faces, count = [], [], [], 0
        for p, n in zip(self._polygons, flat, strict=True):
            for v in np.round(p, 4):
                near = stacked[tuple(v)]
                mean = near[near @ n > limit].sum(axis=0)
                normals.append(mean / (np.linalg.norm(mean) or 1.0))
            vertices.append(p)
            faces += [(count, count + i, count + i + 1) for i in range(1, len(p) - 1)]
            count += len(p)
        return Mesh(np.vstack(vertices), np.array(normals), np.vstack(self._uv), np.array(faces))

    def _planar(self, p: Points) -> Points:
        axis = int(np.argmax(np.abs(_normal(p))))
        u, v = ((1, 2), (0, 2), (0, 1))[axis]
        return np.asarray(np.stack([p[:, u], -p[:, v]], axis=1) * self._scale)


def rounded_rectangle(x0: float, x1: float, half_width: float, z: float, radius: float) -> Points:
    """A ring in the x-y plane at height z with rounded corners, counter-clockwise from above, (20, 3)."""
    per_corner = 5
    turn = np.linspace(0, np.pi / 2, per_corner)
    corners = [(x1, half_width, 0), (x0, half_width, 1), (x0, -half_width, 2), (x1, -half_width, 3)]
    ring = []
    for cx, cy, quarter in corners:
        a = turn + quarter * np.pi / 2
        ox, oy = cx - np.copysign(radius, cx - (x0 + x1) / 2), cy - np.copysign(radius, cy)
        ring.append(np.stack([ox + radius * np.cos(a), oy + radius * np.sin(a), np.full(per_corner, z)], axis=1))
    return np.vstack(ring)


def _normal(p: Points) -> Points:
    """Of a polygon, by Newell's method."""
    (x, y, z), (u, v, w) = p.T, np.roll(p, -1, axis=0).T
    n = np.array([((y - v) * (z + w)).sum(), ((z - w) * (x + u)).sum(), ((x - u) * (y + v)).sum()])
    return np.asarray(n / (np.sqrt(n @ n) or 1.0))
