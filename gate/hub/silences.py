"""Silences: alerts of a kind are kept from channels for a while, and shown on pages as always."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from gate.hub.actions import NeededReason
from gate.hub.context import Person, TheHub, log_look, needs
from gate.hub.roles import Right
from gate.hub.tables import Silence

router = APIRouter(prefix="/api/v1/silences", tags=["alerts"])

_LONGEST_MINUTES = 7 * 24 * 60
Text64 = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]


class SilenceIn(BaseModel):
    """What is silenced, and until when. At least one of site, rule and plate. Grade 4 is never silenced."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"site": "gate-1", "rule": "blind_camera", "minutes": 60, "reason": "镜头清洗"}]
        },
    )
    site: Text64 | None = None
    rule: Text64 | None = None
    plate: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\x00]+$")] | None = None
    minutes: Annotated[int, Field(ge=1, le=_LONGEST_MINUTES)]
    reason: NeededReason


@router.get("", summary="Silences in force")
async def list_silences(hub: TheHub, person: Annotated[Person, needs(Right.WATCH)]) -> list[dict[str, Any]]:
    async with hub.store.read() as session:
        query = select(Silence).where(Silence.until_ms > hub.clock()).order_by(Silence.until_ms)
        return [_out(s) for s in (await session.execute(query)).scalars() if s.site is None or person.sees(s.site)]


@router.post("", status_code=201, summary="Silence alerts of a kind until an end")
async def add_silence(body: SilenceIn, hub: TheHub, person: Annotated[Person, needs(Right.SILENCE)]) -> dict[str, Any]:
    if body.site is None and body.rule is None and body.plate is None:
        raise HTTPException(422, "name a site, a rule or a plate")
    if person.sites is not None and (body.site is None or not person.sees(body.site)):
        raise HTTPException(403, "name a site that you may see")
    async with hub.store.write() as session:
        silence = Silence(
            site=body.site,
            rule=body.rule,
            plate=body.plate,
            until_ms=hub.clock() + body.minutes * 60_000,
            user_name=person.shown_name,
            reason=body.reason,
            created_ms=hub.clock(),
        )
        session.add(silence)
        await session.flush()
        log_look(session, hub, person, "silence", f"{silence.id}", body.model_dump_json())
        return _out(silence)


@router.delete("/{silence_id}", status_code=204, summary="End a silence now")
async def end_silence(
    silence_id: Annotated[int, PathParam(ge=1, le=2**53)], hub: TheHub, person: Annotated[Person, needs(Right.SILENCE)]
) -> None:
    async with hub.store.write() as session:
        silence = await session.get(Silence, silence_id)
        if silence is None or (person.sites is not None and (silence.site is None or not person.sees(silence.site))):
            raise HTTPException(404, "no such silence")
        silence.until_ms = min(silence.until_ms, hub.clock())
        log_look(session, hub, person, "end silence", f"{silence_id}")


def _out(silence: Silence) -> dict[str, Any]:
    return {
        "id": silence.id,
        "site": silence.site,
        "rule": silence.rule,
        "plate": silence.plate,
        "until_ms": silence.until_ms,
        "by": silence.user_name,
        "reason": silence.reason,
    }
