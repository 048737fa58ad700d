"""What happens by itself as time passes: alerts nobody acknowledged climb, sites that fall silent are told of."""

import asyncio

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.alert_book import alert_summary, apply_finding, climb, latest_alert, note_system
from gate.hub.context import Hub
from gate.hub.heartbeat import OWN_STREAM, News, Origin
from gate.hub.tables import Alert, Site
from gate.records import Finding, Severity

log = structlog.get_logger(__name__)

_EVERY_S = 2.0
_RULE = "site_silent"


class Watch:
    """Runs until cancelled."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._since_ms = hub.clock()  # silence counts from here: before it, nobody listened

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("the watch failed, trying again")
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Do what is due now."""
        if not await self._anything_due():
            return
        async with self._hub.store.write() as session:
            news = [("alert", alert_summary(a)) for a in await self._climb(session)]
            news += await self._silences(session)
        for kind, data in news:
            self._hub.bus.publish(kind, str(data["site"]), data)
        if news:
            self._hub.wake_deliveries()

    async def _anything_due(self) -> bool:
        """Whether the write lock is worth taking."""
        async with self._hub.store.read() as session:
            due = select(Alert.id).where(Alert.status == "open", Alert.due_ms <= self._hub.clock()).limit(1)
            if (await session.execute(due)).first() is not None:
                return True
            return any(silent != known for _, silent, known in await self._states(session))

    async def _states(self, session: AsyncSession) -> list[tuple[Site, bool, bool]]:
        """Sites: whether they are silent, and whether an alert says so."""
        now, limit = self._hub.clock(), int(self._hub.settings.silence_s * 1000)
        query = select(Site).where(Site.last_seen_ms.is_not(None), Site.disabled.is_(False))
        sites = (await session.execute(query)).scalars().all()
        told = select(Alert.site).where(Alert.rule == _RULE, Alert.stream == OWN_STREAM, Alert.state == "raised")
        known = set((await session.execute(told)).scalars())
        return [(s, now - max(s.last_seen_ms or 0, self._since_ms) > limit, s.id in known) for s in sites]

    async def _climb(self, session: AsyncSession) -> list[Alert]:
        query = select(Alert).where(Alert.status == "open", Alert.due_ms <= self._hub.clock()).with_for_update()
        alerts = list((await session.execute(query)).scalars())
        for alert in alerts:
            await climb(session, self._hub, alert)
            note_system(session, self._hub, alert, "climbed", f"level {alert.level}")
        return alerts

    async def _silences(self, session: AsyncSession) -> News:
        news: News = []
        for site, silent, known in await self._states(session):
            back = not silent and known and (site.last_seen_ms or 0) > self._since_ms
            if (silent and not known) or back:
                finding = self._finding(site, silent)
                origin = Origin(site.id, OWN_STREAM, self._hub.clock())
                latest = await latest_alert(session, site.id, finding.id)
                news += (await apply_finding(session, self._hub, origin, finding, latest))[1]
        return news

    def _finding(self, site: Site, silent: bool) -> Finding:
        now = self._hub.clock()
        quiet_s = (now - (site.last_seen_ms or now)) / 1000
        zh = f"场点 {site.name_zh or site.id} 已 {quiet_s:.0f} 秒无任何消息：检查供电、网络和现场主机。"
        en = f"Site {site.name_en or site.id} has been silent for {quiet_s:.0f} s: check power, line and computer."
        if not silent:
            zh, en = (
                f"场点 {site.name_zh or site.id} 恢复联系。",
                f"Site {site.name_en or site.id} is heard from again.",
            )
        return Finding(
            id=f"{site.id}/{_RULE}",
            t_ms=now,
            site=site.id,
            rule=_RULE,
            severity=Severity.SERIOUS,
            confidence=1.0,
            zh=zh,
            en=en,
            state="raised" if silent else "withdrawn",
            numbers={"silent_s": round(quiet_s, 1)},
        )
