"""News for open pages: what the hub stored a moment ago, to everyone who may see it."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gate.facts import canonical_json

_BACKLOG = 256  # events a slow page may lag behind before it is told to load everything again


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news. kind: passage, alert, site, device, live, resync. site: None concerns everyone."""

    number: int
    kind: str
    site: str | None
    data: dict[str, object]

    def as_sse(self) -> str:
        return f"id: {self.number}\nevent: {self.kind}\ndata: {canonical_json(self.data)}\n\n"


@dataclass(eq=False, slots=True)
class Listener:
    """One open page. sites: those it may see, None for all."""

    sites: frozenset[str] | None
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

    async def events(self, keepalive_s: float) -> AsyncIterator[Event | None]:
        """Events as they come; None when nothing came for `keepalive_s`. Ends when the bus closes."""
        while not self.closed:
            while self.waiting:
                yield self.waiting.popleft()
            self.wake.clear()
            try:
                await asyncio.wait_for(self.wake.wait(), keepalive_s)
            except TimeoutError:
                yield None


class Bus:
    """Hands every event to every listener; never waits for one."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._numbers = itertools.count(1)
        self._closed = False

    def publish(self, kind: str, site: str | None, data: dict[str, object]) -> None:
        event = Event(next(self._numbers), kind, site, data)
        for listener in self._listeners:
            listener.offer(event)

    @asynccontextmanager
    async def listen(self, sites: frozenset[str] | None) -> AsyncIterator[Listener]:
        listener = Listener(sites, closed=self._closed)
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
        return len(self._listeners)
