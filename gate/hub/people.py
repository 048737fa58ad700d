"""People, roles and passwords; the audit log."""

import asyncio
from typing import Annotated, Any

import segno
from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Person, TheHub, log_look, needs
from gate.hub.paging import Page, before, cursor
from gate.hub.people_book import add_person
from gate.hub.roles import Right, Role
from gate.hub.sign_in import make_link
from gate.hub.tables import Audit, Session, User
from gate.hub.tokens import hash_password, password_matches
from gate.hub.totp import new_secret, totp_address, totp_step

router = APIRouter(prefix="/api/v1", tags=["people"])

_LINK_MS = 24 * 3_600_000
_ADMIN = Annotated[Person, needs(Right.ADMINISTER)]
_ME = Annotated[Person, needs(Right.SIGNED_IN)]
UserId = Annotated[int, PathParam(ge=1, le=2**53)]
ShownName = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]
SiteList = Annotated[list[Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]], Field(max_length=500)]


class NewPerson(BaseModel):
    """A person to be. They get a link to come in by, and set their own password."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "wang", "shown_name": "王海", "role": "duty_officer", "sites": ["gate-1"]}]
        },
    )
    name: Annotated[str, Field(pattern=r"^[\w.@-]{1,64}$")]
    shown_name: ShownName = ""
    role: Role
    sites: SiteList | None = None


class PersonChange(BaseModel):
    model_config = ConfigDict(extra="forbid")
    shown_name: ShownName | None = None
    role: Role | None = None
    sites: SiteList | None = None
    all_sites: bool = False
    disabled: bool | None = None


class NewPassword(BaseModel):
    """At least ten characters. old: needed where one is set."""

    model_config = ConfigDict(extra="forbid")
    old: Annotated[str, Field(max_length=256)] = ""
    new: Annotated[str, Field(min_length=10, max_length=256)]


class OneCode(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class Code(BaseModel):
    model_config = ConfigDict(extra="forbid")
    secret: Annotated[str, Field(pattern=r"^[A-Z2-7]{32}$")]
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


@router.get("/people", summary="Everyone")
async def list_people(hub: TheHub, _person: _ADMIN) -> list[dict[str, Any]]:
    async with hub.store.read() as session:
        return [_out(u) for u in (await session.execute(select(User).order_by(User.name))).scalars()]


@router.post("/people", status_code=201, summary="Add a person; the answer holds their link")
async def create_person(body: NewPerson, hub: TheHub, person: _ADMIN) -> dict[str, Any]:
    async with hub.store.write() as session:
        if (await session.execute(select(User.id).where(User.name == body.name))).first() is not None:
            raise HTTPException(409, "this name is taken")
        user = await add_person(session, body.name, body.role, body.sites)
        user.shown_name = body.shown_name
        token = await make_link(session, user.id, hub.clock() + _LINK_MS)
        log_look(session, hub, person, "add person", body.name, body.role.value)
        return {**_out(user), "link": f"{hub.settings.public_url}/#enter={token}"}


@router.patch("/people/{user_id}", summary="Change a person; a narrower role or fewer sites end their sessions")
async def change_person(user_id: UserId, body: PersonChange, hub: TheHub, person: _ADMIN) -> dict[str, Any]:
    async with hub.store.write() as session:
        user = await _user(session, user_id)
        if user.id == person.id and (body.disabled or body.role not in (None, Role.ADMINISTRATOR)):
            raise HTTPException(409, "an administrator cannot lock themselves out")
        if body.shown_name is not None:
            user.shown_name = body.shown_name
        if body.role is not None:
            user.role = body.role.value
        if body.sites is not None or body.all_sites:
            user.sites = None if body.all_sites else body.sites
        if body.disabled is not None:
            user.disabled = body.disabled
        if user.id != person.id:
            await session.execute(delete(Session).where(Session.user_id == user.id))
        log_look(session, hub, person, "change person", user.name, body.model_dump_json(exclude_defaults=True))
    hub.people.clear()
    return _out(user)


@router.post("/people/{user_id}/link", status_code=201, summary="A new link for who lost their password")
async def new_link(user_id: UserId, hub: TheHub, person: _ADMIN) -> dict[str, str]:
    async with hub.store.write() as session:
        user = await _user(session, user_id)
        user.password, user.totp, user.failures, user.locked_until_ms = None, None, 0, 0
        await session.execute(delete(Session).where(Session.user_id == user.id, Session.user_id != person.id))
        token = await make_link(session, user.id, hub.clock() + _LINK_MS)
        log_look(session, hub, person, "new link", user.name)
    hub.people.clear()
    return {"link": f"{hub.settings.public_url}/#enter={token}"}


@router.put("/session/password", status_code=204, summary="Set my password; my other sessions end")
async def set_password(body: NewPassword, hub: TheHub, person: _ME) -> None:
    async with hub.store.read() as session:
        user = await session.get_one(User, person.id)
    if user.password is not None and not await asyncio.to_thread(password_matches, user.password, body.old):
        raise HTTPException(403, "the old password is wrong")
    hashed = await asyncio.to_thread(hash_password, body.new)
    async with hub.store.write() as session:
        (await session.get_one(User, person.id)).password = hashed
        others = delete(Session).where(Session.user_id == person.id, Session.token_hash != person.session)
        await session.execute(others)
        log_look(session, hub, person, "set password", person.name)
    hub.people.clear()


@router.get("/session/totp", summary="A new secret for a phone's code app; not yet in force")
async def propose_code(person: _ME) -> dict[str, str]:
    secret = new_secret()
    address = totp_address(secret, person.name)
    return {"secret": secret, "address": address, "qr": segno.make(address).svg_data_uri(scale=5, border=2)}


@router.put("/session/totp", status_code=204, summary="Switch codes on, proven by one")
async def switch_code_on(body: Code, hub: TheHub, person: _ME) -> None:
    if totp_step(body.secret, body.code, hub.clock()) is None:
        raise HTTPException(422, "this is not the code of that secret now")
    async with hub.store.write() as session:
        user = await session.get_one(User, person.id)
        user.totp, user.totp_step = body.secret, 0
        log_look(session, hub, person, "switch codes on", person.name)


@router.post("/session/totp/off", status_code=204, summary="Switch codes off, by one last code")
async def switch_code_off(body: OneCode, hub: TheHub, person: _ME) -> None:
    async with hub.store.write() as session:
        user = await session.get_one(User, person.id)
        if user.totp is None or totp_step(user.totp, body.code, hub.clock(), user.totp_step) is None:
            raise HTTPException(422, "this is not the code of now")
        user.totp = None
        log_look(session, hub, person, "switch codes off", person.name)


@router.get("/audit", summary="Who did what, newest first")
async def audit(
    hub: TheHub,
    person: _ADMIN,
    action: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str, Query(max_length=80)] = "",
) -> Page:
    query = select(Audit).order_by(Audit.t_ms.desc(), Audit.id.desc()).limit(limit + 1)
    if action:
        query = query.where(Audit.action == action)
    if after:
        query = query.where(before(Audit.t_ms, Audit.id, after))
    async with hub.store.read() as session:
        rows = list((await session.execute(query)).scalars())
    more = rows[limit - 1] if len(rows) > limit else None
    items = [
        {
            "t_ms": a.t_ms,
            "user": a.user_name,
            "address": a.address,
            "action": a.action,
            "target": a.target,
            "detail": a.detail,
        }
        for a in rows[:limit]
    ]
    return Page(items=items, next=cursor(more.t_ms, more.id) if more else None)


async def _user(session: AsyncSession, user_id: int) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise HTTPException(404, "no such person")
    return user


def _out(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "shown_name": user.shown_name or user.name,
        "role": user.role,
        "sites": user.sites,
        "disabled": user.disabled,
        "has_password": user.password is not None,
        "has_codes": user.totp is not None,
        "locked": user.locked_until_ms > 0,
    }
