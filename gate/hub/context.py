"""What every route works with, and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.requests import HTTPConnection
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.evidence.hub_memory import HubHeads
from gate.evidence.keys import KeyRing
from gate.hub.bus import Bus
from gate.hub.file_store import DiskFiles, FileStore, S3Files
from gate.hub.roles import RIGHTS, Right, Role
from gate.hub.settings import HubSettings
from gate.hub.shared_reads import SharedReads
from gate.hub.store import Store
from gate.hub.tables import Audit, Session, Site, User
from gate.hub.tokens import now_ms, same, token_hash

COOKIE = "gatewarden_session"
CSRF_HEADER = "x-csrf-token"
_TRUSTED_MS = 10_000  # so long what another process took back may still be good here
_SENDERS_KEPT = _PEOPLE_KEPT = 10_000
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@dataclass(slots=True)
class Hub:
    """The parts of a running hub. clock: UTC milliseconds. wake_deliveries: there is something to tell.

    kept: what a module keeps in mind for a moment.
    senders: sites by the hash of their token, and when that was looked up; people: by their
    cookie's, emptied with every change to people. reads: answers open pages share.
    arrivals: files on their way; files: those that are whole. heads: the sites' chains of evidence, counter-signed.
    """

    settings: HubSettings
    store: Store
    bus: Bus
    clock: Callable[[], int] = now_ms
    wake_deliveries: Callable[[], None] = lambda: None
    counters: dict[str, int] = field(default_factory=dict)
    senders: dict[str, tuple["Sender", int]] = field(default_factory=dict)
    people: dict[str, "Seen"] = field(default_factory=dict)
    kept: dict[type, object] = field(default_factory=dict)
    reads: SharedReads = field(init=False)
    arrivals: DiskFiles = field(init=False)
    files: FileStore = field(init=False)
    heads: HubHeads = field(init=False)

    def __post_init__(self) -> None:
        folder, s3 = self.settings.data_dir, self.settings.s3
        self.reads = SharedReads(self.bus)
        self.arrivals = DiskFiles(self.settings.files_dir)
        self.files = S3Files(s3, self.arrivals) if s3 else self.arrivals
        self.heads = HubHeads(folder / "heads", KeyRing(folder / "keys"))

    def now_ms(self) -> int:
        """The hub's time."""
        return self.clock()

    def count(self, name: str, by: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + by


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in. sites: those they may see, None for all."""

    id: int
    name: str
    shown_name: str
    role: Role
    sites: frozenset[str] | None
    csrf: str
    session: str
    address: str

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.role]

    def sees(self, site: str) -> bool:
        return self.sites is None or site in self.sites


def hub_of(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


async def _hub_here(connection: HTTPConnection) -> Hub:
    """As a coroutine: what is none is called in a thread, for every request."""
    return hub_of(connection)


TheHub = Annotated[Hub, Depends(_hub_here)]


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


async def person_of(connection: HTTPConnection) -> Person | None:
    """Who a request's cookie belongs to, if anyone; looked up again after `_TRUSTED_MS`."""
    cookie = connection.cookies.get(COOKIE)
    if not cookie:
        return None
    hub, hashed = hub_of(connection), token_hash(cookie)
    known = hub.people.get(hashed)
    if known is None or known.looked_ms != hub.clock() // _TRUSTED_MS:
        known = await _look_up(hub, hashed, address_of(connection))
    if known is None or known.expires_ms < hub.clock():
        return None
    address = address_of(connection)
    return known.person if known.person.address == address else replace(known.person, address=address)


@dataclass(frozen=True, slots=True)
class Seen:
    """A person as they were a moment ago. looked_ms: the stretch of time in which that was, of `_TRUSTED_MS` each."""

    person: Person
    expires_ms: int
    looked_ms: int


async def _look_up(hub: Hub, hashed: str, address: str) -> Seen | None:
    async with hub.store.read() as session:
        query = select(Session, User).join(User, User.id == Session.user_id).where(Session.token_hash == hashed)
        row = (await session.execute(query)).first()
    if row is None or row[1].disabled:
        hub.people.pop(hashed, None)
        return None
    signed_in, user = row
    person = Person(
        user.id,
        user.name,
        user.shown_name or user.name,
        Role(user.role),
        None if user.sites is None else frozenset(user.sites),
        signed_in.csrf,
        signed_in.token_hash,
        address,
    )
    if len(hub.people) >= _PEOPLE_KEPT:
        hub.people.clear()
    hub.people[hashed] = Seen(person, signed_in.expires_ms, hub.clock() // _TRUSTED_MS)
    return hub.people[hashed]


def needs(right: Right) -> Any:
    """A dependency that lets only people with a right through, and changes only with their page's own token."""

    async def check(connection: HTTPConnection) -> Person:
        person = await person_of(connection)
        if person is None:
            raise HTTPException(401, "sign in first")
        if not person.may(right):
            raise HTTPException(403, f"your role has no right to {right.value}")
        method = connection.scope.get("method", "GET")
        if method not in _SAFE_METHODS and not same(connection.headers.get(CSRF_HEADER, ""), person.csrf):
            raise HTTPException(403, f"the {CSRF_HEADER} header is missing or not this session's")
        return person

    check.right = right  # type: ignore[attr-defined]
    return Depends(check)


async def _anyone() -> None:
    """No question asked."""


_anyone.right = Right.OPEN  # type: ignore[attr-defined]
ANYONE = Depends(_anyone)


@dataclass(frozen=True, slots=True)
class Sender:
    """The site that sends, by its device token."""

    id: str


async def site_of(request: Request) -> Sender:
    """The site whose device token a request carries. A token is looked up again after `_TRUSTED_MS`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "a device token is needed: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})
    hub, hashed = hub_of(request), token_hash(token)
    known = hub.senders.get(hashed)
    if known is not None and 0 <= hub.clock() - known[1] < _TRUSTED_MS:
        return known[0]
    async with hub.store.read() as session:
        site = (await session.execute(select(Site).where(Site.token_hash == hashed))).scalar_one_or_none()
    if site is None or site.disabled or not same(site.token_hash, hashed):
        hub.senders.pop(hashed, None)
        raise HTTPException(401, "this device token is not known", {"WWW-Authenticate": "Bearer"})
    if len(hub.senders) >= _SENDERS_KEPT:
        hub.senders.clear()
    hub.senders[hashed] = (Sender(site.id), hub.clock())
    return hub.senders[hashed][0]


site_of.right = Right.SITE  # type: ignore[attr-defined]
TheSite = Annotated[Sender, Depends(site_of)]


def log_look(session: AsyncSession, hub: Hub, person: Person | None, action: str, *about: str) -> None:
    """Add an entry to the audit log, in the caller's own transaction. about: target, then details.

    The first detail of an act on a site's evidence is the site's id: gate.hub.looks tells the site by it.
    """
    session.add(
        Audit(
            t_ms=hub.clock(),
            user_id=person.id if person else None,
            user_name=person.name if person else "",
            address=person.address if person else "",
            action=action,
            target=about[0][:256] if about else "",
            detail=" ".join(about[1:])[:2000],
        )
    )
