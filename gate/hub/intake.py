"""Stores what sites send: each message once, in whatever order it comes, many batches in one transaction.

A commit waits for the disk; batches that come meanwhile wait together and share the next one.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gate.errors import FactError
from gate.hub.apply import apply_message
from gate.hub.batches import Batch, MessageIn, Receipt, Rejected
from gate.hub.context import Hub
from gate.hub.heartbeat import News, Origin, note_heartbeat
from gate.hub.known import Known, StreamState, gaps_above

log = structlog.get_logger(__name__)

_MOST_MESSAGES = 500  # of one transaction
_PACE_S = 0.025  # transactions begin at most so often: what comes meanwhile costs a tenth of one by itself
_WAITING = 256  # batches; a site that finds no place waits for one
_TRIES = 3  # another hub on the same database may store the same message meanwhile


@dataclass(frozen=True, slots=True)
class _Waiting:
    site: str
    batch: Batch
    receipt: asyncio.Future[Receipt]


class Intake:
    """`take` from anywhere; `run` until cancelled."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(_WAITING)

    async def take(self, site: str, batch: Batch) -> Receipt:
        """Store a site's batch, whichever way it came; returns when it is on disk."""
        waiting = _Waiting(site, batch, asyncio.get_running_loop().create_future())
        await self._queue.put(waiting)
        return await waiting.receipt

    async def run(self) -> None:
        begun_s = -_PACE_S
        while True:
            group = [await self._queue.get()]
            await asyncio.sleep(begun_s + _PACE_S - time.monotonic())
            begun_s = time.monotonic()
            messages = len(group[0].batch.messages)
            while messages < _MOST_MESSAGES and not self._queue.empty():
                group.append(self._queue.get_nowait())
                messages += len(group[-1].batch.messages)
            try:
                await self._store(group)
            finally:
                for waiting in group:
                    waiting.receipt.cancel()  # only what has no answer yet

    async def _store(self, group: list[_Waiting]) -> None:
        """Store a group whole, or where that fails each batch by itself."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                receipts = await _store_all(self._hub, [(w.site, w.batch) for w in group])
            except Exception as error:
                if len(group) > 1:
                    for waiting in group:
                        await self._store([waiting])
                    return
                if not isinstance(error, SQLAlchemyError) or left == 0:
                    log.exception("a batch cannot be stored", site=group[0].site)
                    _fail(group[0].receipt, error)
                    return
            else:
                for waiting, receipt in zip(group, receipts, strict=True):
                    if not waiting.receipt.done():
                        waiting.receipt.set_result(receipt)
                return


def _fail(receipt: asyncio.Future[Receipt], error: Exception) -> None:
    if not receipt.done():
        receipt.set_exception(error)


async def _store_all(hub: Hub, group: Sequence[tuple[str, Batch]]) -> list[Receipt]:
    """Store batches in one transaction; once it is committed, tell open pages."""
    news: list[tuple[str, News]] = []
    receipts: list[Receipt] = []
    async with hub.store.write(routine=True) as session:
        known = await Known.load(session, hub, group)
        for site, batch in group:
            receipt, told = await _store_batch(session, hub, known, site, batch)
            receipts.append(receipt)
            news.append((site, told))
        await known.write(session, hub)
    for site, told in news:
        for kind, data in told:
            hub.bus.publish(kind, site, data)
    if any(kind == "alert" for _, told in news for kind, _ in told):
        hub.wake_deliveries()
    hub.count("messages_stored", sum(len(r.stored) for r in receipts))
    hub.count("messages_repeated", sum(len(r.duplicates) for r in receipts))
    hub.count("messages_rejected", sum(len(r.rejected) for r in receipts))
    return receipts


async def _store_batch(session: AsyncSession, hub: Hub, known: Known, site: str, batch: Batch) -> tuple[Receipt, News]:
    stream = known.streams[site, batch.stream]
    receipt = Receipt(stream=batch.stream, contiguous=0, highest=0, gaps=[], stored=[], duplicates=[], rejected=[])
    news: News = []
    for message in sorted(batch.messages, key=lambda m: m.seq):
        row = _row(hub, known, site, stream, message)
        if row is None or row["id"] is None:
            receipt.duplicates.append(message.seq)
            continue
        try:
            origin = Origin(site, batch.stream, message.seq)
            news += await apply_message(session, hub, known, origin, message)
            receipt.stored.append(message.seq)
        except FactError as error:
            row["rejected"] = str(error)[:500]
            receipt.rejected.append(Rejected(id=message.id, seq=message.seq, reason=str(error)))
    receipt.gaps = await gaps_above(session, known, stream)
    receipt.contiguous, receipt.highest = stream.contiguous, stream.highest
    news += await note_heartbeat(session, hub, site, batch.heartbeat)
    return receipt, news


def _row(hub: Hub, known: Known, site: str, stream: StreamState, message: MessageIn) -> dict[str, Any] | None:
    """Note that a message arrived. None when its number was here before; without id when its id was."""
    if not known.is_new(stream, message.seq):
        return None
    repeats = (site, message.id) in known.ids
    known.ids.add((site, message.id))
    row = {
        "site": site,
        "stream": stream.stream,
        "seq": message.seq,
        "id": None if repeats else message.id,
        "repeats": message.id if repeats else None,
        "kind": message.kind,
        "received_ms": hub.clock(),
        "rejected": None,
    }
    known.rows.append(row)
    return row
