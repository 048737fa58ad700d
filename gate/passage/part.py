"""Undoing a join: two vehicles that were taken for one until their plates were read.

A vehicle that appears where another has just vanished is at first taken for the same one. When the same camera then
reads another plate on it, it was another: one camera sees one end of a vehicle, and that end has one plate. Plates that
differ between two cameras do not part a visit: front and rear may carry different plates, which is a fraud of its own.
"""

from collections.abc import Iterable
from dataclasses import replace

from gate.passage.plates import distance, is_trailer
from gate.passage.visit import Trace, Visit
from geofence.movement import Movement, MovementKind
from vision.facts import PlateReading

SURE_CONFIDENCE, SURE_FRAMES = 0.9, 3
LEAST_DISTANCE = 2.0  # two plain differences: one may be a misread character


def part(visit: Visit) -> Visit | None:
    """Take the vehicle that does not belong out of a visit, with all that is its own; None where nothing contradicts.

    Weighings stay behind: who stood on the deck is for the book to say.
    """
    first_key = _stranger(visit)
    if first_key is None:
        return None
    since_ms = visit.traces[first_key].first.t_ms
    theirs = {key: trace for key, trace in visit.traces.items() if _belongs(trace, visit.traces[first_key])}
    other = Visit(visit.absorbed.pop(first_key), visit.site, traces=theirs)
    other.absorbed = {key: visit.absorbed.pop(key) for key in theirs if key in visit.absorbed}
    for key in theirs:
        del visit.traces[key]
    visit.recount()
    before = [m for m in visit.movements if m.t_ms < since_ms and m.vehicle not in theirs]
    after = [m for m in visit.movements if m not in before]
    inside = _inside(before)
    visit.movements = [*before, *(_at(m, MovementKind.LEFT, visit.last_ms, m.vehicle) for m in inside)]
    other.movements = [*(_at(m, MovementKind.ENTERED, since_ms, first_key) for m in inside), *after]
    other.tickets = [t for t in visit.tickets if _carries(other, t.plate) and not _carries(visit, t.plate)]
    visit.tickets = [t for t in visit.tickets if t not in other.tickets]
    for one in (visit, other):
        crossed = [m for m in one.movements if m.kind is MovementKind.CROSSED]
        one.left_ms = crossed[-1].t_ms if crossed and crossed[-1].direction == "out" else None
    return other


def _stranger(visit: Visit) -> str | None:
    """The first key whose plate contradicts that of an earlier key of the same camera."""
    traces = sorted(visit.traces.items(), key=lambda item: (item[1].first.t_ms, item[0]))
    for index, (key, later) in enumerate(traces):
        if key not in visit.absorbed:
            continue
        for _, earlier in traces[:index]:
            if earlier.last.camera == later.last.camera and _contradict(earlier, later):
                return key
    return None


def _contradict(a: Trace, b: Trace) -> bool:
    sure = [[p.text for p in t.plates if _sure(p)] for t in (a, b)]
    return all(sure) and all(distance(x, y) >= LEAST_DISTANCE for x in sure[0] for y in sure[1])


def _sure(reading: PlateReading) -> bool:
    return reading.confidence >= SURE_CONFIDENCE and reading.frames >= SURE_FRAMES and not is_trailer(reading)


def _belongs(trace: Trace, stranger: Trace) -> bool:
    """Whether a trace goes with the stranger: it began no earlier, and its plate does not speak against it."""
    return trace.first.t_ms >= stranger.first.t_ms and not _contradict(trace, stranger)


def _carries(visit: Visit, plate: str) -> bool:
    return any(p.text == plate for p in visit.plates)


def _inside(movements: Iterable[Movement]) -> list[Movement]:
    """The movements by which a vehicle came into the zones it has not left."""
    entered: dict[str, Movement] = {}
    for movement in movements:
        if movement.kind is MovementKind.ENTERED:
            entered[movement.shape] = movement
        elif movement.kind is MovementKind.LEFT:
            entered.pop(movement.shape, None)
    return list(entered.values())


def _at(movement: Movement, kind: MovementKind, t_ms: int, vehicle: str) -> Movement:
    way = "in" if kind is MovementKind.ENTERED else "out"
    return replace(movement, kind=kind, t_ms=t_ms, vehicle=vehicle, direction=way)
