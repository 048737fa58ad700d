"""Who looked at a site's evidence through the hub, told to the site, which writes it into its chain of evidence."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import func, or_, select

from gate.hub.context import TheHub, TheSite
from gate.hub.tables import Audit

router = APIRouter(prefix="/api/v1", tags=["site"])

LOOKS = ("look at passage", "look at file", "watch live", "export", "lock passage", "unlock passage")
_MOST = 500


class Look(BaseModel):
    """One act of a person. about: a passage, "<passage or finding>/<file>", a camera, or a table's name."""

    id: int
    t_ms: int
    who: str
    action: str
    about: str


class LooksOut(BaseModel):
    """Acts in the order of their numbers. newest: the highest number the hub has given to any act."""

    newest: int
    looks: list[Look]


@router.get("/looks", summary="Acts on this site's evidence since a number")
async def looks(hub: TheHub, site: TheSite, after: Annotated[int, Query(ge=0, le=2**53)] = 0) -> LooksOut:
    mine = or_(Audit.detail == site.id, Audit.detail.startswith(f"{site.id} ", autoescape=True))
    query = select(Audit).where(Audit.id > after, Audit.action.in_(LOOKS), mine).order_by(Audit.id).limit(_MOST)
    async with hub.store.read() as session:
        newest = (await session.execute(select(func.max(Audit.id)))).scalar() or 0
        rows = (await session.execute(query)).scalars()
        found = [Look(id=a.id, t_ms=a.t_ms, who=a.user_name, action=a.action, about=a.target) for a in rows]
    return LooksOut(newest=newest, looks=found)
