"""The life of an alert on the rules' side: raised, upgraded, withdrawn, grouped in a storm, climbing."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from gate.errors import FactError
from gate.facts import canonical_json, to_plain
from gate.hub.context import Hub
from gate.hub.heartbeat import News, Origin
from gate.hub.routing import Audience, disown, owe
from gate.hub.tables import Alert, AlertAction, Delivery
from gate.records import Finding, Severity

# Time to acknowledge, product.md "Grades of alert"; grade 1 asks for none.
ACKNOWLEDGE_WITHIN_MS = {Severity.WARNING: 5 * 60_000, Severity.SERIOUS: 15 * 60_000, Severity.CRITICAL: 15 * 60_000}
STORM_WINDOW_MS = 10 * 60_000
STORM_SIZE = 5  # alerts of one rule and site within the window that are still told one by one
HIGHEST_LEVEL = 3
_STORMS_AT_ONCE = 50
_STATES = ("raised", "upgraded", "withdrawn")
_SETTLED = ("disposed", "closed")


def alert_id(site: str, finding: str, occurrence: int) -> str:
    """The stable id of one occurrence of a finding."""
    return hashlib.sha256(f"{site}\n{finding}\n{occurrence}".encode()).hexdigest()[:20]


async def latest_alert(session: AsyncSession, site: str, finding: str) -> Alert | None:
    """The last occurrence of a finding."""
    query = select(Alert).where(Alert.site == site, Alert.finding == finding)
    return (await session.execute(query.order_by(Alert.occurrence.desc()).limit(1).with_for_update())).scalar()


async def apply_finding(
    session: AsyncSession, hub: Hub, origin: Origin, finding: Finding, latest: Alert | None
) -> tuple[Alert, News]:
    """Store what a rule says, and owe it to those it concerns. latest: the last occurrence of this finding, if any.

    Raises FactError on a finding that is not the site's.
    """
    site = origin.site
    _check(site, finding)
    if latest is not None and latest.stream == origin.stream and origin.seq < latest.seq:
        return latest, []
    if latest is None or _happens_again(latest, finding):
        alert = await _raise(session, hub, site, finding, 1 if latest is None else latest.occurrence + 1)
    else:
        alert = latest
        await _change(session, hub, alert, finding)
    alert.stream, alert.seq, alert.updated_ms = origin.stream, origin.seq, hub.clock()
    return alert, [("alert", alert_summary(alert))]


def _check(site: str, finding: Finding) -> None:
    if finding.site != site:
        raise FactError(f"site {site!r} may not speak for {finding.site[:64]!r}")
    if finding.state not in _STATES:
        raise FactError(f"finding state {finding.state[:32]!r}: one of {', '.join(_STATES)} expected")
    if not finding.id or len(finding.id) > 256 or not 0 <= finding.t_ms < 2**53 or len(finding.rule) > 64:
        raise FactError("finding: id, t_ms or rule out of range")
    if not 0 <= finding.confidence <= 1:
        raise FactError("finding: confidence between 0 and 1 expected")


def _happens_again(latest: Alert, finding: Finding) -> bool:
    """A rule about a device, not a passage, may raise the same finding again after its end."""
    over = latest.state == "withdrawn" or latest.status in _SETTLED
    return finding.passage is None and finding.state == "raised" and over and finding.t_ms > latest.t_ms


async def _raise(session: AsyncSession, hub: Hub, site: str, finding: Finding, occurrence: int) -> Alert:
    now = hub.clock()
    alert = Alert(
        id=alert_id(site, finding.id, occurrence),
        site=site,
        finding=finding.id,
        occurrence=occurrence,
        rule=finding.rule,
        t_ms=finding.t_ms,
        received_ms=now,
        status="open",
        level=0,
        silenced=False,
        severity=finding.severity,
        stream="",
        seq=0,
        updated_ms=now,
    )
    _fill(alert, finding)
    alert.storm = await _storm(session, alert, now)
    alert.silenced = await _is_silenced(session, hub, alert, now)
    session.add(alert)
    if finding.state == "withdrawn":
        alert.status = "closed"
        return alert
    alert.due_ms = _due(alert.severity, now)
    if alert.storm is None or alert.severity >= Severity.CRITICAL:
        await owe(session, hub, alert, f"grade:{alert.severity}")
    else:
        await session.flush()  # the head may be of this very transaction
        head = await session.get_one(Alert, alert.storm)
        await owe(session, hub, head, "storm")
    return alert


async def _change(session: AsyncSession, hub: Hub, alert: Alert, finding: Finding) -> None:
    before = alert.severity
    _fill(alert, finding)
    if finding.state == "withdrawn":
        if alert.status != "closed":
            alert.status, alert.due_ms = "closed", None
            note_system(session, hub, alert, "withdrawn", finding.zh)
            await forget_pending(session, alert)
        return
    if alert.severity > before:
        if alert.status != "open":
            note_system(session, hub, alert, "reopened", finding.zh)
        alert.status, alert.due_ms = "open", _due(alert.severity, hub.clock())
        await owe(session, hub, alert, f"grade:{alert.severity}")


def _fill(alert: Alert, finding: Finding) -> None:
    alert.severity, alert.state, alert.confidence = int(finding.severity), finding.state, finding.confidence
    alert.passage = finding.passage[:128] if finding.passage else None
    alert.plate = finding.plate[:32]
    alert.zh, alert.en, alert.body = finding.zh, finding.en, canonical_json(to_plain(finding))


def _due(severity: int, now: int) -> int | None:
    within = ACKNOWLEDGE_WITHIN_MS.get(Severity(severity))
    return None if within is None else now + within


def note_system(session: AsyncSession, hub: Hub, alert: Alert, kind: str, reason: str) -> None:
    """Record what happened to an alert by itself."""
    session.add(AlertAction(alert=alert.id, t_ms=hub.clock(), kind=kind, reason=reason[:2000]))


async def climb(session: AsyncSession, hub: Hub, alert: Alert) -> None:
    """One level up: those in line are told, and get as long again."""
    alert.level = min(alert.level + 1, HIGHEST_LEVEL)
    alert.due_ms = _due(alert.severity, hub.clock()) if alert.level < HIGHEST_LEVEL else None
    alert.updated_ms = hub.clock()
    await owe(session, hub, alert, f"level:{alert.level}")


async def forget_pending(session: AsyncSession, alert: Alert) -> None:
    """What was not told yet need not be told any more."""
    disown(session, alert.id)
    pending = select(Delivery).where(Delivery.alert == alert.id, Delivery.state == "pending")
    for delivery in (await session.execute(pending)).scalars():
        delivery.state = "cancelled"


_Recent = list[tuple[str, str | None]]  # the first alerts of one rule and site in the window: id, storm


async def load_storms(session: AsyncSession, now: int, keys: Sequence[tuple[str, str]]) -> None:
    """Look up, in one question, what `_storm` needs of some (site, rule); kept for the length of the transaction."""
    known: dict[tuple[str, str], _Recent] = session.info.setdefault("storms", {})
    asked = [key for key in keys if key not in known]
    for n in range(0, len(asked), _STORMS_AT_ONCE):
        part = asked[n : n + _STORMS_AT_ONCE]
        known |= {key: [] for key in part}
        first = [
            select(Alert.site, Alert.rule, Alert.id, Alert.storm, Alert.received_ms)
            .where(Alert.site == site, Alert.rule == rule, Alert.received_ms > now - STORM_WINDOW_MS)
            .order_by(Alert.received_ms, Alert.id)
            .limit(STORM_SIZE)
            .subquery()
            for site, rule in part
        ]
        found = union_all(*(select(one) for one in first)).subquery()
        query = select(found.c.site, found.c.rule, found.c.id, found.c.storm).order_by(found.c.received_ms, found.c.id)
        for site, rule, id_, storm in await session.execute(query):
            known[site, rule].append((id_, storm))


async def _storm(session: AsyncSession, alert: Alert, now: int) -> str | None:
    """The first alert of the storm this one belongs to: many of one rule at one site within the window."""
    await load_storms(session, now, [(alert.site, alert.rule)])
    recent: _Recent = session.info["storms"][alert.site, alert.rule]
    storm = (recent[0][1] or recent[0][0]) if len(recent) >= STORM_SIZE else None
    if len(recent) < STORM_SIZE:
        recent.append((alert.id, storm))
    return storm


async def _is_silenced(session: AsyncSession, hub: Hub, alert: Alert, now: int) -> bool:
    """Whether somebody silenced alerts like this one; grade 4 is never silenced."""
    if alert.severity >= Severity.CRITICAL:
        return False
    return any(
        s.until_ms > now
        and s.site in (None, alert.site)
        and s.rule in (None, alert.rule)
        and s.plate in (None, alert.plate)
        for s in (await Audience.of(session, hub)).silences
    )


def alert_summary(alert: Alert) -> dict[str, object]:
    """An alert as lists show it."""
    return {
        "id": alert.id,
        "site": alert.site,
        "finding": alert.finding,
        "rule": alert.rule,
        "severity": alert.severity,
        "t_ms": alert.t_ms,
        "received_ms": alert.received_ms,
        "updated_ms": alert.updated_ms,
        "state": alert.state,
        "status": alert.status,
        "passage": alert.passage,
        "plate": alert.plate,
        "zh": alert.zh,
        "en": alert.en,
        "confidence": alert.confidence,
        "level": alert.level,
        "due_ms": alert.due_ms,
        "storm": alert.storm,
        "silenced": alert.silenced,
    }
