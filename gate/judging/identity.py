"""Whose plate it may be: a plate one character off another that belongs here is no ground for an accusation by itself.

A plate read by one camera alone may be misread in a character. Where no visit of the plate as read explains that it is
here, but that of a plate one character off does, the passage says so. It is taken for the other only where everything
else points to it and to nobody else: that one came in and has not left, is of the same kind, and holds a valid ticket,
while the plate as read holds none, or one that the load does not fit. The plate as read stays in the record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.facts import BY_CODE, TicketUse
from gate.fraud.history import History, PastVisit
from gate.fraud.net import Tares
from gate.fraud.passage_facts import came_in, weighed
from gate.passage.plates import confusable, is_trailer, known, one_off
from gate.records import Passage

INSIDE_MS = 24 * 3_600_000  # who came in longer ago has left unseen
SURE_CONFIDENCE = 0.9  # of a reading by one camera, from which a plate that is expected here is believed
NET_SHARE = 0.02  # a load that is within this of its ticket's was loaded for it
BELIEVED_CONFIDENCE = 0.97  # from which a plate is believed though it is not, where its ticket fits the load
WITNESSES = 2  # cameras that read the same leave no doubt


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a passage is taken for. taken_for: the other plate, "" where it is the one read or nobody can say.

    alike: plates one character off that it may be as well. because: what the passage has to say of it.
    """

    taken_for: str = ""
    alike: tuple[str, ...] = ()
    because: str = ""


AS_READ = Identity()


def identify(
    passage: Passage, history: History, vehicles: Tares, ticket: Callable[[str], Sequence[TicketUse]]
) -> Identity:
    """Whether the plate a passage is known by may be another's. Who comes in is not looked for among those inside.

    vehicles: the register. ticket: what the register of tickets holds for a plate at this instant.
    """
    plate = known(passage.plates)
    if not plate or passage.read_by >= WITNESSES or came_in(passage) is not None:
        return AS_READ
    if any(t.by == BY_CODE and t.plate == plate for t in passage.tickets):
        return AS_READ  # a second witness
    confidence, inside = passage.plates[0].confidence, _came_in(history, plate, passage) is not None
    if inside and confidence >= SURE_CONFIDENCE:
        return AS_READ
    shown = {t.plate for t in passage.tickets if t.state == "other_plate" and t.plate in set(one_off(plate))}
    if len(shown) == 1 and _valid(ticket(other := min(shown)), other) and not inside:
        return Identity(
            other, (other,), f"plate read {plate}, taken for {other}, one character off, whose code it showed"
        )
    others = [(p, visit) for p in one_off(plate) if (visit := _came_in(history, p, passage)) is not None]
    others = [(p, visit) for p, visit in others if visit.kind == passage.kind.value and _valid(ticket(p), p)]
    own = [*passage.tickets, *ticket(plate)]
    if not others:
        known_here = inside or own or vehicles.tare_kg(plate) is not None
        return AS_READ if known_here else _stranger(plate, passage, vehicles, ticket)
    alike = tuple(p for p, _ in others)
    as_weighed = [(p, v) for p, v in others if _weighs_as_ticketed(passage, vehicles, p, ticket(p)) is True]
    as_read = _valid(own, plate) and _weighs_as_ticketed(passage, vehicles, plate, own) is not False
    if inside or (as_read and not as_weighed):
        return Identity(because=f"plate read {plate} by one camera; {_named(alike)}, one character off, came in too")
    doubt = f"plate read {plate}, which did not come in; it may be {_named(alike)}"
    if as_read:
        return Identity(because=doubt) if confidence >= BELIEVED_CONFIDENCE else Identity(alike=alike, because=doubt)
    likely = _likeliest(plate, as_weighed if _valid(own, plate) else as_weighed or others, passage)
    if likely:
        because = f"plate read {plate}, taken for {likely}: one character off, came in, has not left, has a ticket"
        return Identity(likely, alike, because)
    return Identity(alike=alike, because=doubt)


def _stranger(plate: str, passage: Passage, vehicles: Tares, ticket: Callable[[str], Sequence[TicketUse]]) -> Identity:
    """Who a plate may be that no register knows: those that readers take for it and whose ticket its load fits."""
    looks = (p for p in one_off(plate) if confusable(plate, p))
    alike = tuple(p for p in looks if _weighs_as_ticketed(passage, vehicles, p, ticket(p)))
    because = f"plate read {plate}, which nobody knows; its load is as ticketed for {_named(alike)}, one character off"
    return Identity(alike=alike, because=because) if alike else AS_READ


def _came_in(history: History, plate: str, passage: Passage) -> PastVisit | None:
    """A plate's last visit, where that brought it in and it was not seen leaving."""
    visits = [v for v in history.of(plate) if v.passage != passage.id]
    last = visits[-1] if visits else None
    here = last is not None and not last.left and 0 <= passage.start_ms - last.end_ms <= INSIDE_MS
    return last if here else None


def _likeliest(plate: str, others: Sequence[tuple[str, PastVisit]], passage: Passage) -> str:
    """The one plate that its trailer speaks for, or else that readers take for this one, or else the only one."""
    trailers = {p.text for p in passage.plates if is_trailer(p)}
    by_trailer = [p for p, visit in others if visit.trailer and visit.trailer in trailers]
    by_looks = [p for p, _ in others if confusable(plate, p)]
    for some in (by_trailer, by_looks, [p for p, _ in others]):
        if some:
            return some[0] if len(some) == 1 else ""
    return ""


def _weighs_as_ticketed(passage: Passage, vehicles: Tares, plate: str, uses: Sequence[TicketUse]) -> bool | None:
    """Whether the weight is what this plate's tare and ticket add up to; None: not weighed, or no tare known."""
    weighing, tare_kg = weighed(passage), vehicles.tare_kg(plate)
    if weighing is None or weighing.stable_kg is None or tare_kg is None:
        return None
    net_kg = weighing.stable_kg - tare_kg
    return any(abs(net_kg - u.tonnes * 1000) <= NET_SHARE * u.tonnes * 1000 for u in uses if u.state == "valid")


def _valid(uses: Sequence[TicketUse], plate: str) -> bool:
    return any(u.state == "valid" and u.plate == plate for u in uses)


def _named(plates: Sequence[str]) -> str:
    return ", ".join(plates[:3]) + (" …" if len(plates) > 3 else "")
