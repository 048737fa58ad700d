"""What a site does besides: learn tickets as they are registered, look after evidence."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from gate.evidence.upkeep import Upkeep
from gate.site.model import Site
from gate.tickets.registers import Registers, TicketFeed
from gate.uplink.outbox import Outbox
from gate.uplink.plan import tell_registers

_log = structlog.get_logger(__name__)
UPKEEP_EVERY_MS = 120_000
TELL_EVERY_MS = 10_000


async def keep_house(
    site: Site, base: Path, registers: Registers, outbox: Outbox, *, upkeep: Upkeep, clock: Callable[[], int]
) -> None:
    """Learn new tickets and tell the hub; have evidence counter-signed, and deleted when its time is over."""
    tickets = site.registers.tickets
    feed = TicketFeed(base / tickets, registers.tickets) if tickets else None
    next_upkeep_ms = next_telling_ms = told = 0
    while True:
        for fault in feed.look() if feed else ():
            _log.warning("ticket left out", why=fault)
        now_ms, known = clock(), registers.tickets.learnt + 1
        if site.hub and known != told and now_ms >= next_telling_ms:
            told, next_telling_ms = known, now_ms + TELL_EVERY_MS
            await asyncio.to_thread(tell_registers, outbox, registers)
        if now_ms >= next_upkeep_ms:
            next_upkeep_ms = now_ms + UPKEEP_EVERY_MS
            await asyncio.to_thread(upkeep.run, now_ms)
        await asyncio.sleep(1.0)
