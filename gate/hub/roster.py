"""The roster: who is on duty when. Routes to a role reach those on duty, and everybody of the role while nobody is."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParam
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select

from gate.hub.context import Person, TheHub, log_look, needs
from gate.hub.roles import Right
from gate.hub.tables import Shift, User

router = APIRouter(prefix="/api/v1/roster", tags=["people"])

_LONGEST_MS = 7 * 86_400_000
_SHOWN_MS = 100 * 86_400_000
Ms = Annotated[int, Field(ge=0, le=2**53)]


class ShiftIn(BaseModel):
    """A stretch of duty, UTC milliseconds; a week at most."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user_id": 2, "start_ms": 1790000000000, "end_ms": 1790043200000}]},
    )
    user_id: Annotated[int, Field(ge=1, le=2**53)]
    start_ms: Ms
    end_ms: Ms

    @model_validator(mode="after")
    def _a_stretch(self) -> Self:
        if not 0 < self.end_ms - self.start_ms <= _LONGEST_MS:
            raise ValueError("a shift ends after it begins, within a week")
        return self


@router.get("", summary="Shifts that touch a stretch of time")
async def list_shifts(
    hub: TheHub,
    _person: Annotated[Person, needs(Right.WATCH)],
    from_ms: Annotated[int, Query(ge=0, le=2**53)],
    to_ms: Annotated[int, Query(ge=0, le=2**53)],
) -> list[dict[str, Any]]:
    """At most a hundred days of them."""
    query = select(Shift, User).join(User, User.id == Shift.user_id)
    query = query.where(Shift.end_ms > from_ms, Shift.start_ms < min(to_ms, from_ms + _SHOWN_MS))
    async with hub.store.read() as session:
        rows = await session.execute(query.order_by(Shift.start_ms, Shift.id))
        return [_out(shift, user) for shift, user in rows]


@router.post("", status_code=201, summary="Put somebody on duty")
async def add_shift(body: ShiftIn, hub: TheHub, person: Annotated[Person, needs(Right.ADMINISTER)]) -> dict[str, Any]:
    async with hub.store.write() as session:
        user = await session.get(User, body.user_id)
        if user is None:
            raise HTTPException(404, "no such person")
        shift = Shift(**body.model_dump())
        session.add(shift)
        await session.flush()
        log_look(session, hub, person, "add shift", user.name, f"{body.start_ms} {body.end_ms}")
        return _out(shift, user)


@router.delete("/{shift_id}", status_code=204, summary="Take somebody off duty")
async def remove_shift(
    shift_id: Annotated[int, PathParam(ge=1, le=2**53)],
    hub: TheHub,
    person: Annotated[Person, needs(Right.ADMINISTER)],
) -> None:
    async with hub.store.write() as session:
        shift = await session.get(Shift, shift_id)
        if shift is None:
            raise HTTPException(404, "no such shift")
        await session.delete(shift)
        log_look(session, hub, person, "remove shift", f"{shift.user_id}", f"{shift.start_ms} {shift.end_ms}")


def _out(shift: Shift, user: User) -> dict[str, Any]:
    return {
        "id": shift.id,
        "user_id": user.id,
        "name": user.shown_name or user.name,
        "role": user.role,
        "start_ms": shift.start_ms,
        "end_ms": shift.end_ms,
    }
