"""Codes of tickets held up to a camera or a scanner: checked, and given to the vehicle that stands there. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gate.facts import CodeRead, TicketUse
from gate.passage.book import PassageBook
from gate.site.model import Site

WAITS_MS = 60_000  # a code shown before anybody can be told apart waits so long for its vehicle
WAITING_LIMIT = 50


class CodeCheck(Protocol):
    """Who says what a ticket is worth, as far as codes ask."""

    def show(self, passage: str, t_ms: int, plate: str, token: str) -> TicketUse:
        """What a code is worth that a passage, known by a plate ("" while unread), has shown."""
        ...


@dataclass(slots=True)
class Presented:
    """The codes of one site. A code read again and again is one presentation for as long as its vehicle is there."""

    site: Site
    tickets: CodeCheck
    book: PassageBook
    _waiting: list[CodeRead] = field(default_factory=list)
    _given: dict[str, str] = field(default_factory=dict)  # code: the passage it was given to

    def take(self, t_ms: int, codes: Sequence[CodeRead]) -> Sequence[TicketUse]:
        """Take codes just read; what the tickets are worth whose vehicle is known by now, also those that waited."""
        if not codes and not self._waiting:
            return []
        self._waiting = [c for c in self._waiting if 0 <= t_ms - c.t_ms <= WAITS_MS]
        for code in codes:
            if all(code.text != c.text for c in self._waiting):
                self._waiting.append(code)
        del self._waiting[:-WAITING_LIMIT]
        uses, rest = [], []
        for code in self._waiting:
            passage = self._holder(t_ms, code)
            if passage is None:
                rest.append(code)
            elif self._given.get(code.text) != passage:
                self._given[code.text] = passage
                use = self.tickets.show(passage, t_ms, self.book.plate_of(passage), code.text)
                self.book.present(passage, use)
                uses.append(use)
        self._waiting = rest
        while len(self._given) > WAITING_LIMIT:
            del self._given[next(iter(self._given))]
        return uses

    def _holder(self, t_ms: int, code: CodeRead) -> str | None:
        """The passage of the one vehicle in the scanner's zone, or before the camera; None where it is not one."""
        zone = next((s.zone for s in self.site.scanners if s.id == code.device), None)
        there = self.book.standing(zone) if zone is not None else self.book.before(code.device, t_ms)
        return there[0] if len(there) == 1 else None
