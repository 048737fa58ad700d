"""Generated walks across a boundary, with their true crossings known by how they were made.

A scene holds many vehicles side by side along one boundary. Each drives in and out of the corridor, stops on the line,
creeps, shunts and reverses; what a camera would report of it is then made worse: jitter, boxes that jump, frames
without it, longer gaps, new keys with and without a gap, keys exchanged between neighbours, keys nobody confirmed.

What is left out, because nobody could tell: turning points within 20 % of the corridor's edge, and stays beyond the
corridor of which less than a second is seen; and a tracker gives out a new key only on a box that is right.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geofence.fence import SiteFence
from geofence.movement import MovementKind
from geofence.observations import Observations
from geofence.shapes import BoundaryShape, GateShape, Shapes

Array = NDArray[np.float64]
PX = 20.0  # pixels per metre of the generated pictures
CELL_M = 8.0  # of the boundary's length, for each walk
JUMP_MS = 160  # the longest run of wrong boxes


@dataclass
class Walk:
    """One vehicle's true path as (time s, distance left of the line m), and the sides it settled on, 0 for none."""

    times: Array
    across: Array
    sides: list[int]
    hidden: list[tuple[float, float]] = field(default_factory=list)
    renamed: list[float] = field(default_factory=list)

    @property
    def driven(self) -> Array:
        """Metres driven at each of the times."""
        return np.concatenate([[0.0], np.cumsum(np.abs(np.diff(self.across)))])

    @property
    def crossings(self) -> list[str]:
        """The true crossings, in order."""
        pairs = zip(self.sides[:-1], self.sides[1:], strict=True)
        return [("in" if b > 0 else "out") for a, b in pairs if a and a != b]


@dataclass
class Scene:
    """Many walks along one boundary, and what a camera reports of them."""

    boundary: BoundaryShape
    walks: list[Walk]
    gates: list[str | None]
    frames: list[tuple[int, Observations]]
    names: dict[str, int]  # first key of each vehicle → walk


def make_walk(rng: np.random.Generator, half: float) -> Walk:
    """A random walk; half: half the corridor's width in metres."""

    def beyond(side: int) -> float:
        return side * (half * 1.2 + 0.3 + rng.uniform(0.2, 5.0))

    def within() -> float:
        return rng.uniform(-0.8, 0.8) * half

    sides = [int(rng.choice([-1, 1, 0], p=[0.45, 0.45, 0.1]))]
    t, d = 0.0, beyond(sides[0]) if sides[0] else within()
    times, across, hidden = [t], [d], []

    def go(target: float, hide: bool = False) -> None:
        nonlocal t, d
        speed = rng.choice([rng.uniform(0.15, 0.5), rng.uniform(1, 3), rng.uniform(3, 9)])
        far = abs(target - d)
        span = max(far / speed, np.pi * np.sqrt(far / (2 * rng.uniform(1, 4))), 0.1)  # at most 4 m/s²
        if hide:
            hidden.append((t + 0.3, min(t + span + 0.3, t + 2.5)))
        share = np.linspace(0, 1, 25)[1:]
        times.extend(t + span * share)
        across.extend(d + (target - d) * (1 - np.cos(np.pi * share)) / 2)
        t, d = t + span, target

    def stay(span: float) -> None:
        nonlocal t
        t += span
        times.append(t)
        across.append(d)

    stay(rng.uniform(1.5, 3))
    for _ in range(rng.integers(1, 5)):
        for _ in range(rng.choice([0, 1, 2, 4], p=[0.4, 0.3, 0.2, 0.1])):
            go(within())
            span = rng.choice([0.0, rng.uniform(0, 2), rng.uniform(3, 12)])
            if span > 4 and rng.random() < 0.3:  # stands on the line behind another vehicle
                hidden.append((t + 1.5, t + span - 0.5))
            stay(span)
        side = int(rng.choice([-1, 1]))
        go(beyond(side), hide=rng.random() < 0.15)
        stay(rng.uniform(2.0, 3.5))
        sides.append(side)
    return Walk(np.array(times), np.array(across), sides, hidden)


def make_scene(seed: int, count: int) -> Scene:
    """A scene of so many walks, the same for the same seed."""
    rng = np.random.default_rng(seed)
    width = rng.uniform(1.0, 3.0)
    walks = [make_walk(rng, width / 2) for _ in range(count)]
    vertices, closed, places, normals, tangents = _course(rng, count)
    in_picture = bool(rng.random() < 0.4)
    gated = rng.random(count) < 0.5
    gates = [f"门{i}" if g else None for i, g in enumerate(gated)]
    ends = [(p - 3 * u, p + 3 * u) for p, u in zip(places, tangents, strict=True)]
    scale = _to_picture if in_picture else _same
    boundary = BoundaryShape(
        "围界",
        tuple(map(tuple, scale(vertices).tolist())),
        width * (PX if in_picture else 1.0),
        closed,
        tuple(
            GateShape(name, "both", tuple(scale(a).tolist()), tuple(scale(b).tolist()))
            for name, (a, b) in zip(gates, ends, strict=True)
            if name
        ),
        "camera" if in_picture else None,
    )
    paths = _Paths(rng, walks, places, normals, tangents)
    frames, names = paths.report(in_picture)
    return Scene(boundary, walks, gates, frames, names)


def counted(scene: Scene) -> tuple[list[list[str]], list[list[str | None]]]:
    """What the fence counted per walk: directions, and gates, in order."""
    fence = SiteFence(Shapes((), (scene.boundary,), ()))
    movements = []
    for t_ms, seen in scene.frames:
        movements += fence.update(t_ms, "camera", seen)
    movements += fence.close()
    directions: list[list[str]] = [[] for _ in scene.walks]
    gates: list[list[str | None]] = [[] for _ in scene.walks]
    for m in sorted(movements, key=lambda m: m.t_ms):
        if m.kind is MovementKind.CROSSED:
            walk = scene.names[m.vehicle]
            directions[walk].append(m.direction or "")
            gates[walk].append(m.gate)
    return directions, gates


def _same(points: Array) -> Array:
    return points


def _to_picture(points: Array) -> Array:
    """Metres (y up) to pixels (y down)."""
    picture: Array = points * [PX, -PX] + 4000.0
    return picture


def _course(rng: np.random.Generator, count: int) -> tuple[Array, bool, Array, Array, Array]:
    """A boundary with room for so many walks: vertices, closed, and per walk its place, left normal and direction."""
    closed = bool(rng.random() < 0.4)
    per_edge = count if not closed and rng.random() < 0.5 else int(np.ceil(count / rng.integers(4, 9)))
    edges = int(np.ceil(count / per_edge))
    length = per_edge * CELL_M + 2 * 9.0
    if closed:
        edges = max(edges, 3)
        turns = np.full(edges, 2 * np.pi / edges)
    else:
        turns = rng.uniform(0.2, 1.2, edges) * np.where(np.arange(edges) % 2, 1, -1)
    headings = rng.uniform(0, 2 * np.pi) + np.cumsum(turns)
    tangents = np.column_stack([np.cos(headings), np.sin(headings)])
    vertices = np.vstack([[0.0, 0.0], np.cumsum(tangents * length, axis=0)])
    starts = vertices[:-1]
    if closed:
        vertices = vertices[:-1]
    which = np.arange(count) // per_edge
    along = 9.0 + (np.arange(count) % per_edge + 0.5) * CELL_M
    tangent = tangents[which]
    places = starts[which] + along[:, None] * tangent
    normals = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return vertices, closed, places, normals, tangent


class _Paths:
    """Turns true walks into what a camera reports."""

    def __init__(
        self, rng: np.random.Generator, walks: list[Walk], places: Array, normals: Array, tangents: Array
    ) -> None:
        self._rng = rng
        self._walks = walks
        self._places, self._normals, self._tangents = places, normals, tangents
        self._drift = rng.uniform(-1, 1, (len(walks), 2))
        self._next_key = 0
        self._keys: list[str] = []
        self._jump_until = np.zeros(len(walks))
        self._jump_by = np.zeros((len(walks), 2))
        self._calm_from = np.full(len(walks), 0.6)
        self._sigma = rng.uniform(0.02, 0.07)
        self._bias = np.zeros((len(walks), 2))

    def report(self, in_picture: bool) -> tuple[list[tuple[int, Observations]], dict[str, int]]:
        """Frames, and whose each key is."""
        rng, walks = self._rng, self._walks
        fps = float(rng.choice([6, 10, 15, 25]))
        drop, rename, jump = rng.uniform(0, 0.15), rng.uniform(0, 0.005), rng.uniform(0, 0.02)
        end = max(float(w.times[-1]) for w in walks)
        self._keys = [self._new_key() for _ in walks]
        names = {k: i for i, k in enumerate(self._keys)}
        frames = []
        count = int(end * fps)
        alive, hidden, true = self._truth(np.arange(count) / fps)
        back = hidden[:, :-1] & ~hidden[:, 1:] & (rng.random((len(walks), count - 1)) < 0.7)
        back = np.pad(back, ((0, 0), (1, 0)))
        fresh = alive & (back | (~hidden & (rng.random(back.shape) < rename) & (np.arange(count) > 0.5 * fps)))
        dropped = rng.random(back.shape) < drop
        for number in range(count):
            t = number / fps
            for i in np.flatnonzero(fresh[:, number]):
                self._keys[i] = self._new_key()
                names[self._keys[i]] = int(i)
                self._jump_until[i], self._calm_from[i] = 0.0, t + 0.3
            if rng.random() < 0.01 and t > 0.5 and len(walks) > 1:
                i = int(rng.integers(len(walks) - 1))
                if (alive & ~hidden)[[i, i + 1], number].all():
                    self._keys[i], self._keys[i + 1] = self._keys[i + 1], self._keys[i]
                    self._jump_until[i : i + 2], self._calm_from[i : i + 2] = 0.0, t + 0.3
            seen = np.flatnonzero(alive[:, number] & ~hidden[:, number] & ~dropped[:, number])
            points = self._worsen(t, true[:, number], jump)[seen]
            frames.append((1_000 + round(t * 1000), self._observe(seen, points, in_picture)))
        return frames, names

    def _truth(self, times: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Array]:
        """(walks, frames) which are there, which are hidden, and (walks, frames, 2) metres where they truly are."""
        alive = np.array([times <= w.times[-1] for w in self._walks])
        hidden = np.zeros_like(alive)
        true = np.empty((*alive.shape, 2))
        for i, walk in enumerate(self._walks):
            for a, b in walk.hidden:
                hidden[i] |= (times >= a) & (times < b)
            across = np.interp(times, walk.times, walk.across)
            driven = np.interp(times, walk.times, walk.driven)
            along = self._drift[i, 0] * np.sin(0.3 * driven + 3 * self._drift[i, 1])
            true[i] = self._places[i] + across[:, None] * self._normals[i] + along[:, None] * self._tangents[i]
        return alive, hidden, true

    def _worsen(self, t: float, true: Array, jump: float) -> Array:
        """(walks, 2) metres as reported: jitter, and boxes that jumped."""
        rng = self._rng
        self._bias = 0.7 * self._bias + 0.7 * rng.normal(0, self._sigma, self._bias.shape)
        starts = (rng.random(len(true)) < jump) & (t > self._calm_from)
        self._jump_until[starts] = t + rng.uniform(0, JUMP_MS / 1000, int(starts.sum()))
        self._calm_from[starts] = t + 1.0
        far = rng.uniform(0.5, 6.0, len(true))[:, None] * rng.choice([-1, 1], (len(true), 1))
        beside = rng.uniform(-2.0, 2.0, len(true))[:, None]
        self._jump_by[starts] = (far * self._normals + beside * self._tangents)[starts]
        jumped = (t <= self._jump_until)[:, None]
        points: Array = true + self._bias + np.where(jumped, self._jump_by, 0.0)
        return points

    def _observe(self, seen: NDArray[np.int64], points: Array, in_picture: bool) -> Observations:
        rng = self._rng
        order = rng.permutation(len(seen))
        feet = _to_picture(points[order])
        size = np.array([2.5, 3.5]) * PX * rng.normal(1, 0.03, (len(seen), 1))
        low = feet - size * [0.5, 1.0]
        boxes = np.hstack([low, low + size])
        ground = np.full((len(seen), 2), np.nan) if in_picture else points[order]
        keys = [self._keys[i] for i in seen[order]]
        stray = feet[:2] + np.array([7 * PX, 0])  # tracks nobody confirmed, all under one empty key
        boxes = np.vstack([boxes, np.hstack([stray, stray + 40])])
        ground = np.vstack([ground, np.full((len(stray), 2), np.nan)])
        keys += [""] * len(stray)
        return Observations(tuple(keys), boxes, ground, ("truck",) * len(keys))

    def _new_key(self) -> str:
        self._next_key += 1
        return f"camera:{self._next_key}"
