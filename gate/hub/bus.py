"""News for open pages: what the hub stored a moment ago, to everyone who may see it."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property

from gate.facts import canonical_json

_PACE_S = 0.1  # a page hears of what happened within this time at once
_WHOLE = frozenset({"alert", "live", "order", "resync"})
_FEW = 5
_BACKLOG = 1024  # events a slow page may lag behind before it is told to load everything again


@dataclass(frozen=True)
class Event:
    """One piece of news. kind: passage, alert, site, device, live, resync. site: None concerns everyone."""

    number: int
    kind: str
    site: str | None
    data: dict[str, object]

    @cached_property
    def text(self) -> str:
        """As a server-sent event; made once, however many pages are open."""
        return f"id: {self.number}\nevent: {self.kind}\ndata: {canonical_json(self.data)}\n\n"


@dataclass(eq=False, slots=True)
class Listener:
    """One open page, or a site that waits for orders. sites: those it may see, None for all."""

    sites: frozenset[str] | None
    is_page: bool = True
    waiting: deque[Event] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def offer(self, event: Event) -> None:
        if self.sites is not None and event.site is not None and event.site not in self.sites:
            return
        if len(self.waiting) >= _BACKLOG:
            self.waiting.clear()
            event = Event(event.number, "resync", None, {})
        self.waiting.append(event)
        self.wake.set()

    async def hears(self, kind: str, within_s: float) -> bool:
        """Wait for an event of a kind; other news pass by."""
        end = time.monotonic() + within_s
        while not self.closed and (left_s := end - time.monotonic()) > 0:
            self.wake.clear()
            if any(event.kind == kind for event in self.waiting):
                self.waiting.clear()
                return True
            self.waiting.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), left_s)
        return False

    async def events(self, keepalive_s: float) -> AsyncIterator[list[Event]]:
        """Events as they come, those of one moment together; none when nothing came for `keepalive_s`.

        Ends when the bus closes.
        """
        while not self.closed:
            if self.waiting:
                gathered = _thinned(self.waiting)
                self.waiting.clear()
                yield gathered
                await asyncio.sleep(_PACE_S)
                continue
            self.wake.clear()
            try:
                await asyncio.wait_for(self.wake.wait(), keepalive_s)
            except TimeoutError:
                yield []


def _thinned(events: Iterable[Event]) -> list[Event]:
    """Events of one moment. Of a kind that only says "look again", many say no more than the newest few."""
    kept: list[Event] = []
    seen: Counter[str] = Counter()
    for event in reversed(list(events)):
        seen[event.kind] += 1
        if event.kind in _WHOLE or seen[event.kind] <= _FEW:
            kept.append(event)
    return kept[::-1]


class Bus:
    """Hands every event to every listener; never waits for one."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._numbers = itertools.count(1)
        self._closed = False
        self._news: Counter[str] = Counter()

    def news(self, kinds: Iterable[str]) -> int:
        """How many events of some kinds there were so far."""
        return sum(self._news[kind] for kind in kinds)

    def publish(self, kind: str, site: str | None, data: dict[str, object]) -> None:
        self._news[kind] += 1
        event = Event(next(self._numbers), kind, site, data)
        for listener in self._listeners:
            listener.offer(event)

    @asynccontextmanager
    async def listen(self, sites: frozenset[str] | None, *, is_page: bool = True) -> AsyncIterator[Listener]:
        listener = Listener(sites, is_page, closed=self._closed)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every listener, so that the server can stop."""
        self._closed = True
        for listener in self._listeners:
            listener.closed = True
            listener.wake.set()

    def __len__(self) -> int:
        """How many pages are open."""
        return sum(listener.is_page for listener in self._listeners)
