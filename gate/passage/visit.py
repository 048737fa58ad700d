"""A visit in the making: everything known so far of one vehicle at the gate."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gate.facts import TicketUse, Weighing
from gate.passage.place import Way
from gate.passage.plates import known, merge
from gate.records import Passage
from geofence.movement import Movement, MovementKind
from vision.facts import PlateReading, Sighting, VehicleClass, VehicleLook

STILL_SIZES = 0.5  # what never came further than this from where it was first seen has not moved
STILL_SIZES_READ = 0.2  # where its plate was read: no shed has one, and one that comes straight on hardly shifts
GOODS_VEHICLES = frozenset({VehicleClass.TRUCK, VehicleClass.TANKER, VehicleClass.DUMP_TRUCK})


@dataclass(slots=True)
class Trace:
    """What one camera key contributed: where it began, its last sighting and the best plates it read.

    travelled: how far it came from where it began, in sizes of its box (square root of the area).
    kinds: how much speaks for each class, every sighting weighed by its score and the area of its box. way: where it
    was. last_ms: when it was last seen; a last word said later is no look.
    """

    first: Sighting
    last: Sighting
    plates: tuple[PlateReading, ...] = ()
    travelled: float = 0.0
    kinds: dict[VehicleClass, float] = field(default_factory=dict)
    way: Way = field(default_factory=Way)
    last_ms: int = 0
    look: VehicleLook | None = None

    @property
    def gone(self) -> bool:
        return self.last.final

    def see(self, sighting: Sighting) -> None:
        """Take the next sighting of this key."""
        self.last = sighting
        self.last_ms = self.last_ms if sighting.final and self.last_ms else sighting.t_ms
        self.way.see(sighting)
        if sighting.plates and sighting.plates != self.plates:
            self.plates = sighting.plates
        self.look = sighting.look or self.look
        self.travelled = max(self.travelled, _sizes_apart(self.first, sighting))
        x0, y0, x1, y1 = sighting.box
        seen = sighting.score * max((x1 - x0) * (y1 - y0), 1.0)
        self.kinds[sighting.kind] = self.kinds.get(sighting.kind, 0.0) + seen


@dataclass(slots=True)
class Visit:
    """One vehicle's visit while it lasts. It has a trace from its first sighting on.

    tickets: those whose codes it has shown. absorbed: by its first key, the id of each visit that was taken into this
    one. doubts: what of it may be wrong. tried_ms: when it was last tried whether it belongs to another. given_up: that
    is tried no longer.
    """

    id: str
    site: str
    traces: dict[str, Trace] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    weighings: list[Weighing] = field(default_factory=list)
    tickets: list[TicketUse] = field(default_factory=list)
    joined_because: list[str] = field(default_factory=list)
    absorbed: dict[str, str] = field(default_factory=dict)
    left_ms: int | None = None  # crossed outward
    doubts: list[str] = field(default_factory=list)
    tried_ms: int = 0
    given_up: bool = False
    _merged: tuple[PlateReading, ...] | None = None  # None: to be merged anew
    _known: str = ""

    @property
    def start_ms(self) -> int:
        return min(t.first.t_ms for t in self.traces.values())

    @property
    def placed_ms(self) -> int | None:
        """When its place on the ground was first known, None while it is not."""
        return min((t.way.first.t_ms for t in self.traces.values() if t.way.first is not None), default=None)

    @property
    def last_ms(self) -> int:
        return max(t.last.t_ms for t in self.traces.values())

    @property
    def first_key(self) -> str:
        """The key it was first seen under."""
        return min(self.traces, key=lambda key: (self.traces[key].first.t_ms, key))

    @property
    def kind(self) -> VehicleClass:
        """The class most of its sightings say, weighed by score and by how large it was seen."""
        if len(self.traces) == 1:
            (trace,) = self.traces.values()
            return (
                max(trace.kinds, key=lambda k: (trace.kinds[k], k.value)) if len(trace.kinds) > 1 else trace.last.kind
            )
        scores: dict[VehicleClass, float] = {}
        for trace in self.traces.values():
            for kind, score in trace.kinds.items():
                scores[kind] = scores.get(kind, 0.0) + score
        return max(scores, key=lambda k: (scores[k], k.value))

    @property
    def touched(self) -> bool:
        """Whether it was in a zone or over a boundary of this site, and not merely always there: what is parked in the
        picture, or only looks like a vehicle, makes no visit.
        """
        if not any(m.shape for m in self.movements):
            return False
        came = any(m.direction is not None for m in self.movements)
        still = STILL_SIZES_READ if self.plate else STILL_SIZES
        return came or any(t.travelled > still for t in self.traces.values())

    @property
    def plates(self) -> tuple[PlateReading, ...]:
        if self._merged is None:
            self._merged = merge(p for trace in self.traces.values() for p in trace.plates)
            self._known = known(self._merged)
        return self._merged

    @property
    def plate(self) -> str:
        """The plate it is known by, "" while none is read surely enough."""
        return self._known if self._merged is not None else known(self.plates)

    def recount(self) -> None:
        """Its traces were changed: what follows from them is to be found anew."""
        self._merged = None

    @property
    def gone(self) -> bool:
        return all(t.gone for t in self.traces.values())

    def see(self, sighting: Sighting) -> None:
        """Take one sighting of a key that belongs to this visit."""
        trace = self.traces.get(sighting.vehicle)
        if trace is None:
            trace = self.traces[sighting.vehicle] = Trace(sighting, sighting)
        before = trace.plates
        trace.see(sighting)
        if trace.plates is not before:
            self._merged = None

    def absorb(self, other: "Visit", because: str) -> None:
        """Take over all another visit holds: they are one vehicle."""
        self._merged = None
        self.absorbed |= {**other.absorbed, other.first_key: other.id}
        for key, trace in other.traces.items():
            self.traces.setdefault(key, trace)
        self.movements = sorted([*self.movements, *other.movements], key=lambda m: m.t_ms)
        self.weighings = sorted([*self.weighings, *other.weighings], key=lambda w: w.t_ms)
        self.tickets += [t for t in other.tickets if t not in self.tickets]
        self.left_ms = self.left_ms if self.left_ms is not None else other.left_ms
        self.joined_because += [*other.joined_because, because]
        self.doubts += other.doubts

    def stays(self, zones: frozenset[str], now_ms: int) -> Iterator[tuple[int, int]]:
        """The spans (from, to) in UTC ms it spent in any of some zones; a span still open ends now."""
        since: int | None = None
        for movement in self.movements:
            if movement.shape not in zones:
                continue
            if movement.kind is MovementKind.ENTERED and since is None:
                since = movement.t_ms
            elif movement.kind is MovementKind.LEFT and since is not None:
                yield since, movement.t_ms
                since = None
        if since is not None:
            yield since, now_ms

    def record(self, *, closed: bool) -> Passage:
        """The visit as the frozen record others see."""
        return Passage(
            id=self.id,
            site=self.site,
            start_ms=self.start_ms,
            end_ms=self.last_ms,
            vehicles=tuple(sorted(self.traces)),
            kind=self.kind,
            plates=self.plates,
            movements=tuple(self.movements),
            weighings=tuple(self.weighings),
            tickets=tuple(self.tickets),
            joins=tuple(self.joined_because),
            unsure=self._unsure(),
            closed=closed,
            read_by=self._read_by(),
            look=best_look(t.look for t in self.traces.values() if t.look is not None),
        )

    def _read_by(self) -> int:
        """How many cameras read the plate it is known by, each surely and for itself."""
        plate = self.plate
        return len({t.last.camera for t in self.traces.values() if known(t.plates) == plate}) if plate else 0

    def _unsure(self) -> tuple[str, ...]:
        unread = self.kind in GOODS_VEHICLES and not self.plate
        return (
            (*self.doubts, "no plate read surely: its ticket could not be looked up") if unread else tuple(self.doubts)
        )


def best_look(looks: Iterable[VehicleLook]) -> VehicleLook | None:
    """What several cameras saw of one vehicle: each thing from the one that was surest of it."""
    seen = list(looks)
    if not seen:
        return None
    colour = max(seen, key=lambda look: look.colour_confidence)
    axles = max(seen, key=lambda look: look.axles_confidence)
    total = sum(look.looks for look in seen)
    return VehicleLook(colour.colour, colour.colour_confidence, axles.axles, axles.axles_confidence, total)


def _sizes_apart(a: Sighting, b: Sighting) -> float:
    """Distance of two boxes' middles in sizes of the larger one."""
    ax0, ay0, ax1, ay1 = a.box
    bx0, by0, bx1, by1 = b.box
    area = max((ax1 - ax0) * (ay1 - ay0), (bx1 - bx0) * (by1 - by0), 1.0)
    return math.hypot(ax0 + ax1 - bx0 - bx1, ay0 + ay1 - by0 - by1) / 2 / math.sqrt(area)
