"""Sends what is owed: at least once, in the background, within each channel's rate."""

import asyncio
import contextlib
from collections import defaultdict, deque

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub
from gate.hub.sending import AppriseSender, Sender, SendError, WebhookSender, compose
from gate.hub.tables import Alert, Channel, Delivery, DeliveryAttempt, PushSubscription
from gate.hub.webpush import PushSender

log = structlog.get_logger(__name__)

_FIRST_RETRY_MS = 5_000
_LONGEST_RETRY_MS = 10 * 60_000
_GIVE_UP_MS = 24 * 3_600_000
_ALONE = 3  # alerts waiting for one target that are still sent one by one
_PER_MINUTE = 20
_IDLE_S = 5.0
_BATCH = 500


class Deliverer:
    """Runs until cancelled. One message at a time per target, targets beside each other."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._wake = asyncio.Event()
        self._sent: dict[str, deque[int]] = defaultdict(deque)  # target → when its last messages went
        hub.wake_deliveries = self._wake.set

    async def run(self) -> None:
        while True:
            self._wake.clear()
            pause_s = 1.0
            try:
                await self.deliver_due()
                pause_s = await self._pause_s()
            except Exception:
                log.exception("deliveries failed, trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause_s)

    async def deliver_due(self) -> None:
        """Send everything that is due and within the channels' rates."""
        now = self._hub.clock()
        async with self._hub.store.read() as session:
            query = (
                select(Delivery)
                .where(Delivery.state == "pending", Delivery.next_ms <= now)
                .order_by(Delivery.next_ms, Delivery.id)
                .limit(_BATCH)
            )
            due = (await session.execute(query)).scalars().all()
            by_target: dict[str, list[Delivery]] = defaultdict(list)
            for delivery in due:
                by_target[delivery.target].append(delivery)
            senders = {target: await self._sender(session, target) for target in by_target}
        await asyncio.gather(
            *(self._serve(target, *senders[target], deliveries) for target, deliveries in by_target.items())
        )

    async def _pause_s(self) -> float:
        async with self._hub.store.read() as session:
            query = select(func.min(Delivery.next_ms)).where(Delivery.state == "pending")
            next_ms = (await session.execute(query)).scalar_one_or_none()
        if next_ms is None:
            return _IDLE_S
        return min(_IDLE_S, max(0.25, (next_ms - self._hub.clock()) / 1000))

    async def _sender(self, session: AsyncSession, target: str) -> tuple[Sender | None, int]:
        """How to reach a target, and how many messages a minute it takes."""
        kind, _, name = target.partition(":")
        if kind == "apprise":
            urls = self._hub.settings.apprise_urls
            return (AppriseSender(urls[int(name)]) if int(name) < len(urls) else None), _PER_MINUTE
        if kind == "push":
            phone = await session.get(PushSubscription, int(name))
            return (PushSender(self._hub, phone) if phone is not None else None), 10 * _PER_MINUTE
        channel = await session.get(Channel, int(name))
        if channel is None or not channel.enabled:
            return None, 0
        return channel_sender(channel), channel.per_minute

    async def _serve(self, target: str, sender: Sender | None, per_minute: int, deliveries: list[Delivery]) -> None:
        if sender is None:
            await self._record(deliveries, "the target exists no more", gone=True)
            return
        groups = [[d] for d in deliveries] if len(deliveries) <= _ALONE else [deliveries]
        for group in groups:
            if not self._may_send(target, per_minute):
                await self._postpone(group)
                continue
            await self._send(target, sender, group)

    def _may_send(self, target: str, per_minute: int) -> bool:
        now, sent = self._hub.clock(), self._sent[target]
        while sent and sent[0] <= now - 60_000:
            sent.popleft()
        return len(sent) < per_minute

    async def _postpone(self, deliveries: list[Delivery]) -> None:
        """Wait until the channel takes messages again; what gathers till then goes as one digest."""
        sent = self._sent[deliveries[0].target]
        until = (sent[0] if sent else self._hub.clock()) + 60_000
        async with self._hub.store.write(routine=True) as session:
            for delivery in deliveries:
                (await session.get_one(Delivery, delivery.id)).next_ms = until

    async def _send(self, target: str, sender: Sender, deliveries: list[Delivery]) -> None:
        settings = self._hub.settings
        async with self._hub.store.read() as session:
            query = select(Alert).where(Alert.id.in_([d.alert for d in deliveries])).order_by(Alert.t_ms)
            alerts = list((await session.execute(query)).scalars())
        storm = len(deliveries) == 1 and deliveries[0].cause == "storm"
        note = compose(alerts, settings.public_url, settings.timezone, storm)
        self._sent[target].append(self._hub.clock())
        try:
            await sender(note)
        except SendError as error:
            self._hub.count("deliveries_failed")
            log.warning("delivery failed", target=target, alerts=len(alerts), why=str(error))
            await self._record(deliveries, str(error), gone=error.gone)
        else:
            self._hub.count("deliveries_sent", len(deliveries))
            await self._record(deliveries, None)

    async def _record(self, deliveries: list[Delivery], failure: str | None, gone: bool = False) -> None:
        now = self._hub.clock()
        async with self._hub.store.write(routine=True) as session:
            for known in deliveries:
                delivery = await session.get_one(Delivery, known.id)
                delivery.attempts += 1
                session.add(
                    DeliveryAttempt(
                        delivery=delivery.id,
                        t_ms=now,
                        ok=failure is None,
                        digest=len(deliveries),
                        detail=(failure or "")[:500],
                    )
                )
                if failure is None:
                    delivery.state, delivery.sent_ms = "sent", now
                elif gone or now - delivery.created_ms > _GIVE_UP_MS:
                    delivery.state = "failed"
                else:
                    delivery.next_ms = now + min(_LONGEST_RETRY_MS, _FIRST_RETRY_MS << min(delivery.attempts - 1, 10))


def channel_sender(channel: Channel) -> Sender:
    """The sender of a channel set up on the pages."""
    if channel.kind == "webhook":
        return WebhookSender(channel.address, channel.secret)
    return AppriseSender(channel.address)
