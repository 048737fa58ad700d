"""What the hub forgets: passages past their time unless locked, and the numbers of messages long since applied."""

import asyncio

import structlog
from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub
from gate.hub.tables import Alert, Audit, DeviceEvent, File, Message, Order, Passage, Stream

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000
_MESSAGE_DAYS = 60  # an outbox away for longer may be stored twice under new numbers
_EVERY_S, _BETWEEN_S = 3600.0, 1.0
_BATCH = 500


class Retention:
    """Runs until cancelled, once an hour."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def run(self) -> None:
        pause_s = _EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            pause_s = _EVERY_S
            try:
                if await self.forget():
                    pause_s = _BETWEEN_S
            except Exception:
                log.exception("old passages could not be forgotten, trying again in an hour")

    async def forget(self) -> bool:
        """Forget one batch; whether there may be more. Alerts that are not closed keep their passage."""
        now = self._hub.clock()
        before_ms = now - self._hub.settings.retention_days * _DAY_MS
        async with self._hub.store.write() as session:
            waiting = select(Alert.passage).where(Alert.status != "closed", Alert.passage.is_not(None))
            query = select(Passage.site, Passage.id).where(
                Passage.start_ms < before_ms, Passage.locked.is_(False), Passage.id.not_in(waiting)
            )
            old = [(site, passage) for site, passage in await session.execute(query.limit(_BATCH))]
            files = await self._forget_passages(session, old)
            applied = select(Message.site, Message.stream, Message.seq).join(
                Stream, (Stream.site == Message.site) & (Stream.stream == Message.stream)
            )
            applied = applied.where(
                Message.received_ms < now - _MESSAGE_DAYS * _DAY_MS, Message.seq <= Stream.contiguous
            )
            keys = [tuple(row) for row in await session.execute(applied.limit(_BATCH))]
            if keys:
                await session.execute(
                    delete(Message).where(tuple_(Message.site, Message.stream, Message.seq).in_(keys))
                )
            await session.execute(delete(DeviceEvent).where(DeviceEvent.t_ms < before_ms))
            await session.execute(delete(Order).where(Order.created_ms < before_ms))
            await session.execute(delete(Audit).where(Audit.t_ms < before_ms))
        for file in files:
            await asyncio.to_thread(self._hub.files.delete, file)
        return len(old) == _BATCH or len(keys) == _BATCH

    async def _forget_passages(self, session: AsyncSession, old: list[tuple[str, str]]) -> list[File]:
        """Delete passages with their alerts; the files to be removed once that is committed."""
        if not old:
            return []
        ids = [passage for _, passage in old]
        findings = list((await session.execute(select(Alert.finding).where(Alert.passage.in_(ids)))).scalars())
        files = (
            await session.execute(select(File).where(or_(File.owner.in_(ids), File.owner.in_(findings))))
        ).scalars()
        gone = list(files)
        await session.execute(delete(File).where(File.id.in_([f.id for f in gone])))
        await session.execute(delete(Alert).where(Alert.passage.in_(ids)))
        await session.execute(delete(Passage).where(Passage.id.in_(ids)))
        log.info("passages forgotten", number=len(ids), files=len(gone))
        return gone
