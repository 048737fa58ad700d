"""A site's word that it lives, and what it says of itself."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub
from gate.hub.tables import Site

OWN_STREAM = "~hub"  # of findings the hub itself makes; no outbox can be called so


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from: its site, the outbox there, and its number in it."""

    site: str
    stream: str
    seq: int


News = list[tuple[str, dict[str, object]]]
ShortId = Annotated[str, Field(min_length=1, max_length=64)]


class NameIn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    zh: Annotated[str, Field(max_length=200)] = ""
    en: Annotated[str, Field(max_length=200)] = ""


class CameraIn(BaseModel):
    """A camera the pages may show. state: as in DeviceState."""

    model_config = ConfigDict(extra="ignore")
    id: ShortId
    name: NameIn = NameIn()
    state: Annotated[str, Field(max_length=32)] = "ok"


class ScaleIn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: ShortId
    capacity_kg: float = 100_000
    e_kg: float = 20


class BarrierIn(BaseModel):
    """A barrier: whether it was told to open, whether what must see it has failed, why it stays closed (None: nobody
    is before it).
    """

    model_config = ConfigDict(extra="ignore")
    open: bool = False
    blind: bool = False
    against: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=50)] | None = None


class Heartbeat(BaseModel):
    """What a site says of itself every few seconds. api: where its live pictures are, as the hub reaches it.

    mine: the mine it belongs to.
    """

    model_config = ConfigDict(extra="ignore")
    t_ms: Annotated[int, Field(ge=0, le=2**53)]
    name: NameIn | None = None
    api: Annotated[str, Field(max_length=200)] = ""
    cameras: Annotated[list[CameraIn], Field(max_length=64)] = []
    scales: Annotated[list[ScaleIn], Field(max_length=16)] = []
    devices: Annotated[dict[str, str], Field(max_length=256)] = {}
    barriers: Annotated[dict[ShortId, BarrierIn], Field(max_length=32)] = {}
    mine: Annotated[str, Field(max_length=200)] = ""
    waiting: Annotated[int, Field(ge=0, le=2**53)] = 0


async def note_heartbeat(session: AsyncSession, hub: Hub, site_id: str, heartbeat: Heartbeat | None) -> News:
    """Keep what a site said of itself; that it was heard from is noted with everything it sends."""
    if heartbeat is None:
        return []
    site = await session.get_one(Site, site_id)
    site.last_seen_ms = hub.clock()
    if heartbeat.name is not None:
        site.name_zh, site.name_en = heartbeat.name.zh, heartbeat.name.en
    site.mine = heartbeat.mine
    site.state = heartbeat.model_dump()
    return [("site", site_summary(site))]


def site_summary(site: Site) -> dict[str, object]:
    """A site as pages see it: no secrets, no addresses."""
    state = site.state or {}
    return {
        "id": site.id,
        "name": {"zh": site.name_zh or site.id, "en": site.name_en or site.name_zh or site.id},
        "last_seen_ms": site.last_seen_ms,
        "cameras": state.get("cameras", []),
        "scales": state.get("scales", []),
        "devices": state.get("devices", {}),
        "barriers": state.get("barriers", {}),
        "mine": site.mine,
        "waiting": state.get("waiting", 0),
    }
