"""What sites tell of themselves: plans, and registers of tickets and vehicles."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from gate.errors import FactError
from gate.facts import canonical_json
from gate.hub.heartbeat import News
from gate.hub.tables import RegisteredVehicle, Site, Ticket


def _cut(length: int) -> BeforeValidator:
    """Free text of a register, as much of it as is kept."""
    return BeforeValidator(lambda value: value[:length] if isinstance(value, str) else value)


Short = Annotated[str, _cut(64)]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Plate = Annotated[str, Field(min_length=1, max_length=32)]
Ms = Annotated[int, Field(ge=0, le=2**53)]


class _In(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TicketIn(_In):
    """A ticket of the site's register (gate.tickets.ticket.Ticket)."""

    id: Id
    plate: Annotated[str, _cut(32)] = ""
    site: Short = ""
    product: Short = ""
    buyer: Short = ""
    kg: Annotated[int, Field(ge=0, le=10**9)] = 0
    issued_ms: Ms = 0
    from_ms: Ms = 0
    until_ms: Ms = 0


class VoidIn(_In):
    ticket: Id
    t_ms: Ms
    reason: Annotated[str, _cut(500)] = ""


class VehicleIn(_In):
    """A vehicle of the site's register (gate.tickets.vehicles.Vehicle)."""

    plate: Plate
    kind: Annotated[str, _cut(32)] = ""
    owner: Annotated[str, _cut(500)] = ""
    tare_kg: Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False)] | None = None
    tare_date: Annotated[str, _cut(32)] = ""
    axles: Annotated[int, Field(ge=0, le=100)] | None = None
    colour: Annotated[str, _cut(16)] = ""
    products: Annotated[list[Short], Field(max_length=100)] = []


class RegisterIn(_In):
    """Entries that are new or different, and ids of those gone. about: "tickets", "voids" or "vehicles"."""

    about: Annotated[Literal["tickets", "voids", "vehicles"], Field(alias="list")]
    entries: Annotated[list[dict[str, Any]], Field(max_length=1000)] = []
    removed: Annotated[list[Id], Field(max_length=100_000)] = []


class PlanIn(_In):
    entries: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1)]


async def note_plan(session: AsyncSession, site_id: str, body: dict[str, object]) -> News:
    """Keep a site's plan. Raises ValidationError, FactError."""
    plan = PlanIn.model_validate(body).entries[0].get("plan")
    if not isinstance(plan, dict):
        raise FactError("plan: an object expected")
    site = await session.get_one(Site, site_id)
    site.plan = canonical_json(plan)
    return [("plan", {"site": site_id})]


async def note_register(session: AsyncSession, site: str, body: dict[str, object]) -> News:
    """Keep what changed in a site's register. Raises ValidationError."""
    told = RegisterIn.model_validate(body)
    if told.about == "vehicles":
        for vehicle in [VehicleIn.model_validate(e) for e in told.entries]:
            await session.merge(RegisteredVehicle(site=site, **vehicle.model_dump()))
        if told.removed:
            gone = RegisteredVehicle.plate.in_(told.removed)
            await session.execute(delete(RegisteredVehicle).where(RegisteredVehicle.site == site, gone))
    elif told.about == "tickets":
        for ticket in [TicketIn.model_validate(e) for e in told.entries]:
            values = ticket.model_dump(exclude={"site"})
            await session.merge(Ticket(site=site, mine=ticket.site, **values))
    else:
        for void in [VoidIn.model_validate(e) for e in told.entries]:
            notice = Ticket(site=site, id=void.ticket, void_ms=void.t_ms, void_reason=void.reason)
            await session.merge(notice)
    return [("register", {"site": site, "list": told.about})]
