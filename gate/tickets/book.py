"""What the gate knows of tickets, and its answer when one is presented: without a network, with time as an argument."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gate.errors import TicketError
from gate.facts import TicketUse
from gate.tickets.ticket import BadSignatureError, Ticket, Void, check_issuers, normal_plate, unseal


@dataclass(frozen=True, slots=True)
class Use:
    """A ticket carried a load: when, and in which passage."""

    t_ms: int
    passage: str


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line of a register that could not be taken, and why."""

    line: int
    reason: str


class TicketBook:
    """Tickets this gate may see, those void, and those used up.

    The answer to a presented ticket is, in this order: "unknown" (no ticket), "bad_signature", "void", "used",
    "other_site", "other_plate", "not_yet_valid", "expired", "valid".
    """

    def __init__(self, tickets: Iterable[Ticket] = (), voids: Iterable[Void] = (), issuers: Sequence[str] = ()) -> None:
        self._issuers = check_issuers(tuple(issuers))
        self._tickets: dict[str, Ticket] = {}
        self._by_plate: dict[str, list[str]] = {}
        self._voids: dict[str, Void] = {}
        self._uses: dict[str, Use] = {}
        self._tokens: dict[str, str] = {}
        for ticket in tickets:
            self._know(ticket)
        for void in voids:
            self._voids.setdefault(void.ticket, void)

    def __len__(self) -> int:
        return len(self._tickets)

    def add(self, token: str) -> None:
        """Learn a signed ticket or void notice. Raises TicketError; a notice or ticket known already is no error."""
        content = unseal(token, self._issuers).content
        if isinstance(content, Void):
            self._voids.setdefault(content.ticket, content)
        else:
            self._know(content, token)

    def check(self, t_ms: int, plate: str, site: str, token: str) -> TicketUse:
        """What a scanned code is worth for this plate at this site; an unread plate ("") is not compared."""
        try:
            content = unseal(token, self._issuers).content
        except BadSignatureError as error:
            if isinstance(error.content, Ticket):
                return _use(t_ms, error.content, "bad_signature", str(error))
            return TicketUse(t_ms, "", "", "", "", 0.0, "bad_signature", str(error))
        except TicketError as error:
            return TicketUse(t_ms, "", "", "", "", 0.0, "unknown", str(error))
        if isinstance(content, Void):
            return TicketUse(t_ms, content.ticket, "", "", "", 0.0, "unknown", "a notice, no ticket")
        self._know(content, token)
        return self._answer(t_ms, content, normal_plate(plate), site)

    def check_plate(self, t_ms: int, plate: str, site: str) -> tuple[TicketUse, ...]:
        """What is known for a plate: its valid ticket that ends first, or else the one issued last; or nothing."""
        known = (self._tickets[i] for i in self._by_plate.get(normal_plate(plate), ()))
        tickets = sorted(known, key=lambda t: (t.until_ms, t.id))
        answers = [self._answer(t_ms, t, normal_plate(plate), site) for t in tickets]
        valid = next((a for a in answers if a.state == "valid"), None)
        if valid is not None:
            return (valid,)
        last = max(tickets, key=lambda t: (t.issued_ms, t.id), default=None)
        return () if last is None else (self._answer(t_ms, last, normal_plate(plate), site),)

    def use(self, ticket: str, t_ms: int, passage: str) -> None:
        """The ticket has carried its load. Used once is used: a second call changes nothing."""
        self._uses.setdefault(ticket, Use(t_ms, passage))

    def give_back(self, ticket: str, passage: str) -> None:
        """The load a passage carried was not this ticket's. Nothing changes where another passage used it."""
        if ticket in self._uses and self._uses[ticket].passage == passage:
            del self._uses[ticket]

    def uses(self) -> dict[str, Use]:
        """Every use noted, by ticket."""
        return dict(self._uses)

    @property
    def learnt(self) -> int:
        """How many tickets and notices are known; it grows with each that is new."""
        return len(self._tickets) + len(self._voids)

    def tickets(self) -> list[Ticket]:
        """Every ticket known, in the order they were learnt."""
        return list(self._tickets.values())

    def voids(self) -> dict[str, Void]:
        """Every void notice, by ticket."""
        return dict(self._voids)

    def token(self, ticket: str) -> str:
        """A ticket as it was signed, "" where only its content is known."""
        return self._tokens.get(ticket, "")

    def _know(self, ticket: Ticket, token: str = "") -> None:
        if token:
            self._tokens.setdefault(ticket.id, token)
        if ticket.id not in self._tickets:
            self._tickets[ticket.id] = ticket
            self._by_plate.setdefault(normal_plate(ticket.plate), []).append(ticket.id)

    def _answer(self, t_ms: int, ticket: Ticket, plate: str, site: str) -> TicketUse:
        void, use = self._voids.get(ticket.id), self._uses.get(ticket.id)
        if void is not None and void.t_ms <= t_ms:
            return _use(t_ms, ticket, "void", f"void since {_utc(void.t_ms)}" + (void.reason and f": {void.reason}"))
        if use is not None:
            return _use(t_ms, ticket, "used", f"used {_utc(use.t_ms)} in {use.passage}")
        if ticket.site != site:
            return _use(t_ms, ticket, "other_site", f"of site {ticket.site}")
        if plate and normal_plate(ticket.plate) != plate:
            return _use(t_ms, ticket, "other_plate", f"of plate {ticket.plate}")
        if t_ms < ticket.from_ms:
            return _use(t_ms, ticket, "not_yet_valid", f"from {_utc(ticket.from_ms)}")
        if t_ms >= ticket.until_ms:
            return _use(t_ms, ticket, "expired", f"ended {_utc(ticket.until_ms)}")
        return _use(t_ms, ticket, "valid", "")


def load_book(path: Path | None, issuers: Sequence[str]) -> tuple[TicketBook, list[LineFault]]:
    """The book of a register file (JSON lines, each with a "token") and the lines that could not be taken.

    Raises TicketError when the file cannot be read or an issuer is no key; None gives a book that knows nothing yet.
    """
    book = TicketBook(issuers=issuers)
    faults: list[LineFault] = []
    if path is None:
        return book, faults
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TicketError(f"{path}: cannot be read as a register of tickets: {error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            book.add(token_of(line))
        except TicketError as error:
            faults.append(LineFault(number, str(error)))
    return book, faults


def token_of(line: str) -> str:
    """The token a register's line holds. Raises TicketError."""
    try:
        token = json.loads(line)["token"]
    except (ValueError, KeyError, TypeError) as error:
        raise TicketError('expected a JSON object with a "token"') from error
    if not isinstance(token, str):
        raise TicketError(f'"token": expected text, got {token!r:.40}')
    return token


def _use(t_ms: int, ticket: Ticket, state: str, detail: str) -> TicketUse:
    plate, tonnes = normal_plate(ticket.plate), ticket.kg / 1000
    return TicketUse(t_ms, ticket.id, plate, ticket.site, ticket.product, tonnes, state, detail)


def _utc(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
