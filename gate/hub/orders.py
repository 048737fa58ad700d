"""What people order a site's barrier to do: release the vehicle before it, hold it, have it weighed again.

    page ─► POST …/orders ─► kept, audited ─► GET /api/v1/orders, held open by the site ─► its barrier
    page ◄── news "order" ◄── message "order" from the site's outbox: taken, done, failed, refused

An order is signed with the site's device token, lives for `_LIVES_MS`, and is carried out once, however often it is
handed over. A site that is not heard from takes none: the page says so at once.
"""

import secrets
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.facts import canonical_json
from gate.hub.actions import NeededReason
from gate.hub.context import Hub, Person, TheHub, TheSite, log_look, needs
from gate.hub.heartbeat import News
from gate.hub.roles import Right
from gate.hub.tables import Order, Site
from gate.uplink.messages import signed, topic

router = APIRouter(tags=["orders"])

_LIVES_MS = 30_000  # an arm that moves later than this moves for another vehicle
_ANSWERS_MS = 60_000  # after its time is over
_AGAIN_S = 5.0  # another hub on the same database may have taken an order
_FINAL = ("done", "failed", "refused")

SiteId = Annotated[str, PathParam(pattern=r"^[\w.-]{1,64}$")]


class Command(StrEnum):
    RELEASE = "release"
    HOLD = "hold"
    REWEIGH = "reweigh"


class OrderIn(BaseModel):
    """client_id: the page's own id of this order; sent again after a break, it counts once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"command": "hold", "barrier": "way_out", "reason": "车牌与票据不符", "client_id": "0f3c51c7-6a4e-4f0e"}
            ]
        },
    )
    command: Command
    barrier: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
    reason: NeededReason
    client_id: Annotated[str, Field(pattern=r"^[\w-]{8,64}$")]


class AnswerIn(BaseModel):
    """What a site says came of an order."""

    model_config = ConfigDict(extra="ignore")
    order: Annotated[str, Field(max_length=64)]
    state: Annotated[str, Field(pattern="^(taken|done|failed|refused)$")]
    detail: Annotated[str, Field(max_length=2000)] = ""


@router.post("/api/v1/sites/{site_id}/orders", status_code=202, summary="Release, hold or re-weigh at a barrier")
async def give_order(
    site_id: SiteId, body: OrderIn, hub: TheHub, person: Annotated[Person, needs(Right.COMMAND)]
) -> dict[str, Any]:
    """409 where the site is not heard from, or has no such barrier: then only the gate house can move it."""
    now = hub.clock()
    async with hub.store.write(routine=True) as session:
        site = await session.get(Site, site_id)
        if site is None or site.disabled or not person.sees(site_id):
            raise HTTPException(404, "no such site")
        known = (await session.execute(select(Order).where(Order.client_id == body.client_id))).scalar_one_or_none()
        if known is not None:
            if (known.site, known.user_id, known.command) != (site_id, person.id, body.command.value):
                raise HTTPException(409, "this client_id was used for another order")
            return order_out(known, now)
        if (site.last_seen_ms or 0) <= now - int(hub.settings.silence_s * 1000):
            raise HTTPException(409, "the site is not heard from: its barrier can be moved at the gate alone")
        barriers = (site.state or {}).get("barriers", {})
        if not isinstance(barriers, dict) or body.barrier not in barriers:
            raise HTTPException(409, "the site has no such barrier")
        order = _order(site_id, body, person, now)
        if not await hub.store.insert_new(session, Order, **order):
            raise HTTPException(409, "this order is being given")
        log_look(session, hub, person, f"order {body.command}", order["id"], site_id, body.barrier, body.reason)
    given = order_out(Order(**order), now)
    hub.bus.publish("order", site_id, given)
    return given


def _order(site: str, body: OrderIn, person: Person, now: int) -> dict[str, Any]:
    """The columns of a new order."""
    return {
        "id": secrets.token_hex(16),
        "site": site,
        "barrier": body.barrier,
        "command": body.command.value,
        "reason": body.reason,
        "user_id": person.id,
        "user_name": person.shown_name,
        "role": person.role.value,
        "created_ms": now,
        "expires_ms": now + _LIVES_MS,
        "client_id": body.client_id,
        "state": "waiting",
        "detail": "",
        "answered_ms": None,
    }


@router.get("/api/v1/sites/{site_id}/orders", summary="What was ordered at a site, newest first")
async def list_orders(
    site_id: SiteId,
    hub: TheHub,
    person: Annotated[Person, needs(Right.WATCH)],
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> list[dict[str, Any]]:
    if not person.sees(site_id):
        raise HTTPException(404, "no such site")
    query = select(Order).where(Order.site == site_id).order_by(Order.created_ms.desc(), Order.id.desc()).limit(limit)
    async with hub.store.read() as session:
        return [order_out(o, hub.clock()) for o in (await session.execute(query)).scalars()]


@router.get("/api/v1/orders", summary="Orders that wait for the site that asks")
async def waiting_orders(hub: TheHub, site: TheSite, wait_s: Annotated[float, Query(ge=0, le=25)] = 20.0) -> list[str]:
    """Held open until there is one, or for `wait_s`. Each is signed as gate.uplink.messages says, topic "order"."""
    end = hub.clock() + int(wait_s * 1000)
    async with hub.bus.listen(frozenset({site.id}), is_page=False) as listener:
        while True:
            found = await _signed_orders(hub, site.id)
            left_s = (end - hub.clock()) / 1000
            if found or left_s <= 0 or listener.closed:
                return found
            await listener.hears("order", min(left_s, _AGAIN_S))


async def _signed_orders(hub: Hub, site_id: str) -> list[str]:
    where = (Order.site == site_id, Order.state == "waiting", Order.expires_ms > hub.clock())
    async with hub.store.read() as session:
        orders = list((await session.execute(select(Order).where(*where).order_by(Order.created_ms))).scalars())
        if not orders:
            return []
        key = (await session.execute(select(Site.token_hash).where(Site.id == site_id))).scalar_one()
    names = ("id", "site", "barrier", "command", "reason", "role", "created_ms", "expires_ms")
    payloads = [{**{n: getattr(o, n) for n in names}, "who": o.user_name} for o in orders]
    return [signed(topic(site_id, "order"), canonical_json(p).encode(), key).decode() for p in payloads]


async def note_answer(session: AsyncSession, hub: Hub, site: str, body: dict[str, object]) -> News:
    """Keep what a site says came of an order. Raises ValidationError; an answer to another's order says nothing."""
    answer = AnswerIn.model_validate(body)
    order = await session.get(Order, answer.order)
    if order is None or order.site != site or order.state in _FINAL:
        return []
    order.state, order.detail, order.answered_ms = answer.state, answer.detail, hub.clock()
    return [("order", order_out(order, hub.clock()))]


def order_out(order: Order, now_ms: int) -> dict[str, Any]:
    """An order as pages show it. One the site never took is "expired" once its time is over; of one it took and never
    spoke of again, as a site that was cut off meanwhile, nobody knows: "unanswered".
    """
    state = order.state
    if state == "waiting" and order.expires_ms <= now_ms:
        state = "expired"
    elif state == "taken" and order.expires_ms + _ANSWERS_MS <= now_ms:
        state = "unanswered"
    return {
        "id": order.id,
        "site": order.site,
        "barrier": order.barrier,
        "command": order.command,
        "reason": order.reason,
        "user": order.user_name,
        "role": order.role,
        "created_ms": order.created_ms,
        "expires_ms": order.expires_ms,
        "state": state,
        "detail": order.detail,
        "answered_ms": order.answered_ms,
    }
