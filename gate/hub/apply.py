"""What a stored message changes: passages, alerts, device histories."""

import re

from pydantic import ValidationError
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from gate.errors import FactError
from gate.facts import canonical_json, from_plain, to_plain
from gate.hub.alert_book import apply_finding
from gate.hub.batches import MessageIn
from gate.hub.context import Hub
from gate.hub.heartbeat import Heartbeat, News, Origin, note_heartbeat
from gate.hub.known import Known
from gate.hub.registers import note_plan, note_register
from gate.hub.tables import DeviceEvent, Passage, PassagePlate
from gate.records import Finding
from gate.records import Passage as PassageRecord
from vision.facts import DeviceState

_LONGEST_BODY = 4_000_000  # characters of one record
_LATEST_MS = 2**53
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
        return await _passage(session, hub, known, origin, from_plain(PassageRecord, body))
    if kind == "finding":
        finding = from_plain(Finding, body)
        alert, news = await apply_finding(session, hub, origin, finding, known.alerts.get((origin.site, finding.id)))
        known.alerts[origin.site, finding.id] = alert
        return news
    if kind == "device":
        return _device(session, origin.site, from_plain(DeviceState, body))
    if kind == "plan":
        return await note_plan(session, origin.site, body)
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


async def _passage(session: AsyncSession, hub: Hub, known: Known, origin: Origin, record: PassageRecord) -> News:
    site = origin.site
    _own(site, record.site)
    if not record.id.startswith(f"{site}-") or len(record.id) > 128 or "/" in record.id:
        raise FactError(f"passage id {record.id[:80]!r} does not begin with its site")
    if not 0 <= record.start_ms <= record.end_ms < _LATEST_MS:
        raise FactError("passage: 0 ≤ start_ms ≤ end_ms expected")
    row = known.passages.get(record.id)
    if row is None:
        row = known.passages[record.id] = Passage(id=record.id, site=site, received_ms=hub.clock(), locked=False)
        _fill(row, record, origin)
        session.add(row)
    else:
        _own(site, row.site)
        if row.stream == origin.stream and origin.seq < row.seq:
            return []
        _fill(row, record, origin)
    plates, before = {p.text[:32] for p in record.plates} - {""}, known.plates[row.id]
    if plates != before:
        await session.flush()
        gone = before - plates
        if gone:
            read = PassagePlate.text.in_(gone)
            await session.execute(delete(PassagePlate).where(PassagePlate.passage == row.id, read))
        session.add_all(PassagePlate(passage=row.id, text=text) for text in sorted(plates - before))
        known.plates[row.id] = plates
    return [("passage", passage_summary(row))]


def _fill(row: Passage, record: PassageRecord, origin: Origin) -> None:
    weights = [w.stable_kg for w in record.weighings if w.stable_kg is not None]
    row.start_ms, row.end_ms, row.kind = record.start_ms, record.end_ms, record.kind.value
    row.plate = record.plate[:32]
    row.colour = record.plates[0].colour.value if record.plates else ""
    row.weight_kg = max(weights, default=None)
    row.ticket = record.tickets[-1].ticket[:128] if record.tickets else ""
    row.ticket_state = record.tickets[-1].state[:16] if record.tickets else ""
    row.product = record.tickets[-1].product[:64] if record.tickets else ""
    row.closed, row.stream, row.seq = record.closed, origin.stream, origin.seq
    row.body = canonical_json(to_plain(record))


def passage_summary(row: Passage) -> dict[str, object]:
    """A passage as lists show it."""
    return {
        "id": row.id,
        "site": row.site,
        "start_ms": row.start_ms,
        "end_ms": row.end_ms,
        "kind": row.kind,
        "plate": row.plate,
        "colour": row.colour,
        "weight_kg": row.weight_kg,
        "ticket": row.ticket,
        "product": row.product,
        "closed": row.closed,
        "locked": row.locked,
    }


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
