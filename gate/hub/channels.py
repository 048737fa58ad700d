"""Channels and routes: how people are reached, and who hears of what."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, HTTPException
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import delete, select

from gate.hub.context import Person, TheHub, log_look, needs
from gate.hub.delivery import channel_sender
from gate.hub.roles import Right, Role
from gate.hub.sending import Note, SendError, understood
from gate.hub.tables import Channel, Route
from gate.hub.tokens import new_token

router = APIRouter(prefix="/api/v1", tags=["channels"])

_ADMIN = Annotated[Person, needs(Right.ADMINISTER)]
RowId = Annotated[int, PathParam(ge=1, le=2**53)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


class ChannelIn(BaseModel):
    """address: an apprise address (wecombot://, dingtalk://, feishu://, mailto://, ntfy:// …) or a webhook's URL."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "值班群", "kind": "apprise", "address": "ntfy://gate"}]},
    )
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]
    kind: Literal["apprise", "webhook"]
    address: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]
    per_minute: Annotated[int, Field(ge=1, le=600)] = 20

    @model_validator(mode="after")
    def _understood(self) -> Self:
        if self.kind == "webhook" and not self.address.startswith(("http://", "https://")):
            raise ValueError("a webhook's address begins with http:// or https://")
        return self


class Hours(BaseModel):
    """A stretch of the day, local time; it may run past midnight. days: 0 is Monday; every day when left out."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    days: list[Annotated[int, Field(ge=0, le=6)]] | None = None
    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")


class RouteIn(BaseModel):
    """target: "channel:<id>", "user:<id>" or "role:<role>"; people are reached on their phones.

    duty: hours in which the route takes part. quiet: hours in which grades under 4 wait. level: escalations needed.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"target": "role:county", "min_severity": 3, "quiet": [{"from": "22:00", "to": "06:00"}]},
            ]
        },
    )
    target: Annotated[str, Field(pattern=r"^(channel:\d{1,15}|user:\d{1,15}|role:[a-z_]{1,32})$")]
    site: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] | None = None
    rule: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] | None = None
    min_severity: Annotated[int, Field(ge=1, le=4)] = 2
    level: Annotated[int, Field(ge=0, le=3)] = 0
    duty: Annotated[list[Hours], Field(max_length=50)] = []
    quiet: Annotated[list[Hours], Field(max_length=50)] = []

    @model_validator(mode="after")
    def _known_role(self) -> Self:
        kind, _, name = self.target.partition(":")
        if kind == "role" and name not in set(Role):
            raise ValueError(f"no such role: {name}")
        return self


@router.get("/channels", summary="Channels; their secret addresses are not shown")
async def list_channels(hub: TheHub, _person: _ADMIN) -> list[dict[str, Any]]:
    async with hub.store.read() as session:
        return [_channel(c) for c in (await session.execute(select(Channel).order_by(Channel.id))).scalars()]


@router.post("/channels", status_code=201, summary="Add a channel; a webhook's signing secret is shown only now")
async def add_channel(body: ChannelIn, hub: TheHub, person: _ADMIN) -> dict[str, Any]:
    if body.kind == "apprise" and not await understood(body.address):
        raise HTTPException(422, "apprise does not understand this address")
    async with hub.store.write() as session:
        if (await session.execute(select(Channel.id).where(Channel.name == body.name))).first() is not None:
            raise HTTPException(409, "this name is taken")
        secret = new_token() if body.kind == "webhook" else ""
        channel = Channel(**body.model_dump(), secret=secret, enabled=True)
        session.add(channel)
        await session.flush()
        log_look(session, hub, person, "add channel", body.name)
        return {**_channel(channel), "secret": secret}


@router.delete("/channels/{channel_id}", status_code=204, summary="Remove a channel and the routes to it")
async def remove_channel(channel_id: RowId, hub: TheHub, person: _ADMIN) -> None:
    async with hub.store.write() as session:
        channel = await session.get(Channel, channel_id)
        if channel is None:
            raise HTTPException(404, "no such channel")
        await session.execute(delete(Route).where(Route.target == f"channel:{channel_id}"))
        await session.delete(channel)
        log_look(session, hub, person, "remove channel", channel.name)


@router.post("/channels/{channel_id}/test", summary="Send a test message now")
async def test_channel(channel_id: RowId, hub: TheHub, person: _ADMIN) -> dict[str, Any]:
    async with hub.store.write() as session:
        channel = await session.get(Channel, channel_id)
        if channel is None:
            raise HTTPException(404, "no such channel")
        log_look(session, hub, person, "test channel", channel.name)
    text = f"测试消息，由 {person.shown_name} 发出。\nTest message sent by {person.shown_name}."
    note = Note("【测试】守门人 Gatewarden", text, hub.settings.public_url, "test", 1, ())
    try:
        await channel_sender(channel)(note)
    except SendError as error:
        return {"ok": False, "detail": str(error)}
    return {"ok": True, "detail": ""}


@router.get("/routes", summary="Who hears of what")
async def list_routes(hub: TheHub, _person: _ADMIN) -> list[dict[str, Any]]:
    async with hub.store.read() as session:
        return [_route(r) for r in (await session.execute(select(Route).order_by(Route.id))).scalars()]


@router.post("/routes", status_code=201, summary="Add a route")
async def add_route(body: RouteIn, hub: TheHub, person: _ADMIN) -> dict[str, Any]:
    async with hub.store.write() as session:
        route = Route(**body.model_dump(by_alias=True, exclude_none=True), enabled=True)
        session.add(route)
        await session.flush()
        log_look(session, hub, person, "add route", f"{route.id}", body.model_dump_json(by_alias=True))
        return _route(route)


@router.delete("/routes/{route_id}", status_code=204, summary="Remove a route")
async def remove_route(route_id: RowId, hub: TheHub, person: _ADMIN) -> None:
    async with hub.store.write() as session:
        route = await session.get(Route, route_id)
        if route is None:
            raise HTTPException(404, "no such route")
        await session.delete(route)
        log_look(session, hub, person, "remove route", f"{route_id}", route.target)


def _channel(channel: Channel) -> dict[str, Any]:
    shown = channel.address.partition("://")[0] + "://…"
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "address": shown,
        "per_minute": channel.per_minute,
        "enabled": channel.enabled,
    }


def _route(route: Route) -> dict[str, Any]:
    return {
        "id": route.id,
        "target": route.target,
        "site": route.site,
        "rule": route.rule,
        "min_severity": route.min_severity,
        "level": route.level,
        "duty": route.duty,
        "quiet": route.quiet,
        "enabled": route.enabled,
    }
