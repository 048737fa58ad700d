"""What sites send: stored once per message, in whatever order it comes, with the gaps told back."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gate.errors import FactError
from gate.hub.apply import apply_message
from gate.hub.context import Hub, TheHub, TheSite
from gate.hub.heartbeat import Heartbeat, Origin, note_heartbeat
from gate.hub.tables import Message, Stream

router = APIRouter(prefix="/api/v1", tags=["site"])

_GAPS_SHOWN = 100

Seq = Annotated[int, Field(ge=1, le=2**53)]


class MessageIn(BaseModel):
    """One message of a site. seq: its number in the outbox, from 1, without holes."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=256)]
    seq: Seq
    kind: Literal["passage", "finding", "device", "heartbeat"]
    body: dict[str, Any]


class Batch(BaseModel):
    """Messages of one outbox. stream: the outbox's own id, new when the outbox is new."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "stream": "7d0c2f3a",
                    "messages": [
                        {
                            "id": "dev-camera-1-1760000000000",
                            "seq": 1,
                            "kind": "device",
                            "body": {"t_ms": 1760000000000, "device": "camera-1", "state": "ok"},
                        }
                    ],
                    "heartbeat": {"t_ms": 1760000000000, "cameras": [{"id": "camera-1", "name": {"zh": "出口"}}]},
                }
            ]
        },
    )
    stream: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
    messages: Annotated[list[MessageIn], Field(max_length=500)] = []
    heartbeat: Heartbeat | None = None


class Rejected(BaseModel):
    """A message that says nothing the hub can keep; sending it again does not help."""

    id: str
    seq: int
    reason: str


class Receipt(BaseModel):
    """What the hub has of an outbox now.

    contiguous: every number up to it is stored. gaps: ranges, both ends included, missing under `highest`.
    """

    stream: str
    contiguous: int
    highest: int
    gaps: list[tuple[int, int]]
    stored: list[int]
    duplicates: list[int]
    rejected: list[Rejected]


@router.post("/ingest", summary="Take a batch of a site's messages")
async def ingest(batch: Batch, hub: TheHub, site: TheSite) -> Receipt:
    """Stores each message once and answers only when it is on disk. Safe to repeat."""
    return await take_batch(hub, site.id, batch)


async def take_batch(hub: Hub, site: str, batch: Batch) -> Receipt:
    """Store a site's batch, whichever way it came, and tell open pages."""
    stored: list[int] = []
    duplicates: list[int] = []
    rejected: list[Rejected] = []
    news: list[tuple[str, dict[str, object]]] = []
    async with hub.store.write() as session:
        stream = await _stream(session, hub, site, batch.stream)
        for message in sorted(batch.messages, key=lambda m: m.seq):
            if not await _is_new(session, hub, site, stream, message):
                duplicates.append(message.seq)
                continue
            try:
                origin = Origin(site, batch.stream, message.seq)
                news += await apply_message(session, hub, origin, message.kind, message.body)
                stored.append(message.seq)
            except FactError as error:
                await _mark_rejected(session, site, batch.stream, message.seq, str(error))
                rejected.append(Rejected(id=message.id, seq=message.seq, reason=str(error)))
        gaps = await _advance(session, stream, [m.seq for m in batch.messages])
        news += await note_heartbeat(session, hub, site, batch.heartbeat)
        receipt = Receipt(
            stream=batch.stream,
            contiguous=stream.contiguous,
            highest=stream.highest,
            gaps=gaps,
            stored=stored,
            duplicates=duplicates,
            rejected=rejected,
        )
    _publish(hub, site, news)
    hub.count("messages_stored", len(stored))
    hub.count("messages_repeated", len(duplicates))
    hub.count("messages_rejected", len(rejected))
    return receipt


def _publish(hub: Hub, site: str, news: list[tuple[str, dict[str, object]]]) -> None:
    for kind, data in news:
        hub.bus.publish(kind, site, data)
    if any(kind == "alert" for kind, _ in news):
        hub.wake_deliveries()


async def _stream(session: AsyncSession, hub: Hub, site: str, stream: str) -> Stream:
    await hub.store.insert_new(
        session, Stream, site=site, stream=stream, contiguous=0, highest=0, opened_ms=hub.clock()
    )
    query = select(Stream).where(Stream.site == site, Stream.stream == stream).with_for_update()
    return (await session.execute(query)).scalar_one()


async def _is_new(session: AsyncSession, hub: Hub, site: str, stream: Stream, message: MessageIn) -> bool:
    """Note that a message arrived; False when its number or its id was here before."""
    row = {
        "site": site,
        "stream": stream.stream,
        "seq": message.seq,
        "kind": message.kind,
        "received_ms": hub.clock(),
    }
    if await hub.store.insert_new(session, Message, **row, id=message.id):
        return True
    known = await session.get(Message, (site, stream.stream, message.seq))
    if known is None:
        await hub.store.insert_new(session, Message, **row, id=None, repeats=message.id)
    return False


async def _mark_rejected(session: AsyncSession, site: str, stream: str, seq: int, reason: str) -> None:
    await session.execute(
        update(Message)
        .where(Message.site == site, Message.stream == stream, Message.seq == seq)
        .values(rejected=reason[:500])
    )


async def _advance(session: AsyncSession, stream: Stream, arrived: list[int]) -> list[tuple[int, int]]:
    """Move `contiguous` as far as it goes; the ranges still missing above it."""
    stream.highest = max([stream.highest, *arrived])
    if stream.highest == stream.contiguous:
        return []
    query = (
        select(Message.seq)
        .where(Message.site == stream.site, Message.stream == stream.stream, Message.seq > stream.contiguous)
        .order_by(Message.seq)
    )
    gaps: list[tuple[int, int]] = []
    expected = stream.contiguous + 1
    for seq in (await session.execute(query)).scalars():
        if seq > expected:
            gaps.append((expected, seq - 1))
            if len(gaps) == _GAPS_SHOWN:
                break
        expected = seq + 1
    stream.contiguous = (gaps[0][0] if gaps else expected) - 1
    return gaps
