"""Which lift ticket a passage goes by, and when that is used up.

A ticket whose code was shown is the passage's own. One looked up by the plate is its own only for as long as the
vehicle is taken for that plate: when a better reading, its weight or its twin's visit shows it to be another, the
look-up is made again and a ticket used up meanwhile is given back. Where the plate may be another's, the use is a
doubtful one: it makes way for the next vehicle that claims the ticket with a surer reading, and accuses neither.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from gate.facts import BY_CODE, BY_DOUBTFUL_PLATE, BY_PLATE, TicketUse
from gate.fraud.history import History
from gate.fraud.net import Tares
from gate.fraud.passage_facts import came_in, known_plate, left, valid_ticket
from gate.judging.identity import AS_READ, Identity, identify
from gate.passage.plates import known
from gate.records import Passage

FILES_LIMIT = 5_000  # passages remembered at once; those absorbed by others are forgotten first
DOUBTFUL_LIMIT = 10_000  # doubtful uses remembered; the oldest become sure


class Tickets(Protocol):
    """The register of lift tickets, as far as the gate asks it."""

    def check_plate(self, t_ms: int, plate: str, site: str) -> Sequence[TicketUse]:
        """What the register holds for a plate at an instant: nothing, or one use per ticket, the best first."""
        ...

    def check(self, t_ms: int, plate: str, site: str, token: str) -> TicketUse:
        """What a code held up is worth for a plate ("" while unread)."""
        ...

    def use(self, ticket: str, t_ms: int, passage: str) -> None:
        """A ticket was used up by a passage; saying so again for the same passage changes nothing."""
        ...

    def give_back(self, ticket: str, passage: str) -> None:
        """A ticket was not used up by this passage after all; nothing changes where another one used it up."""
        ...


@dataclass(slots=True)
class _File:
    """What is known of one passage. read: what of it decides who it is, and who that is. about, answer: the plates the
    register was asked for, and what it said. used: the ticket it has used up, "" while none.
    """

    read: str = ""
    who: Identity = AS_READ
    about: str = ""
    answer: tuple[str, ...] = ()
    found: tuple[TicketUse, ...] = ()
    used: str = ""


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A use that may be another vehicle's: when, by which passage. confidence: of the plate it was looked up by."""

    t_ms: int
    passage: str
    confidence: float


class TicketDesk:
    """The tickets of one site's passages. The same passages in the same order give the same answers."""

    def __init__(self, site: str, tickets: Tickets, vehicles: Tares, history: History) -> None:
        self._site, self._tickets = site, tickets
        self._vehicles, self._history = vehicles, history
        self._files: dict[str, _File] = {}
        self._doubtful: dict[str, _Doubtful] = {}  # by ticket

    def serve(self, passage: Passage, t_ms: int) -> tuple[Passage, list[TicketUse]]:
        """The passage with whose plate it may be and what the register says of that plate; and what it newly said.

        While that is nothing valid it is asked again: tickets come late.
        """
        file = self._files.setdefault(passage.id, _File())
        if len(self._files) > FILES_LIMIT:
            del self._files[next(iter(self._files))]
        passage = self._identified(passage, file, t_ms)
        plate, news = known_plate(passage) or known(passage.plates), []
        about = f"{passage.plate} as {plate}"
        if plate and (about != file.about or not _has_valid((*passage.tickets, *file.found))):
            news = self._look_up(passage, plate, file, about, t_ms)
        by = BY_DOUBTFUL_PLATE if file.who.because else BY_PLATE
        file.found = tuple(u if u.by == by else replace(u, by=by) for u in file.found)
        return (replace(passage, tickets=(*passage.tickets, *file.found)) if file.found else passage), news

    def show(self, passage: str, t_ms: int, plate: str, token: str) -> TicketUse:
        """What a code is worth that a passage, known by a plate, has shown: more than a doubtful use by another."""
        use = self._tickets.check(t_ms, plate, self._site, token)
        file, other = self._files.get(passage), self._doubtful.get(use.ticket)
        if use.state == "used" and file is not None and file.used == use.ticket:
            use = _as_valid(use)  # it has left on it itself
        elif use.state == "used" and other is not None:
            with self._without([use.ticket]):
                use = self._tickets.check(t_ms, plate, self._site, token)
        return replace(use, by=BY_CODE)

    def settle(self, passage: Passage, t_ms: int) -> None:
        """Use up the valid ticket a vehicle has left on, and give back the one it turned out not to have left on."""
        if left(passage) is None:
            return
        file = self._files.setdefault(passage.id, _File())
        ticket = valid_ticket(passage)
        of_nobody = ticket is not None and ticket.by == BY_DOUBTFUL_PLATE and not known_plate(passage)
        name = ticket.ticket if ticket is not None and not of_nobody else ""
        if file.used not in ("", name):
            self._give_back(file.used, passage.id)
        doubtful = ticket is not None and ticket.by == BY_DOUBTFUL_PLATE
        if name and name != file.used:
            if self._outdone(name, passage, sure=not doubtful):
                self._give_back(name, self._doubtful[name].passage)
            self._tickets.use(name, t_ms, passage.id)
            if doubtful:
                self._note_doubt(name, passage, t_ms)
        elif name and not doubtful:
            self._be_sure(name, passage.id)
        file.used = name

    def merge(self, gone: str, into: str, t_ms: int) -> None:
        """Two passages turned out to be one: a ticket that one of them has left on is the other's."""
        old = self._files.pop(gone, None)
        if old is None or not old.used:
            return
        file, doubt = self._files.setdefault(into, _File()), self._doubtful.get(old.used)
        self._give_back(old.used, gone)
        if not file.used:
            self._tickets.use(old.used, t_ms, into)
            file.used = old.used
            if doubt is not None and doubt.passage == gone:
                self._doubtful[old.used] = replace(doubt, passage=into)

    def forget(self, passage: str) -> None:
        """A passage is closed: it is not asked about again."""
        self._files.pop(passage, None)

    def ticketed(self, passage: str) -> bool:
        """Whether a valid ticket was found by a passage's plate."""
        file = self._files.get(passage)
        return file is not None and _has_valid(file.found)

    def _identified(self, passage: Passage, file: _File, t_ms: int) -> Passage:
        """The passage with whose plate it may be beside the one read. Once taken for another's, it stays so for as long
        as what was read stays the same.
        """
        plate = known(passage.plates)
        read = f"{plate} {passage.read_by} {came_in(passage) is not None}"
        if file.read != read or not file.who.taken_for:
            file.read = read
            file.who = identify(
                passage, self._history, self._vehicles, lambda p: self._could_have(passage, p, file, t_ms)
            )
        who = file.who
        if not who.because:
            return passage
        unsure = (*passage.unsure, who.because)
        return replace(passage, taken_for=who.taken_for, alike=who.alike, unsure=unsure)

    def _could_have(self, passage: Passage, plate: str, file: _File, t_ms: int) -> list[TicketUse]:
        """What the register holds for a plate; a doubtful use by another does not tell against the plate as read."""
        uses = self._held(plate, file, t_ms)
        if plate != known(passage.plates):
            return uses
        return [_as_valid(u) if self._gives_way(u, passage, sure=True) else u for u in uses]

    def _held(self, plate: str, file: _File, t_ms: int) -> list[TicketUse]:
        """What the register holds for a plate. What this passage itself has used up is its own still."""
        uses = self._tickets.check_plate(t_ms, plate, self._site)
        return [_as_valid(u) if u.state == "used" and u.ticket == file.used else u for u in uses]

    def _look_up(self, passage: Passage, plate: str, file: _File, about: str, t_ms: int) -> list[TicketUse]:
        """Ask the register for a plate; what it says now, empty where that is nothing new."""
        uses = self._held(plate, file, t_ms)
        ways = [u for u in uses if self._gives_way(u, passage, sure=not file.who.because)]
        if ways:
            with self._without([u.ticket for u in ways]):
                uses = self._held(plate, file, t_ms)
        answer = tuple(f"{u.ticket} {u.state}" for u in uses)
        if (about, answer) == (file.about, file.answer):
            return []
        file.about, file.answer = about, answer
        by = BY_DOUBTFUL_PLATE if file.who.because else BY_PLATE
        read = f"plate read {passage.plate}" if passage.taken_for else ""
        file.found = tuple(replace(u, by=by, detail=read or u.detail) for u in uses)
        return list(file.found)

    def _gives_way(self, use: TicketUse, passage: Passage, *, sure: bool) -> bool:
        """Whether a ticket that is used up was used by one whose plate was less sure than this one's."""
        return use.state == "used" and self._outdone(use.ticket, passage, sure=sure)

    def _outdone(self, ticket: str, passage: Passage, *, sure: bool) -> bool:
        """Whether another passage's doubtful use of a ticket yields to this passage's claim."""
        other = self._doubtful.get(ticket)
        if other is None or other.passage == passage.id:
            return False
        return sure or (not passage.taken_for and _confidence(passage) > other.confidence)

    @contextmanager
    def _without(self, tickets: Sequence[str]) -> Iterator[None]:
        """What the register says meanwhile, it says as if these doubtful uses were not. Who claims a ticket may yet
        turn round or be refused: the use itself yields when somebody leaves on it.
        """
        uses = [(ticket, self._doubtful[ticket]) for ticket in tickets]
        for ticket, use in uses:
            self._tickets.give_back(ticket, use.passage)
        try:
            yield
        finally:
            for ticket, use in uses:
                self._tickets.use(ticket, use.t_ms, use.passage)

    def _note_doubt(self, ticket: str, passage: Passage, t_ms: int) -> None:
        self._doubtful[ticket] = _Doubtful(t_ms, passage.id, _confidence(passage))
        if len(self._doubtful) > DOUBTFUL_LIMIT:
            del self._doubtful[next(iter(self._doubtful))]

    def _be_sure(self, ticket: str, passage: str) -> None:
        if ticket in self._doubtful and self._doubtful[ticket].passage == passage:
            del self._doubtful[ticket]

    def _give_back(self, ticket: str, passage: str) -> None:
        self._tickets.give_back(ticket, passage)
        self._be_sure(ticket, passage)


def _has_valid(uses: Sequence[TicketUse]) -> bool:
    return any(u.state == "valid" for u in uses)


def _as_valid(use: TicketUse) -> TicketUse:
    return replace(use, state="valid", detail="")


def _confidence(passage: Passage) -> float:
    return passage.plates[0].confidence if passage.plates else 0.0
