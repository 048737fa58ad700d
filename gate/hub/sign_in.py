"""Signing in: passwords, one-time links, sessions."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import ANYONE, COOKIE, Hub, Person, TheHub, address_of, log_look, needs, person_of
from gate.hub.roles import RIGHTS, Right, Role
from gate.hub.tables import Link, Session, User
from gate.hub.tokens import new_token, password_matches, token_hash
from gate.hub.totp import totp_step

router = APIRouter(prefix="/api/v1/session", tags=["session"])

_FAILURES_BEFORE_LOCK = 5
_LOCK_MS = 15 * 60_000


class Password(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    code: Annotated[str, Field(max_length=8, description="one-time code, where switched on")] = ""


class LinkToken(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: Annotated[str, Field(min_length=1, max_length=128)]


class Me(BaseModel):
    """Who is signed in. csrf: to be sent with every change in X-CSRF-Token."""

    id: int
    name: str
    shown_name: str
    role: Role
    rights: list[Right]
    sites: list[str] | None
    csrf: str
    has_password: bool
    has_codes: bool


class State(BaseModel):
    me: Me | None


@router.get("", summary="Who am I")
async def me(hub: TheHub, person: Annotated[Person, needs(Right.SIGNED_IN)]) -> Me:
    async with hub.store.read() as session:
        user = await session.get_one(User, person.id)
    return _me(user, person.csrf)


@router.get("/state", summary="Whether anyone is signed in", dependencies=[ANYONE])
async def state(request: Request, hub: TheHub) -> State:
    """Like the session itself, but no error for a browser that has none."""
    person = await person_of(request)
    if person is None:
        return State(me=None)
    async with hub.store.read() as session:
        return State(me=_me(await session.get_one(User, person.id), person.csrf))


@router.post("", summary="Sign in by password", dependencies=[ANYONE])
async def sign_in(body: Password, request: Request, response: Response, hub: TheHub) -> Me:
    """Five wrong passwords lock a name for fifteen minutes."""
    now = hub.clock()
    async with hub.store.read() as session:
        user = (await session.execute(select(User).where(User.name == body.name))).scalar_one_or_none()
    if user is not None and user.locked_until_ms > now:
        raise HTTPException(429, "too many wrong passwords; try again later", {"Retry-After": "900"})
    right = await asyncio.to_thread(password_matches, user.password if user else None, body.password)
    if user is None or not right or user.disabled or not await _code_taken(hub, user, body.code, now):
        await _note_failure(hub, user, body.name, address_of(request))
        raise HTTPException(401, "wrong name, password or code")
    return await _open(hub, user, request, response, "sign in by password")


@router.post("/link", summary="Sign in by a one-time link", dependencies=[ANYONE])
async def sign_in_by_link(body: LinkToken, request: Request, response: Response, hub: TheHub) -> Me:
    hashed = token_hash(body.token)
    async with hub.store.write() as session:
        spent = await session.execute(
            update(Link)
            .where(Link.token_hash == hashed, Link.uses_left > 0, Link.expires_ms > hub.clock())
            .values(uses_left=Link.uses_left - 1)
            .returning(Link.user_id)
        )
        user_id = spent.scalar_one_or_none()
        user = await session.get(User, user_id) if user_id is not None else None
    if user is None or user.disabled:
        raise HTTPException(401, "this link was used before, or is too old")
    return await _open(hub, user, request, response, "sign in by link")


@router.delete("", status_code=204, summary="Sign out")
async def sign_out(response: Response, hub: TheHub, person: Annotated[Person, needs(Right.SIGNED_IN)]) -> None:
    async with hub.store.write() as session:
        await session.execute(delete(Session).where(Session.token_hash == person.session))
        log_look(session, hub, person, "sign out")
    hub.people.clear()
    response.delete_cookie(COOKIE, path="/")


async def _code_taken(hub: Hub, user: User, code: str, now_ms: int) -> bool:
    """Whether the code is right, where codes are on; a right one is taken once."""
    if user.totp is None:
        return True
    step = totp_step(user.totp, code, now_ms, user.totp_step)
    if step is None:
        return False
    async with hub.store.write() as session:
        fresh = update(User).where(User.id == user.id, User.totp_step < step).values(totp_step=step)
        return (await session.execute(fresh.returning(User.id))).first() is not None


async def _note_failure(hub: Hub, user: User | None, name: str, address: str) -> None:
    async with hub.store.write() as session:
        if user is not None:
            row = await session.get_one(User, user.id)
            row.failures += 1
            if row.failures >= _FAILURES_BEFORE_LOCK:
                row.failures, row.locked_until_ms = 0, hub.clock() + _LOCK_MS
        log_look(session, hub, None, "wrong sign in", name, address)


async def _open(hub: Hub, user: User, request: Request, response: Response, how: str) -> Me:
    token, csrf, now = new_token(), new_token(), hub.clock()
    lifetime_s = int(hub.settings.session_hours * 3600)
    async with hub.store.write() as session:
        row = await session.get_one(User, user.id)
        row.failures = 0
        await session.execute(delete(Session).where(Session.expires_ms < now))
        session.add(
            Session(
                token_hash=token_hash(token),
                user_id=user.id,
                csrf=csrf,
                created_ms=now,
                expires_ms=now + lifetime_s * 1000,
                agent=request.headers.get("user-agent", "")[:200],
            )
        )
        person = Person(user.id, user.name, user.shown_name, Role(user.role), None, csrf, "", address_of(request))
        log_look(session, hub, person, how)
    response.set_cookie(
        COOKIE, token, max_age=lifetime_s, httponly=True, samesite="lax", secure=hub.settings.secure_cookies, path="/"
    )
    return _me(user, csrf)


def _me(user: User, csrf: str) -> Me:
    role = Role(user.role)
    return Me(
        id=user.id,
        name=user.name,
        shown_name=user.shown_name or user.name,
        role=role,
        rights=sorted(RIGHTS[role]),
        sites=user.sites,
        csrf=csrf,
        has_password=user.password is not None,
        has_codes=user.totp is not None,
    )


async def make_link(session: AsyncSession, user_id: int, expires_ms: int, uses: int = 1) -> str:
    """A token that signs its bearer in as a user."""
    token = new_token()
    session.add(Link(token_hash=token_hash(token), user_id=user_id, expires_ms=expires_ms, uses_left=uses))
    return token
