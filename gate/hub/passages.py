"""Passages for pages: lists, search, details."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.alert_book import alert_summary
from gate.hub.apply import passage_summary
from gate.hub.context import Hub, Person, TheHub, log_look, needs
from gate.hub.files import files_of
from gate.hub.paging import Page, before, cursor
from gate.hub.plate_search import plate_matches
from gate.hub.roles import Right
from gate.hub.shared_reads import scope
from gate.hub.tables import Alert, Passage, PassagePlate

router = APIRouter(prefix="/api/v1/passages", tags=["passages"])


class PassageFilter(BaseModel):
    """Which passages. finding: a rule's name; the passage has an alert of it."""

    site: Annotated[str, Query(max_length=64)] = ""
    plate: Annotated[str, Query(max_length=16)] = ""
    near: bool = False
    ticket: Annotated[str, Query(max_length=128)] = ""
    finding: Annotated[str, Query(max_length=64)] = ""
    from_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None
    to_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    after: Annotated[str, Query(max_length=200, description="`next` of the page before")] = ""


@router.get("", summary="Passages, newest first", response_model=Page)
async def list_passages(
    hub: TheHub, person: Annotated[Person, needs(Right.WATCH)], filters: Annotated[PassageFilter, Query()]
) -> Response:
    key = f"passages {scope(person.sites)} {filters.model_dump_json()}"
    return await hub.reads.answer(key, ("passage", "alert"), lambda: _page(hub, person, filters))


async def _page(hub: Hub, person: Person, filters: PassageFilter) -> Page:
    query = filtered(select(Passage), person, filters)
    if filters.after:
        query = query.where(before(Passage.start_ms, Passage.id, filters.after))
    query = query.order_by(Passage.start_ms.desc(), Passage.id.desc()).limit(filters.limit + 1)
    async with hub.store.read() as session:
        rows = list((await session.execute(query)).scalars())
        shown = rows[: filters.limit]
        worst = await _worst(session, [p.id for p in shown])
    more = shown[-1] if len(rows) > filters.limit else None
    return Page(
        items=[{**passage_summary(p), "severity": worst.get(p.id, 0)} for p in shown],
        next=cursor(more.start_ms, more.id) if more else None,
    )


@router.get("/{passage_id}", summary="One passage with its record, alerts and files")
async def one_passage(passage_id: str, hub: TheHub, person: Annotated[Person, needs(Right.SEARCH)]) -> dict[str, Any]:
    async with hub.store.write() as session:
        passage = await session.get(Passage, passage_id)
        if passage is None or not person.sees(passage.site):
            raise HTTPException(404, "no such passage")
        alerts = (
            await session.execute(
                select(Alert).where(Alert.passage == passage.id, Alert.site == passage.site).order_by(Alert.t_ms)
            )
        ).scalars()
        log_look(session, hub, person, "look at passage", passage.id, passage.site)
        return {
            **passage_summary(passage),
            "body": json.loads(passage.body),
            "alerts": [{**alert_summary(a), "body": json.loads(a.body)} for a in alerts],
            "files": await files_of(session, passage.site, [passage.id]),
        }


async def _worst(session: AsyncSession, passages: list[str]) -> dict[str, int]:
    """The highest grade of alert each passage has, withdrawn ones aside."""
    query = select(Alert.passage, Alert.severity).where(Alert.passage.in_(passages), Alert.state != "withdrawn")
    worst: dict[str, int] = {}
    for passage, severity in await session.execute(query):
        if passage is not None:
            worst[passage] = max(worst.get(passage, 0), severity)
    return worst


def filtered(query: Select[Any], person: Person, filters: PassageFilter) -> Select[Any]:
    """A query on passages narrowed to what was asked for and may be seen."""
    where: list[ColumnElement[bool]] = []
    if person.sites is not None:
        where.append(Passage.site.in_(person.sites))
    if filters.site:
        where.append(Passage.site == filters.site)
    if filters.ticket:
        where.append(Passage.ticket == filters.ticket)
    if filters.finding:
        alerts = select(Alert.passage).where(Alert.rule == filters.finding, Alert.state != "withdrawn")
        where.append(Passage.id.in_(alerts))
    if filters.from_ms is not None:
        where.append(Passage.start_ms >= filters.from_ms)
    if filters.to_ms is not None:
        where.append(Passage.start_ms < filters.to_ms)
    if filters.plate:
        plates = select(PassagePlate.passage).where(or_(*plate_matches(PassagePlate.text, filters.plate, filters.near)))
        where.append(Passage.id.in_(plates))
    return query.where(and_(*where)) if where else query


class Lock(BaseModel):
    locked: bool


@router.put("/{passage_id}/lock", summary="Keep a passage past its retention, or let it go")
async def lock(
    passage_id: str, body: Lock, hub: TheHub, person: Annotated[Person, needs(Right.LOCK)]
) -> dict[str, Any]:
    async with hub.store.write() as session:
        passage = await session.get(Passage, passage_id)
        if passage is None or not person.sees(passage.site):
            raise HTTPException(404, "no such passage")
        passage.locked = body.locked
        log_look(session, hub, person, "lock passage" if body.locked else "unlock passage", passage.id, passage.site)
    hub.bus.publish("passage", passage.site, passage_summary(passage))
    return passage_summary(passage)
