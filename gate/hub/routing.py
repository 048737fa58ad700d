"""Which alert is owed to whom."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub
from gate.hub.store import later
from gate.hub.tables import Alert, Channel, Delivery, PushSubscription, Route, Shift, Silence, User
from gate.records import Severity

# Channels named in the settings hear of everything that asks for an answer.
_TRUSTED_MS = 2_000
_SETTINGS_MIN_SEVERITY = Severity.WARNING


async def owe(session: AsyncSession, hub: Hub, alert: Alert, cause: str) -> None:
    """Owe an alert to every target its routes name, once per target and cause. Silenced alerts are owed to nobody."""
    if alert.silenced:
        return
    now = hub.clock()
    owed: dict[str, int] = {}
    if alert.severity >= _SETTINGS_MIN_SEVERITY:
        owed.update({f"apprise:{n}": now for n in range(len(hub.settings.apprise_urls))})
    audience = await Audience.of(session, hub)
    for route in audience.routes:
        if not _concerns(route, alert) or not on_duty(route.duty, now, hub.settings.timezone):
            continue
        held = 0 if alert.severity >= Severity.CRITICAL else quiet_left_ms(route.quiet, now, hub.settings.timezone)
        for target in audience.targets(route.target, alert.site):
            owed[target] = min(owed.get(target, now + held), now + held)
    later(session, Delivery).extend(
        {
            "alert": alert.id,
            "target": target,
            "cause": cause,
            "state": "pending",
            "attempts": 0,
            "next_ms": next_ms,
            "created_ms": now,
        }
        for target, next_ms in owed.items()
    )


def disown(session: AsyncSession, alert: str) -> None:
    """Take back what this very transaction owes of an alert."""
    rows = later(session, Delivery)
    rows[:] = [row for row in rows if row["alert"] != alert]


@dataclass(frozen=True, slots=True)
class Audience:
    """Routes, people, their phones and what is silenced. on_duty: ids of those the roster names now."""

    routes: list[Route]
    channels: frozenset[int]
    people: list[User]
    on_duty: frozenset[int]
    phones: dict[int, list[int]]
    silences: list[Silence]
    changes: int  # of the store, as it was read
    read_ms: int

    @classmethod
    async def of(cls, session: AsyncSession, hub: Hub) -> Self:
        """As it was when something of it was changed last, here or, `_TRUSTED_MS` ago, by another process."""
        now, changes = hub.clock(), hub.store.changes
        known = hub.kept.get(cls)
        if isinstance(known, cls) and known.changes == changes and 0 <= now - known.read_ms < _TRUSTED_MS:
            return known
        on_shift = select(Shift.user_id).where(Shift.start_ms <= now, Shift.end_ms > now)
        phones: dict[int, list[int]] = defaultdict(list)
        for phone, user in await session.execute(select(PushSubscription.id, PushSubscription.user_id)):
            phones[user].append(phone)
        made = hub.kept[cls] = cls(
            list((await session.execute(select(Route).where(Route.enabled))).scalars()),
            frozenset((await session.execute(select(Channel.id).where(Channel.enabled))).scalars()),
            list((await session.execute(select(User).where(User.disabled.is_(False)))).scalars()),
            frozenset((await session.execute(on_shift)).scalars()),
            phones,
            list((await session.execute(select(Silence).where(Silence.until_ms > now))).scalars()),
            changes,
            now,
        )
        return made

    def targets(self, target: str, site: str) -> list[str]:
        """A route's target, resolved to channels and to the phones of the people it names who may see the site.

        Of a role, those whom the roster has on duty; all while it has nobody.
        """
        kind, _, name = target.partition(":")
        if kind == "channel":
            return [target] if int(name) in self.channels else []
        named = [u for u in self.people if (u.id == int(name) if kind == "user" else u.role == name)]
        ids = [u.id for u in named if u.sites is None or site in u.sites]
        if kind == "role":
            ids = [i for i in ids if i in self.on_duty] or ids
        return [f"push:{phone}" for i in ids for phone in self.phones.get(i, [])]


def _concerns(route: Route, alert: Alert) -> bool:
    return (
        route.site in (None, alert.site)
        and route.rule in (None, alert.rule)
        and alert.severity >= route.min_severity
        and alert.level >= route.level
    )


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
