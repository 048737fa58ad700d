"""Sites: their list for pages, and the tokens their devices carry."""

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub, Person, TheHub, log_look, needs
from gate.hub.heartbeat import site_summary
from gate.hub.roles import Right
from gate.hub.tables import DeviceEvent, Site, Stream
from gate.hub.tokens import new_token, now_ms, token_hash

router = APIRouter(prefix="/api/v1/sites", tags=["sites"])


@router.get("", summary="The sites I may see, and how they are")
async def list_sites(hub: TheHub, person: Annotated[Person, needs(Right.SIGNED_IN)]) -> list[dict[str, Any]]:
    async with hub.store.read() as session:
        sites = (await session.execute(select(Site).where(Site.disabled.is_(False)).order_by(Site.id))).scalars().all()
        streams = (await session.execute(select(Stream))).scalars().all()
    missing = {s.id: 0 for s in sites}
    for stream in streams:
        if stream.site in missing and stream.highest > stream.contiguous:
            missing[stream.site] += 1
    silent_before = hub.clock() - int(hub.settings.silence_s * 1000)
    return [
        {**site_summary(s), "online": (s.last_seen_ms or 0) > silent_before, "streams_with_gaps": missing[s.id]}
        for s in sites
        if person.sees(s.id)
    ]


class NewSite(BaseModel):
    """A site to be. api: where the hub reaches its live pictures, when not by its own word."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"id": "gate-1"}]})
    id: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
    api: Annotated[str, Field(max_length=200, pattern=r"^(https?://[\w.:\[\]-]+)?$")] = ""


@router.post("", status_code=201, summary="Register a site, or replace its token; the token is shown only now")
async def register_site(
    body: NewSite, hub: TheHub, person: Annotated[Person, needs(Right.ADMINISTER)]
) -> dict[str, str]:
    async with hub.store.write() as session:
        token = await add_site(session, body.id, body.api)
        log_look(session, hub, person, "register site", body.id)
    hub.senders.clear()
    return {"id": body.id, "token": token}


@router.get("/{site_id}/devices", summary="What a site's devices went through, newest first")
async def devices(
    site_id: Annotated[str, PathParam(pattern=r"^[\w.-]{1,64}$")],
    hub: TheHub,
    person: Annotated[Person, needs(Right.WATCH)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[dict[str, Any]]:
    if not person.sees(site_id):
        raise HTTPException(404, "no such site")
    query = select(DeviceEvent).where(DeviceEvent.site == site_id)
    query = query.order_by(DeviceEvent.t_ms.desc(), DeviceEvent.id.desc()).limit(limit)
    async with hub.store.read() as session:
        return [
            {"device": e.device, "t_ms": e.t_ms, "state": e.state, "detail": e.detail, "numbers": e.numbers}
            for e in (await session.execute(query)).scalars()
        ]


@router.get("/{site_id}/plan", summary="A site's cameras and shapes, as its site file has them")
async def plan(
    site_id: Annotated[str, PathParam(pattern=r"^[\w.-]{1,64}$")],
    hub: TheHub,
    person: Annotated[Person, needs(Right.WATCH)],
) -> dict[str, Any]:
    """Without cameras until the site has told it."""
    return await plan_of(hub, person, site_id)


async def plan_of(hub: Hub, person: Person, site_id: str) -> dict[str, Any]:
    """What a site told of its cameras and shapes (`gate.uplink.plan`). Raises HTTP 404 where it may not be seen."""
    async with hub.store.read() as session:
        site = await session.get(Site, site_id)
    if site is None or not person.sees(site_id):
        raise HTTPException(404, "no such site")
    told: dict[str, Any] = json.loads(site.plan or '{"cameras":[]}')
    return told


async def add_site(session: AsyncSession, site: str, api_url: str = "") -> str:
    """Register a site, or give a known one a new device token; the token, which is kept nowhere else.

    Raises ValueError on an id no site file may have.
    """
    if not re.fullmatch(r"[\w.-]{1,64}", site):
        raise ValueError(f"{site!r} is no site id: 1 to 64 letters, digits, '_', '-' or '.'")
    token = new_token()
    known = await session.get(Site, site)
    if known is None:
        known = Site(id=site, created_ms=now_ms(), state={})
        session.add(known)
    known.token_hash = token_hash(token)
    known.disabled = False
    known.api_url = api_url or known.api_url or ""
    return token


async def counts(hub: Hub) -> tuple[int, int]:
    """How many sites there are, and how many are heard from now."""
    async with hub.store.read() as session:
        seen = (await session.execute(select(Site.last_seen_ms).where(Site.disabled.is_(False)))).scalars().all()
    limit = hub.clock() - int(hub.settings.silence_s * 1000)
    return len(seen), sum((s or 0) > limit for s in seen)
