"""The fence of one site: what every camera's vehicles did relative to its shapes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.build import WidestViews, build
from geofence.deck import Occupancy
from geofence.deck_watch import DeckWatch
from geofence.frame import Frame
from geofence.instant import Recognised
from geofence.lanes import Seen, SeenOne
from geofence.motion import MotionWatch
from geofence.movement import Movement
from geofence.observations import JITTER, JITTER_PX, NOBODY, Observations, Row
from geofence.plane import GroundPlane
from geofence.reach_watch import REACHED, Body, ReachWatch, Told
from geofence.reunion import Memory
from geofence.shapes import Shapes
from geofence.vehicles import FEW, Vehicles

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Point = tuple[float, float]
Judged = tuple[list[tuple[int, Movement]], Array, Array]  # movements, ground points, least lengths
MARGIN_M = 0.2
MARGIN_SHARE = 0.25  # of the corridors' width: how far past a picture zone's edge counts as past it
MARGIN_PX = 4.0


class SiteFence:
    """Every camera's view of a site's shapes. Stateful, and pure: the same observations give the same movements.

    Shapes on the ground are judged by ground points (given, or through the camera's plane), shapes drawn in a picture
    by the middle of the box's lower edge. Movements carry the first key a vehicle was seen under; see `known_as`.
    """

    def __init__(
        self, shapes: Shapes, planes: Mapping[str, GroundPlane] | None = None, memory: Memory | None = None
    ) -> None:
        self._shapes = shapes
        self._planes = dict(planes or {})
        self._memory = memory or Memory()
        self._views: dict[str, _View] = {}
        ground = shapes.on_ground()
        self._decks = {z.id: DeckWatch(z) for z in shapes.zones if z.kind == "deck"}
        self._ground = ground

    def update(self, t_ms: int, camera: str, seen: Observations | Sequence[Row]) -> list[Movement]:
        """What the vehicles did by this instant (UTC ms) as one camera saw them, in a fixed order."""
        observations = seen if isinstance(seen, Observations) else Observations.of(seen)
        view = self._views.get(camera)
        if view is None:
            picture = self._shapes.in_picture(camera)
            view = self._views[camera] = _View(self._ground, picture, self._planes.get(camera), self._memory)
        decks = [d for d in self._decks.values() if d.shape.camera in (None, camera)]
        movements, known = view.update(t_ms, observations, measured=bool(decks))
        for deck in decks:
            deck.update(t_ms, camera, known, view.plane)
        return movements

    def expire(self, t_ms: int) -> list[Movement]:
        """Forget who is not expected back. Says what had not been certain: a crossing just begun is believed."""
        return [m for camera in sorted(self._views) for m in self._views[camera].expire(t_ms)]

    def close(self) -> list[Movement]:
        """The last word on everyone still in sight, as at the end of a recording."""
        return [m for camera in sorted(self._views) for m in self._views[camera].close()]

    def depart(self, camera: str, key: str) -> None:
        """A vehicle drove out of a camera's picture; what appears at that edge later is not taken for it."""
        if camera in self._views:
            self._views[camera].vehicles.depart(key)

    def part(self, camera: str, key: str) -> None:
        """A camera's vehicle is not the one it was recognised as: it begins anew with its next sighting."""
        if camera in self._views:
            self._views[camera].vehicles.part(key)

    def known_as(self, camera: str, key: str) -> str:
        """The first key of the vehicle that now has this key at this camera."""
        view = self._views.get(camera)
        return view.vehicles.known_as(key) if view else key

    def inside(self, camera: str, key: str) -> tuple[str, ...]:
        """Ids of the zones that a vehicle is in, as one camera sees it."""
        view = self._views.get(camera)
        return view.inside(key) if view else ()

    def occupancy(self, t_ms: int, deck: str | None = None) -> Occupancy:
        """Who is on a deck at an instant; deck may be left out at a site with one. Raises KeyError without a deck."""
        name = deck if deck is not None else next(iter(self._decks), "")
        return self._decks[name].occupancy(t_ms)


class _View:
    """One camera's vehicles, and the watches over them in both frames."""

    def __init__(self, ground: Shapes, picture: Shapes, plane: GroundPlane | None, memory: Memory) -> None:
        self.plane = plane
        self.vehicles = Vehicles(memory)
        self._memory = memory
        self._width_px = plane.size[0] if plane is not None and plane.size is not None else math.inf
        self._all_kept_ms = -(2**62)  # until then there is nothing to forget
        widths = [b.corridor * MARGIN_SHARE for b in picture.boundaries]
        self._frames = (
            Frame(ground, MARGIN_M, memory.confirm_ms),
            Frame(picture, min(widths, default=MARGIN_PX), memory.confirm_ms),
        )
        self._motion = MotionWatch(memory.confirm_ms)
        self._widest = WidestViews()
        self._reach = _reach_watch(ground, plane)
        self._worded: dict[int, int] = {}  # slots whose last word was said, and when they were last seen

    def update(self, t_ms: int, seen: Observations, *, measured: bool) -> tuple[list[Movement], Observations]:
        """Movements, and where measured the observations that count, under first keys and with ground points."""
        who = self.vehicles.recognise(t_ms, seen.keys, seen.boxes, seen.kinds)
        capacity = self.vehicles.capacity
        if who.fresh:
            for watch in (*self._frames, self._motion, self._widest, self._reach):
                if watch is not None:
                    watch.reset(who.fresh, capacity)
        known = seen
        out: list[tuple[int, Movement]] = []
        if len(who.rows):
            judge = self._judge_few if len(who.rows) <= FEW else self._judge_many
            out, ground, least_m = judge(t_ms, who, seen, measured)
            if measured:
                keys = [self.vehicles.name(s) for s in who.slots.tolist()]
                known = seen.pick(who.rows, keys, ground, least_m)
        return [*self._named(out), *self.expire(t_ms)], known if len(who.rows) and measured else NOBODY

    def _judge_many(self, t_ms: int, who: Recognised, seen: Observations, measured: bool) -> Judged:
        boxes, image = seen.boxes[who.rows], seen.feet()[who.rows]
        jitter_px = np.maximum(JITTER * (boxes[:, 3] - boxes[:, 1]), JITTER_PX)
        ground, spread, metres = self._on_ground(image, seen.ground[who.rows], jitter_px)
        even = np.ones(len(image))
        least_m = self._least_m(who.slots, boxes, metres) if measured or self._reach is not None else even
        told = self._told(t_ms, who, boxes, (ground, spread, least_m))
        sizes = np.where(metres > 0, who.sizes * metres, even)
        out = self._frames[0].update(t_ms, who.slots, Seen(ground, sizes, spread), told)
        out += self._frames[1].update(t_ms, who.slots, Seen(image, even, 0.0 * even))
        out += self._motion.update(t_ms, who.slots, image, who.sizes)
        return out, ground, least_m

    def _told(self, t_ms: int, who: Recognised, boxes: Array, measures: tuple[Array, Array, Array]) -> Told:
        """What footprints say. measures: (N, 2) ground points, (N,) their spread, (N,) least lengths."""
        if self._reach is None:
            return {}
        points, spread, least_m = measures
        kind, course = self.vehicles.kind, self._frames[0].lanes.course
        rows = self._reach.near(points, lambda row: kind(int(who.slots[row])))
        places, slots = points[rows].tolist(), who.slots[rows].tolist()
        plain = zip(slots, boxes[rows].tolist(), places, spread[rows].tolist(), least_m[rows].tolist(), strict=True)
        bodies = [
            Body(slot, kind(slot), (box[0], box[1], box[2], box[3]), place[0], place[1], sigma, least, course(slot))
            for slot, box, place, sigma, least in plain
        ]
        return self._reach.update(t_ms, bodies)

    def _judge_few(self, t_ms: int, who: Recognised, seen: Observations, measured: bool) -> Judged:
        """The same, one vehicle after the other."""
        ground, picture = self._frames
        out: list[tuple[int, Movement]] = []
        boxes, given = seen.boxes.tolist(), seen.ground.tolist()
        slots, seen_at, least_m = who.slots.tolist(), [], []
        measured = measured or self._reach is not None
        for row, slot in zip(who.rows.tolist(), slots, strict=True):
            x0, y0, x1, y1 = boxes[row]
            foot = (x0 + x1) / 2, y1
            spot = self._spot(foot, given[row], max(JITTER * (y1 - y0), JITTER_PX))
            seen_at.append((foot, *spot))
            if measured:
                whole = x0 >= 0 and x1 <= self._width_px
                width_m = build(self.vehicles.kind(slot)).width_m
                least_m.append(self._widest.update_one(slot, (x1 - x0) * spot[2] if whole else 0.0, width_m))
        points, least = np.array([point for _, point, _, _ in seen_at]), np.array(least_m)
        told: Told = {}
        if self._reach is not None:
            spreads = np.array([spread for _, _, spread, _ in seen_at])
            told = self._told(t_ms, who, seen.boxes[who.rows], (points, spreads, least))
        for slot, size, (foot, point, spread, metres) in zip(slots, who.sizes.tolist(), seen_at, strict=True):
            one = SeenOne(*point, size * metres if metres > 0 else 1.0, spread)
            out += ground.update_one(t_ms, slot, one, told.get(slot))
            out += picture.update_one(t_ms, slot, SeenOne(*foot, 1.0, 0.0))
            out += self._motion.update_one(t_ms, slot, foot, size)
        return out, points, least

    def _spot(self, foot: Point, given: Sequence[float], jitter_px: float) -> tuple[Point, float, float]:
        """What `_on_ground` says of one vehicle."""
        if not self._frames[0].busy:
            return (math.nan, math.nan), 0.0, 0.0
        if self.plane is None:
            return (given[0], given[1]), 0.0, 0.0
        spot = self.plane.spot(*foot)
        place = (spot.x, spot.y) if math.isnan(given[0]) else (given[0], given[1])
        return (place, 0.0, 0.0) if math.isnan(spot.x) else (place, spot.most * jitter_px, spot.least)

    def _least_m(self, slots: Index, boxes: Array, metres: Array) -> Array:
        """(N,) how long vehicles are at least, by the widest they were seen. metres: (N,) per pixel."""
        self._widest.update(slots, np.where(self._whole(boxes), boxes[:, 2] - boxes[:, 0], 0.0) * metres)
        return self._widest.least_m(slots, np.array([build(self.vehicles.kind(s)).width_m for s in slots.tolist()]))

    def _whole(self, boxes: Array) -> NDArray[np.bool_]:
        """(N,) which boxes lie inside the picture; one made whole again beyond its edge shows nobody's width."""
        inside: NDArray[np.bool_] = (boxes[:, 0] >= 0) & (boxes[:, 2] <= self._width_px)
        return inside

    def _on_ground(self, image: Array, given: Array, jitter_px: Array) -> tuple[Array, Array, Array]:
        """(N, 2) metres, (N,) their spread (one sigma, the worst way), and (N,) metres per pixel, 0 where not known."""
        none = np.zeros(len(image))
        if not self._frames[0].busy:
            return np.full_like(image, np.nan), none, none
        if self.plane is None:
            return given, none, none
        seen, slope = self.plane.ground_and_slope(image)
        a, b, c, d = slope.reshape(-1, 4).T
        # singular values of a 2×2 matrix
        half, area = (a * a + b * b + c * c + d * d) / 2, np.abs(a * d - b * c)
        apart = np.sqrt(np.maximum(half * half - area * area, 0.0))
        across = np.sqrt(np.maximum(half - apart, 0.0))
        spread = np.sqrt(half + apart) * jitter_px
        return np.where(np.isnan(given), seen, given), np.nan_to_num(spread), np.nan_to_num(across)

    def expire(self, t_ms: int) -> list[Movement]:
        if t_ms <= self._all_kept_ms and len(self.vehicles) <= self._memory.most:
            return []
        out: list[tuple[int, Movement]] = []
        for slot in self.vehicles.unseen(t_ms, self._memory.lost_ms):
            last_ms = self.vehicles.last_ms(slot)
            if self._worded.get(slot) != last_ms:
                self._worded[slot] = last_ms
                out += self._last_word(slot)
        named = self._named(out)
        gone = {*self.vehicles.unseen(t_ms, self._memory.keep_ms), *self.vehicles.flashes(t_ms)}
        for slot in {*gone, *self.vehicles.surplus()}:
            self.vehicles.forget(slot)
            self._worded.pop(slot, None)
        self._all_kept_ms = self.vehicles.all_kept_ms(t_ms)
        return named

    def close(self) -> list[Movement]:
        return self._named([pair for slot in self.vehicles.unseen(2**62, 0) for pair in self._last_word(slot)])

    def inside(self, key: str) -> tuple[str, ...]:
        slot = self.vehicles.slot(key)
        return () if slot is None else tuple(z for frame in self._frames for z in frame.zones.inside(slot))

    def _last_word(self, slot: int) -> list[tuple[int, Movement]]:
        last_ms = self.vehicles.last_ms(slot)
        words = [b.flush(slot, last_ms) for frame in self._frames for b in frame.boundaries]
        return [(slot, word) for word in words if word is not None]

    def _named(self, pairs: list[tuple[int, Movement]]) -> list[Movement]:
        if not pairs:
            return []
        names = self.vehicles.name
        named = [
            Movement(m.t_ms, names(slot), m.kind, m.shape, m.direction, m.gate, m.distance_m, m.duration_ms)
            for slot, m in pairs
        ]
        return sorted(named, key=lambda m: (m.t_ms, m.vehicle, m.kind, m.shape))


def _reach_watch(ground: Shapes, plane: GroundPlane | None) -> ReachWatch | None:
    """Of a camera that is known to stand where it does, and where there is anything to be reached into."""
    if plane is None or plane.projection is None or not any(z.kind in REACHED for z in ground.zones):
        return None
    return ReachWatch(ground.zones, plane, MARGIN_M)
