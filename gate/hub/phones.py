"""Phones and browsers that asked for push messages."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select

from gate.hub.context import Person, TheHub, log_look, needs
from gate.hub.roles import Right
from gate.hub.tables import PushSubscription
from gate.hub.webpush import public_key, push_key

router = APIRouter(prefix="/api/v1/push", tags=["push"])

_ME = Annotated[Person, needs(Right.SIGNED_IN)]
_WATCH = Annotated[Person, needs(Right.WATCH)]
_KEY = r"^[A-Za-z0-9_-]{16,200}={0,2}$"


class Keys(BaseModel):
    model_config = ConfigDict(extra="ignore")
    p256dh: Annotated[str, Field(pattern=_KEY)]
    auth: Annotated[str, Field(pattern=_KEY)]


class Subscription(BaseModel):
    """A PushSubscription as the browser's toJSON() gives it. Only named hosts by HTTPS: the hub will call them."""

    model_config = ConfigDict(extra="ignore")
    endpoint: Annotated[str, Field(max_length=1000, pattern=r"^https://([\w-]+\.)+[a-z]{2,}(/[^\s\x00]*)?$")]
    keys: Keys


class Endpoint(BaseModel):
    endpoint: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]


@router.get("/key", summary="The key a browser subscribes with")
async def key(hub: TheHub, _person: _ME) -> dict[str, str]:
    return {"key": public_key(await push_key(hub))}


@router.post("/subscriptions", status_code=201, summary="Send pushes to this phone")
async def subscribe(body: Subscription, hub: TheHub, person: _WATCH) -> dict[str, int]:
    async with hub.store.write() as session:
        await session.execute(delete(PushSubscription).where(PushSubscription.endpoint == body.endpoint))
        phone = PushSubscription(
            user_id=person.id,
            endpoint=body.endpoint,
            p256dh=body.keys.p256dh,
            auth=body.keys.auth,
            created_ms=hub.clock(),
        )
        session.add(phone)
        await session.flush()
        log_look(session, hub, person, "subscribe phone", f"{phone.id}")
        return {"id": phone.id}


@router.post("/unsubscribe", status_code=204, summary="No more pushes to this phone")
async def unsubscribe(body: Endpoint, hub: TheHub, person: _ME) -> None:
    async with hub.store.write() as session:
        query = select(PushSubscription).where(
            PushSubscription.endpoint == body.endpoint, PushSubscription.user_id == person.id
        )
        for phone in (await session.execute(query)).scalars():
            await session.delete(phone)
