"""What people do about alerts: acknowledge, dispose, close, note, pass on.

    open ──acknowledge──► acknowledged ──dispose──► disposed ──close──► closed
      └────────────────────dispose──────────────────►┘   grade 1 and 2: dispose closes

From grade 3 on, someone other than the site, and other than whoever disposed of it, closes an alert.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.alert_book import alert_summary, climb, forget_pending
from gate.hub.context import Hub, Person, TheHub, log_look, needs
from gate.hub.roles import SITE_ROLES, Right
from gate.hub.tables import Alert, AlertAction
from gate.records import Severity

router = APIRouter(prefix="/api/v1/alerts/{alert_id}", tags=["alerts"])

Reason = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
NeededReason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*\S[^\x00]*$")]


class Disposition(StrEnum):
    RELEASED = "released"
    HELD = "held"
    REWEIGHED = "reweighed"
    FALSE_ALARM = "false_alarm"


class ActionIn(BaseModel):
    """client_id: the page's own id of this action; sent again after a break, it counts once."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason = ""
    client_id: Annotated[str, Field(pattern=r"^[\w-]{8,64}$")] | None = None


class NoteIn(ActionIn):
    reason: NeededReason


class DisposalIn(NoteIn):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"disposition": "held", "reason": "车辆已扣留，等待复磅"}]},
    )
    disposition: Disposition


_ACT = Annotated[Person, needs(Right.ACT)]
_CLOSE = Annotated[Person, needs(Right.CLOSE)]


@router.post("/acknowledge", summary="Say that someone looks after it")
async def acknowledge(alert_id: str, body: ActionIn, hub: TheHub, person: _ACT) -> dict[str, Any]:
    async with _case(hub, person, alert_id) as case:
        alert = case.alert
        if await case.is_new("acknowledge", body) and alert.status == "open":
            alert.status, alert.due_ms = "acknowledged", None
            await forget_pending(case.session, alert)
        return _done(hub, alert)


@router.post("/dispose", summary="Say what was done about it, and why")
async def dispose(alert_id: str, body: DisposalIn, hub: TheHub, person: _ACT) -> dict[str, Any]:
    async with _case(hub, person, alert_id) as case:
        alert = case.alert
        if await case.is_new("dispose", body):
            if alert.status not in ("open", "acknowledged"):
                raise HTTPException(409, f"this alert is {alert.status} already")
            alert.status = "disposed" if alert.severity >= Severity.SERIOUS else "closed"
            alert.due_ms = None
            await forget_pending(case.session, alert)
        return _done(hub, alert)


@router.post("/close", summary="Close a disposed alert of grade 3 or 4")
async def close(alert_id: str, body: NoteIn, hub: TheHub, person: _CLOSE) -> dict[str, Any]:
    async with _case(hub, person, alert_id) as case:
        alert = case.alert
        disposed_by = await _disposed_by(case.session, alert)
        if person.role in SITE_ROLES or disposed_by == person.id:
            raise HTTPException(403, "someone other than the site, and other than whoever disposed of it, closes it")
        if await case.is_new("close", body):
            if alert.status != "disposed":
                raise HTTPException(409, f"only a disposed alert can be closed, this one is {alert.status}")
            alert.status = "closed"
        return _done(hub, alert)


@router.post("/reopen", summary="Send a disposed alert back")
async def reopen(alert_id: str, body: NoteIn, hub: TheHub, person: _CLOSE) -> dict[str, Any]:
    async with _case(hub, person, alert_id) as case:
        alert = case.alert
        if await case.is_new("reopen", body):
            if alert.status not in ("disposed", "closed"):
                raise HTTPException(409, f"this alert is {alert.status}")
            alert.status = "acknowledged"
        return _done(hub, alert)


@router.post("/note", summary="Add a remark")
async def note(alert_id: str, body: NoteIn, hub: TheHub, person: _ACT) -> dict[str, Any]:
    async with _case(hub, person, alert_id) as case:
        alert = case.alert
        await case.is_new("note", body)
        return _done(hub, alert)


@router.post("/escalate", summary="Pass it on to the next in line now")
async def escalate(alert_id: str, body: NoteIn, hub: TheHub, person: _ACT) -> dict[str, Any]:
    async with _case(hub, person, alert_id) as case:
        alert = case.alert
        if await case.is_new("escalate", body):
            if alert.status not in ("open", "acknowledged"):
                raise HTTPException(409, f"this alert is {alert.status} already")
            await climb(case.session, hub, alert)
        hub.wake_deliveries()
        return _done(hub, alert)


@dataclass(frozen=True, slots=True)
class _Case:
    """Someone at work on an alert."""

    session: AsyncSession
    hub: Hub
    person: Person
    alert: Alert

    async def is_new(self, kind: str, body: ActionIn) -> bool:
        """Record an action; False when this very action was recorded before."""
        alert, person = self.alert, self.person
        if body.client_id is not None:
            query = select(AlertAction).where(AlertAction.client_id == body.client_id)
            known = (await self.session.execute(query)).scalar_one_or_none()
            if known is not None:
                if (known.alert, known.user_id, known.kind) != (alert.id, person.id, kind):
                    raise HTTPException(409, "this client_id was used for another action")
                return False
        disposition = body.disposition.value if isinstance(body, DisposalIn) else ""
        alert.updated_ms = self.hub.clock()
        self.session.add(
            AlertAction(
                alert=alert.id,
                t_ms=alert.updated_ms,
                user_id=person.id,
                user_name=person.shown_name,
                role=person.role.value,
                kind=kind,
                disposition=disposition,
                reason=body.reason,
                client_id=body.client_id,
            )
        )
        log_look(self.session, self.hub, person, f"alert {kind}", alert.id, disposition, body.reason)
        await self.session.flush()
        return True


@asynccontextmanager
async def _case(hub: Hub, person: Person, alert_id: str) -> AsyncIterator[_Case]:
    """An alert a person may see, for the length of one change. Raises HTTP 404."""
    async with hub.store.write() as session:
        query = select(Alert).where(Alert.id == alert_id).with_for_update()
        alert = (await session.execute(query)).scalar_one_or_none()
        if alert is None or not person.sees(alert.site):
            raise HTTPException(404, "no such alert")
        yield _Case(session, hub, person, alert)


async def _disposed_by(session: AsyncSession, alert: Alert) -> int | None:
    query = (
        select(AlertAction.user_id)
        .where(AlertAction.alert == alert.id, AlertAction.kind == "dispose")
        .order_by(AlertAction.id.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


def _done(hub: Hub, alert: Alert) -> dict[str, Any]:
    summary = alert_summary(alert)
    hub.bus.publish("alert", alert.site, summary)
    return summary
