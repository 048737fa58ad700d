"""What a stored message changes: passages, alerts, device histories."""

import re
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gate.errors import FactError
from gate.facts import canonical_json, from_plain, to_plain
from gate.hub.alert_book import apply_finding
from gate.hub.batches import MessageIn
from gate.hub.context import Hub
from gate.hub.heartbeat import Heartbeat, News, Origin, note_heartbeat
from gate.hub.known import Known
from gate.hub.orders import note_answer
from gate.hub.registers import note_plan, note_register
from gate.hub.tables import DeviceEvent, Passage
from gate.records import Finding
from gate.records import Passage as PassageRecord
from vision.facts import DeviceState

_LONGEST_BODY = 4_000_000  # characters of one record
_LATEST_MS = 2**53
_SUMMARY = (
    "id", "site", "start_ms", "end_ms", "kind", "plate", "colour", "weight_kg", "ticket", "product", "closed", "locked",
)  # fmt: skip
_SURROGATES = re.compile("[\ud800-\udfff]")


async def apply_message(session: AsyncSession, hub: Hub, known: Known, origin: Origin, message: MessageIn) -> News:
    """Store what one message says; the news it makes for open pages.

    Raises FactError when the body is no record of its kind or not this site's to tell.
    """
    kind, body = message.kind, message.body
    try:
        if len(canonical_json(body)) > _LONGEST_BODY:
            raise FactError(f"{kind}: longer than {_LONGEST_BODY} characters")
    except (ValueError, RecursionError) as error:
        raise FactError(f"{kind}: {error}") from error
    _storable(body)
    try:
        return await _apply(session, hub, known, origin, message)
    except ValidationError as error:
        raise FactError(f"{kind}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from error
    except OverflowError as error:
        raise FactError(f"{kind}: a number is too large") from error


async def _apply(session: AsyncSession, hub: Hub, known: Known, origin: Origin, message: MessageIn) -> News:
    kind, body = message.kind, message.body
    if kind == "passage":
        return _passage(hub, known, origin, from_plain(PassageRecord, body))
    if kind == "finding":
        finding = from_plain(Finding, body)
        alert, news = await apply_finding(session, hub, origin, finding, known.alerts.get((origin.site, finding.id)))
        known.alerts[origin.site, finding.id] = alert
        return news
    if kind == "device":
        return _device(session, origin.site, from_plain(DeviceState, body))
    if kind == "plan":
        return await note_plan(session, origin.site, body)
    if kind == "order":
        return await note_answer(session, hub, origin.site, body)
    if kind == "register":
        return await note_register(session, origin.site, body)
    return await note_heartbeat(session, hub, origin.site, Heartbeat.model_validate(body))


def _storable(value: object) -> None:
    """No database keeps half a surrogate pair, PostgreSQL no NUL, and no honest record has either."""
    if isinstance(value, str) and ("\0" in value or (not value.isascii() and _SURROGATES.search(value))):
        raise FactError("a text holds a NUL or half a character")
    if isinstance(value, dict):
        for key, item in value.items():
            _storable(key)
            _storable(item)
    elif isinstance(value, list):
        for item in value:
            _storable(item)


def _passage(hub: Hub, known: Known, origin: Origin, record: PassageRecord) -> News:
    site = origin.site
    _own(site, record.site)
    if not record.id.startswith(f"{site}-") or len(record.id) > 128 or "/" in record.id:
        raise FactError(f"passage id {record.id[:80]!r} does not begin with its site")
    if not 0 <= record.start_ms <= record.end_ms < _LATEST_MS:
        raise FactError("passage: 0 ≤ start_ms ≤ end_ms expected")
    before = known.passages.get(record.id)
    columns: dict[str, Any] = {"id": record.id, "site": site, "received_ms": hub.clock(), "locked": False}
    if before is not None:
        _own(site, before["site"])
        if before["stream"] == origin.stream and origin.seq < before["seq"]:
            return []
        columns |= {"received_ms": before["received_ms"], "locked": before["locked"]}
    columns |= _columns(record, origin)
    known.keep_passage(columns, {p.text[:32] for p in record.plates} - {""})
    return [("passage", {name: columns[name] for name in _SUMMARY})]


def _columns(record: PassageRecord, origin: Origin) -> dict[str, Any]:
    """What a passage's record says, as the columns it is searched by."""
    weights = [w.stable_kg for w in record.weighings if w.stable_kg is not None]
    use = record.tickets[-1] if record.tickets else None
    return {
        "start_ms": record.start_ms,
        "end_ms": record.end_ms,
        "kind": record.kind.value,
        "plate": record.plate[:32],
        "colour": record.plates[0].colour.value if record.plates else "",
        "weight_kg": max(weights, default=None),
        "ticket": use.ticket[:128] if use else "",
        "ticket_state": use.state[:16] if use else "",
        "product": use.product[:64] if use else "",
        "closed": record.closed,
        "stream": origin.stream,
        "seq": origin.seq,
        "body": canonical_json(to_plain(record)),
    }


def passage_summary(row: Passage) -> dict[str, object]:
    """A passage as lists show it."""
    return {name: getattr(row, name) for name in _SUMMARY}


def _device(session: AsyncSession, site: str, state: DeviceState) -> News:
    if not 0 <= state.t_ms < _LATEST_MS:
        raise FactError("device: t_ms out of range")
    row = DeviceEvent(
        site=site,
        device=state.device[:64],
        t_ms=state.t_ms,
        state=state.state[:32],
        detail=state.detail[:2000],
        numbers=state.numbers,
    )
    session.add(row)
    return [("device", {"site": site, **to_plain(state)})]


def _own(site: str, claimed: str) -> None:
    if site != claimed:
        raise FactError(f"site {site!r} may not speak for {claimed[:64]!r}")
