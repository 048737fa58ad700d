"""Lift tickets and vehicles as the sites' registers have them, and the ledger of what became of each ticket."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParam
from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from gate.hub.context import Person, TheHub, needs
from gate.hub.paging import Page, before, cursor
from gate.hub.plate_search import plate_matches
from gate.hub.roles import Right
from gate.hub.tables import Passage, RegisteredVehicle, Ticket

router = APIRouter(prefix="/api/v1", tags=["registers"])

State = Literal["", "open", "used", "void", "expired"]
_SEARCH = Annotated[Person, needs(Right.SEARCH)]


class TicketFilter(BaseModel):
    """Which tickets. state: open (may still carry its load), used, void, expired."""

    site: Annotated[str, Query(max_length=64)] = ""
    plate: Annotated[str, Query(max_length=16)] = ""
    near: bool = False
    ticket: Annotated[str, Query(max_length=128)] = ""
    state: State = ""
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    after: Annotated[str, Query(max_length=200)] = ""


def _used() -> ColumnElement[bool]:
    """A closed passage left on it."""
    carried = and_(Passage.site == Ticket.site, Passage.ticket == Ticket.id, Passage.closed)
    return select(literal(1)).where(carried, Passage.ticket_state == "valid").exists()


def _state(now_ms: int) -> ColumnElement[str]:
    return case(
        (Ticket.void_ms <= now_ms, "void"),
        (_used(), "used"),
        (Ticket.until_ms <= now_ms, "expired"),
        else_="open",
    )


@router.get("/tickets", summary="Tickets, issued last first")
async def list_tickets(hub: TheHub, person: _SEARCH, filters: Annotated[TicketFilter, Query()]) -> Page:
    state = _state(hub.clock())
    query = select(Ticket, state).where(*_seen(person, filters.site))
    if filters.plate:
        query = query.where(or_(*plate_matches(Ticket.plate, filters.plate, filters.near)))
    if filters.ticket:
        query = query.where(Ticket.id == filters.ticket)
    if filters.state:
        query = query.where(state == filters.state)
    if filters.after:
        query = query.where(before(Ticket.issued_ms, Ticket.id, filters.after))
    query = query.order_by(Ticket.issued_ms.desc(), Ticket.id.desc()).limit(filters.limit + 1)
    async with hub.store.read() as session:
        rows = list(await session.execute(query))
    more = rows[filters.limit - 1][0] if len(rows) > filters.limit else None
    items = [_ticket(ticket, state) for ticket, state in rows[: filters.limit]]
    return Page(items=items, next=cursor(more.issued_ms, more.id) if more else None)


@router.get("/tickets/balance", summary="Sums of the ledger, per site")
async def balance(
    hub: TheHub, person: _SEARCH, site: Annotated[str, Query(max_length=64)] = ""
) -> list[dict[str, Any]]:
    """registered = open + used + void + expired. kg: what the used ones were issued for."""
    query = select(Ticket.site, Ticket.kg, _state(hub.clock()).label("state")).where(*_seen(person, site)).subquery()
    sums = select(query.c.site, query.c.state, func.count(), func.sum(query.c.kg)).group_by(query.c.site, query.c.state)
    out: dict[str, dict[str, Any]] = {}
    async with hub.store.read() as session:
        for name, state, number, kg in await session.execute(sums):
            one = out.setdefault(name, {"site": name, "registered": 0, "used_kg": 0, **dict.fromkeys(_STATES, 0)})
            one["registered"] += number
            one[state] = number
            if state == "used":
                one["used_kg"] = int(kg or 0)
    return [out[name] for name in sorted(out)]


@router.get("/tickets/{site}/{ticket}", summary="One ticket and every change of its state")
async def one_ticket(
    site: Annotated[str, PathParam(max_length=64)],
    ticket: Annotated[str, PathParam(max_length=128)],
    hub: TheHub,
    person: _SEARCH,
) -> dict[str, Any]:
    async with hub.store.read() as session:
        query = select(Ticket, _state(hub.clock())).where(Ticket.site == site, Ticket.id == ticket)
        row = (await session.execute(query)).first()
        if row is None or not person.sees(site):
            raise HTTPException(404, "no such ticket")
        carried = select(Passage).where(Passage.site == site, Passage.ticket == ticket).order_by(Passage.start_ms)
        passages = (await session.execute(carried)).scalars().all()
    known = row[0]
    changes: list[dict[str, Any]] = []
    if known.issued_ms:
        changes.append({"t_ms": known.issued_ms, "state": "issued", "detail": known.plate, "passage": None})
    if known.void_ms is not None:
        changes.append({"t_ms": known.void_ms, "state": "void", "detail": known.void_reason, "passage": None})
    for passage in passages:
        state = "used" if passage.closed and passage.ticket_state == "valid" else passage.ticket_state
        changes.append({"t_ms": _shown_ms(passage), "state": state, "detail": passage.plate, "passage": passage.id})
    return {**_ticket(known, row[1]), "changes": sorted(changes, key=lambda c: c["t_ms"])}


class VehicleFilter(BaseModel):
    site: Annotated[str, Query(max_length=64)] = ""
    plate: Annotated[str, Query(max_length=16)] = ""
    near: bool = False
    limit: Annotated[int, Query(ge=1, le=200)] = 100
    after: Annotated[str, Query(max_length=100, description="the last plate and site of the page before")] = ""


@router.get("/vehicles", summary="Vehicles of the sites' registers, by plate")
async def list_vehicles(hub: TheHub, person: _SEARCH, filters: Annotated[VehicleFilter, Query()]) -> Page:
    table = RegisteredVehicle
    query = select(table)
    if person.sites is not None:
        query = query.where(table.site.in_(person.sites))
    if filters.site:
        query = query.where(table.site == filters.site)
    if filters.plate:
        query = query.where(or_(*plate_matches(table.plate, filters.plate, filters.near)))
    if filters.after:
        plate, _, site = filters.after.partition("~")
        query = query.where(or_(table.plate > plate, and_(table.plate == plate, table.site > site)))
    query = query.order_by(table.plate, table.site).limit(filters.limit + 1)
    async with hub.store.read() as session:
        rows = list((await session.execute(query)).scalars())
    more = rows[filters.limit - 1] if len(rows) > filters.limit else None
    items = [{name: getattr(v, name) for name in _VEHICLE} for v in rows[: filters.limit]]
    return Page(items=items, next=f"{more.plate}~{more.site}" if more else None)


_STATES = ("open", "used", "void", "expired")
_VEHICLE = ("site", "plate", "kind", "owner", "tare_kg", "tare_date", "axles", "colour", "products")
_TICKET = ("site", "id", "plate", "mine", "product", "buyer", "kg", "issued_ms", "from_ms", "until_ms", "void_ms")


def _seen(person: Person, site: str) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if person.sites is not None:
        where.append(Ticket.site.in_(person.sites))
    if site:
        where.append(Ticket.site == site)
    return where


def _ticket(ticket: Ticket, state: str) -> dict[str, Any]:
    return {**{name: getattr(ticket, name) for name in _TICKET}, "state": state}


def _shown_ms(passage: Passage) -> int:
    """When the ticket was shown in a passage."""
    uses = json.loads(passage.body).get("tickets") or [{}]
    return int(uses[-1].get("t_ms", passage.start_ms))
