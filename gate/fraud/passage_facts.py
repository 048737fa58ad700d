"""Questions several rules ask of a passage."""

from gate.facts import TicketUse, Weighing
from gate.passage.plates import KNOWN_CONFIDENCE, known
from gate.records import Passage
from gate.site.model import Site
from geofence.movement import Movement, MovementKind


def left(passage: Passage) -> Movement | None:
    """Its last crossing of a boundary, when that led outward."""
    crossings = [m for m in passage.movements if m.kind is MovementKind.CROSSED]
    return crossings[-1] if crossings and crossings[-1].direction == "out" else None


def came_in(passage: Passage) -> Movement | None:
    """Its last crossing inward, if it has one."""
    inward = (m for m in passage.movements if m.kind is MovementKind.CROSSED and m.direction == "in")
    return max(inward, key=lambda m: m.t_ms, default=None)


def zones_of(site: Site, *kinds: str) -> frozenset[str]:
    """Ids of the site's zones of some kinds."""
    return frozenset(z.id for z in site.zones if z.kind in kinds)


def weighed(passage: Passage) -> Weighing | None:
    """Its last weighing with a stable weight."""
    return next((w for w in reversed(passage.weighings) if w.stable_kg is not None), None)


def known_plate(passage: Passage) -> str:
    """The plate it is known by or taken for, "" while none is read surely enough or it may be one of several."""
    return passage.taken_for or ("" if passage.alike else known(passage.plates))


def plate_or_unread(passage: Passage) -> tuple[str, str]:
    """How a sentence names the vehicle, in Chinese and English."""
    plate = passage.plate
    if not plate:
        return "号牌未识别车辆", "a vehicle with no plate read"
    if passage.taken_for:
        return f"{passage.taken_for}(读作 {plate})", f"{passage.taken_for} (read {plate})"
    if passage.alike or passage.plates[0].confidence < KNOWN_CONFIDENCE:
        return f"{plate}(号牌不确定)", f"{plate} (plate uncertain)"
    return plate, plate


def valid_ticket(passage: Passage) -> TicketUse | None:
    """The ticket it may leave on."""
    return next((t for t in passage.tickets if t.state == "valid"), None)


def e_kg(passage: Passage, site: Site) -> float:
    """The verification interval of the scale that weighed it, kg."""
    weighing = weighed(passage)
    return next((s.e_kg for s in site.scales if weighing is not None and s.id == weighing.scale), 20.0)
