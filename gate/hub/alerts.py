"""Alerts for pages: lists and details."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.alert_book import alert_summary
from gate.hub.apply import passage_summary
from gate.hub.context import Hub, Person, TheHub, needs
from gate.hub.files import files_of
from gate.hub.paging import Page, before, cursor
from gate.hub.plate_search import plate_matches
from gate.hub.roles import Right
from gate.hub.shared_reads import scope
from gate.hub.tables import Alert, AlertAction, Delivery, DeliveryAttempt, File, Passage

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])


class AlertFilter(BaseModel):
    """Which alerts. plate: `*` and `?` are wildcards; near: one wrong, missing or added character is forgiven."""

    site: Annotated[str, Query(max_length=64)] = ""
    rule: Annotated[str, Query(max_length=64)] = ""
    status: Annotated[list[str], Query(max_length=8)] = []
    min_severity: Annotated[int, Query(ge=1, le=4)] = 1
    plate: Annotated[str, Query(max_length=16)] = ""
    near: bool = False
    from_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None
    to_ms: Annotated[int | None, Query(ge=0, le=2**53)] = None
    passage: Annotated[str, Query(max_length=128)] = ""
    limit: Annotated[int, Query(ge=1, le=200)] = 50
    after: Annotated[str, Query(max_length=80, description="`next` of the page before")] = ""


@router.get("", summary="Alerts, newest first", response_model=Page)
async def list_alerts(
    hub: TheHub, person: Annotated[Person, needs(Right.WATCH)], filters: Annotated[AlertFilter, Query()]
) -> Response:
    key = f"alerts {scope(person.sites)} {filters.model_dump_json()}"
    return await hub.reads.answer(key, ("alert", "passage", "file"), lambda: _page(hub, person, filters))


async def _page(hub: Hub, person: Person, filters: AlertFilter) -> Page:
    query = select(Alert).where(*conditions(person, filters))
    if filters.after:
        query = query.where(before(Alert.t_ms, Alert.id, filters.after))
    query = query.order_by(Alert.t_ms.desc(), Alert.id.desc()).limit(filters.limit + 1)
    async with hub.store.read() as session:
        rows = list((await session.execute(query)).scalars())
        shown = await _with_context(session, rows[: filters.limit])
    more = rows[filters.limit - 1] if len(rows) > filters.limit else None
    return Page(items=shown, next=cursor(more.t_ms, more.id) if more else None)


@router.get("/counts", summary="How many alerts wait, by grade", response_model=dict[str, dict[str, int]])
async def counts(hub: TheHub, person: Annotated[Person, needs(Right.WATCH)]) -> Response:
    return await hub.reads.answer(f"counts {scope(person.sites)}", ("alert",), lambda: _counts(hub, person))


async def _counts(hub: Hub, person: Person) -> dict[str, dict[str, int]]:
    query = (
        select(Alert.status, Alert.severity, func.count())
        .where(Alert.status != "closed", *conditions(person, AlertFilter()))
        .group_by(Alert.status, Alert.severity)
    )
    out: dict[str, dict[str, int]] = {}
    async with hub.store.read() as session:
        for status, severity, number in await session.execute(query):
            out.setdefault(status, {})[str(severity)] = number
    return out


@router.get("/{alert_id}", summary="One alert with its passage, files, actions and deliveries")
async def one_alert(alert_id: str, hub: TheHub, person: Annotated[Person, needs(Right.WATCH)]) -> dict[str, Any]:
    async with hub.store.read() as session:
        alert = await session.get(Alert, alert_id)
        if alert is None or not person.sees(alert.site):
            raise HTTPException(404, "no such alert")
        passage = await session.get(Passage, alert.passage) if alert.passage else None
        if passage is not None and passage.site != alert.site:
            passage = None
        actions = (
            await session.execute(
                select(AlertAction).where(AlertAction.alert == alert.id).order_by(AlertAction.t_ms, AlertAction.id)
            )
        ).scalars()
        deliveries = await session.execute(
            select(Delivery, DeliveryAttempt)
            .outerjoin(DeliveryAttempt, DeliveryAttempt.delivery == Delivery.id)
            .where(Delivery.alert == alert.id)
            .order_by(Delivery.id, DeliveryAttempt.t_ms)
        )
        grouped = (
            await session.execute(select(func.count()).select_from(Alert).where(Alert.storm == alert.id))
        ).scalar_one()
        return {
            **alert_summary(alert),
            "body": json.loads(alert.body),
            "grouped": grouped,
            "passage_record": {**passage_summary(passage), "body": json.loads(passage.body)} if passage else None,
            "files": await files_of(session, alert.site, [alert.finding, alert.passage or alert.finding]),
            "actions": [action_out(a) for a in actions],
            "deliveries": [_delivery_out(d, t) for d, t in deliveries],
        }


async def _with_context(session: AsyncSession, alerts: list[Alert]) -> list[dict[str, Any]]:
    """Alerts as lists show them, with a picture, the weight and the plate's colour where there are any."""
    passages = [a.passage for a in alerts if a.passage]
    rows = (await session.execute(select(Passage).where(Passage.id.in_(passages)))).scalars()
    known = {(p.site, p.id): p for p in rows}
    owners = [*passages, *(a.finding for a in alerts)]
    query = select(File).where(File.owner.in_(owners), File.complete, File.media_type.startswith("image/"))
    pictures = {(f.site, f.owner): f.id for f in (await session.execute(query.order_by(File.id.desc()))).scalars()}
    out = []
    for alert in alerts:
        passage = known.get((alert.site, alert.passage or ""))
        out.append(
            {
                **alert_summary(alert),
                "picture": pictures.get((alert.site, alert.finding), pictures.get((alert.site, alert.passage or ""))),
                "weight_kg": passage.weight_kg if passage else None,
                "colour": passage.colour if passage else "",
            }
        )
    return out


def action_out(action: AlertAction) -> dict[str, object]:
    return {
        "t_ms": action.t_ms,
        "user": action.user_name,
        "role": action.role,
        "kind": action.kind,
        "disposition": action.disposition,
        "reason": action.reason,
    }


def _delivery_out(delivery: Delivery, attempt: DeliveryAttempt | None) -> dict[str, object]:
    return {
        "target": delivery.target,
        "cause": delivery.cause,
        "state": delivery.state,
        "t_ms": attempt.t_ms if attempt else delivery.created_ms,
        "ok": attempt.ok if attempt else None,
        "digest": attempt.digest if attempt else 1,
        "detail": attempt.detail if attempt else "",
    }


def conditions(person: Person, filters: AlertFilter) -> list[ColumnElement[bool]]:
    """What an alert must be to be seen by a person who asks for these."""
    where: list[ColumnElement[bool]] = [Alert.severity >= filters.min_severity]
    if person.sites is not None:
        where.append(Alert.site.in_(person.sites))
    if filters.site:
        where.append(Alert.site == filters.site)
    if filters.rule:
        where.append(Alert.rule == filters.rule)
    if filters.status:
        where.append(Alert.status.in_(filters.status))
    if filters.passage:
        where.append(Alert.passage == filters.passage)
    if filters.from_ms is not None:
        where.append(Alert.t_ms >= filters.from_ms)
    if filters.to_ms is not None:
        where.append(Alert.t_ms < filters.to_ms)
    if filters.plate:
        where.append(or_(*plate_matches(Alert.plate, filters.plate, filters.near)))
    return where
