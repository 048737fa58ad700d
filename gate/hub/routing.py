"""Which alert is owed to whom."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub
from gate.hub.tables import Alert, Channel, Delivery, PushSubscription, Route, Shift, User
from gate.records import Severity

# Channels named in the settings hear of everything that asks for an answer.
_SETTINGS_MIN_SEVERITY = Severity.WARNING


async def owe(session: AsyncSession, hub: Hub, alert: Alert, cause: str) -> None:
    """Owe an alert to every target its routes name, once per target and cause. Silenced alerts are owed to nobody."""
    if alert.silenced:
        return
    now = hub.clock()
    owed: dict[str, int] = {}
    if alert.severity >= _SETTINGS_MIN_SEVERITY:
        owed.update({f"apprise:{n}": now for n in range(len(hub.settings.apprise_urls))})
    for route in await routes_in_force(session):
        if not _concerns(route, alert) or not on_duty(route.duty, now, hub.settings.timezone):
            continue
        held = 0 if alert.severity >= Severity.CRITICAL else quiet_left_ms(route.quiet, now, hub.settings.timezone)
        for target in await _targets(session, route.target, alert.site, now):
            owed[target] = min(owed.get(target, now + held), now + held)
    for target, next_ms in owed.items():
        await hub.store.insert_new(
            session,
            Delivery,
            alert=alert.id,
            target=target,
            cause=cause,
            state="pending",
            attempts=0,
            next_ms=next_ms,
            created_ms=now,
        )


async def routes_in_force(session: AsyncSession) -> list[Route]:
    """The routes, read once in a transaction."""
    known: list[Route] | None = session.info.get("routes")
    if known is None:
        known = list((await session.execute(select(Route).where(Route.enabled))).scalars())
        session.info["routes"] = known
    return known


def _concerns(route: Route, alert: Alert) -> bool:
    return (
        route.site in (None, alert.site)
        and route.rule in (None, alert.rule)
        and alert.severity >= route.min_severity
        and alert.level >= route.level
    )


async def _targets(session: AsyncSession, target: str, site: str, now: int) -> list[str]:
    """A route's target, resolved to channels and to the phones of the people it names who may see the site.

    Of a role, those whom the roster has on duty; all while it has nobody.
    """
    kind, _, name = target.partition(":")
    if kind == "channel":
        channel = await session.get(Channel, int(name))
        return [target] if channel is not None and channel.enabled else []
    people = select(User).where(User.disabled.is_(False))
    people = people.where(User.id == int(name)) if kind == "user" else people.where(User.role == name)
    ids = [u.id for u in (await session.execute(people)).scalars() if u.sites is None or site in u.sites]
    if kind == "role":
        on_shift = select(Shift.user_id).where(Shift.user_id.in_(ids), Shift.start_ms <= now, Shift.end_ms > now)
        ids = list((await session.execute(on_shift)).scalars()) or ids
    phones = select(PushSubscription.id).where(PushSubscription.user_id.in_(ids))
    return [f"push:{phone}" for phone in (await session.execute(phones)).scalars()]


def on_duty(hours: list[dict[str, object]], now_ms: int, timezone: str) -> bool:
    """Whether an instant lies in one of the hours; no hours mean always."""
    return not hours or quiet_left_ms(hours, now_ms, timezone) > 0


def quiet_left_ms(hours: list[dict[str, object]], now_ms: int, timezone: str) -> int:
    """Milliseconds until the hours around an instant end, 0 outside of them.

    Hours: {"days": [0..6, Monday first], "from": "22:00", "to": "06:00"}, local; they may run past midnight.
    """
    now = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(timezone))
    left = 0.0
    for entry in hours:
        for back in (0, 1):
            day = (now - timedelta(days=back)).replace(second=0, microsecond=0)
            days = entry.get("days")
            if isinstance(days, list) and day.weekday() not in days:
                continue
            start, end = _at(day, str(entry["from"])), _at(day, str(entry["to"]))
            if end <= start:
                end += timedelta(days=1)
            if start <= now < end:
                left = max(left, (end - now).total_seconds())
    return int(left * 1000)


def _at(day: datetime, clock: str) -> datetime:
    hour, _, minute = clock.partition(":")
    return day.replace(hour=int(hour), minute=int(minute))
