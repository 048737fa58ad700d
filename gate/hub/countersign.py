"""Evidence at the hub: the sites' chain heads are counter-signed with the hub's own key, and forks are alerts."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, HTTPException

from gate.evidence.hub_routes import evidence_router
from gate.hub import looks
from gate.hub.alert_book import apply_finding, latest_alert
from gate.hub.context import Hub, Person, TheSite, needs
from gate.hub.heartbeat import OWN_STREAM, Origin
from gate.hub.roles import Right
from gate.records import Finding, Severity


def countersigning(hub: Hub, loop_of: Callable[[], asyncio.AbstractEventLoop]) -> APIRouter:
    """The evidence routes of a hub, and what tells sites who looked. Keys and receipts lie in its data directory."""

    def site_id(site: TheSite) -> str:
        return site.id

    def reader(site: str, person: Annotated[Person, needs(Right.SEARCH)]) -> None:
        if not person.sees(site):
            raise HTTPException(404, "no such site")

    def on_fork(site: str, reason: str) -> None:
        asyncio.run_coroutine_threadsafe(_raise_fork(hub, site, reason), loop_of())

    router = APIRouter()
    router.include_router(
        evidence_router(hub.heads, site_of=site_id, reader_of=reader, clock=hub.now_ms, on_fork=on_fork)
    )
    router.include_router(looks.router)
    return router


async def _raise_fork(hub: Hub, site: str, reason: str) -> None:
    """The site's own records were rewritten: a finding the site itself would not tell."""
    now = hub.clock()
    finding = Finding(
        id=f"{site}/evidence_fork",
        t_ms=now,
        site=site,
        rule="evidence_fork",
        severity=Severity.CRITICAL,
        confidence=1.0,
        zh=f"场点 {site} 的证据链与中心已签收的记录矛盾，证据可能被改写：{reason}",
        en=f"Site {site}'s evidence contradicts what the hub has counter-signed, it may be altered: {reason}",
    )
    async with hub.store.write() as session:
        latest = await latest_alert(session, site, finding.id)
        _, news = await apply_finding(session, hub, Origin(site, OWN_STREAM, now), finding, latest)
    for kind, data in news:
        hub.bus.publish(kind, site, data)
    hub.wake_deliveries()
