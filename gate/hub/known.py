"""What the database holds already of some batches, read in a few questions instead of several per message, and what
they change, written as few statements at the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import bindparam, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.alert_book import load_storms
from gate.hub.batches import Batch
from gate.hub.context import Hub
from gate.hub.store import rows_of
from gate.hub.tables import Alert, Message, Passage, PassagePlate, Site, Stream

_GAPS_SHOWN = 100
_ASKED_AT_ONCE = 200  # values in one question; SQLite takes 32,766, and planning grows with them

Key = tuple[str, str]
_KEPT = ("received_ms", "locked")  # of a passage that is here already
_PASSAGE_COLUMNS = (Passage.id, Passage.site, Passage.stream, Passage.seq, Passage.received_ms, Passage.locked)


@dataclass(slots=True)
class StreamState:
    """One outbox of a site, as `gate.hub.tables.Stream`."""

    site: str
    stream: str
    contiguous: int
    highest: int


@dataclass(slots=True)
class Known:
    """numbers: those stored, by stream. ids: (site, message id). alerts: the latest of each (site, finding).

    passages: columns by id, of a passage not touched yet only `_PASSAGE_COLUMNS`. rows: messages to be inserted.
    """

    streams: dict[Key, StreamState] = field(default_factory=dict)
    numbers: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    ids: set[Key] = field(default_factory=set)
    passages: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[Key, Alert] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    _changed: dict[str, set[str]] = field(default_factory=dict)  # passages to be written, and the plates they have
    _plates: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # as the database has them

    @classmethod
    async def load(cls, session: AsyncSession, hub: Hub, group: Sequence[tuple[str, Batch]]) -> Self:
        """Everything the batches touch, locked against other hubs on the same database."""
        known = cls()
        await known._load_streams(session, hub, sorted({(site, batch.stream) for site, batch in group}))
        messages = [(site, batch.stream, m) for site, batch in group for m in batch.messages]
        await known._load_messages(session, [((s, stream), (s, m.id), m.seq) for s, stream, m in messages])
        bodies = {kind: [(s, m.body.get("id")) for s, _, m in messages if m.kind == kind] for kind in _RECORDS}
        texts = {kind: sorted({(s, i) for s, i in asked if _askable(i)}) for kind, asked in bodies.items()}
        await known._load_passages(session, [str(i) for _, i in texts["passage"]])
        await known._load_alerts(session, [(s, str(i)) for s, i in texts["finding"]])
        rules = {(s, m.body.get("rule")) for s, _, m in messages if m.kind == "finding"}
        await load_storms(session, hub.clock(), sorted((s, str(rule)) for s, rule in rules if _askable(rule)))
        return known

    def is_new(self, stream: StreamState, seq: int) -> bool:
        """Note a message's number; False when it was here before."""
        numbers = self.numbers[stream.site, stream.stream]
        if seq <= stream.contiguous or seq in numbers:
            return False
        numbers.add(seq)
        return True

    def keep_passage(self, columns: dict[str, Any], plates: set[str]) -> None:
        """A passage as it is from now on: all its columns, and every plate read in it."""
        self.passages[columns["id"]] = columns
        self._changed[columns["id"]] = plates

    async def write(self, session: AsyncSession, hub: Hub) -> None:
        """Write what was gathered, after what the session itself holds."""
        await session.flush()
        if self._changed:
            await hub.store.upsert(session, Passage, [self.passages[i] for i in self._changed], ("id",), _KEPT)
            await self._write_plates(session)
        if self.rows:
            await session.execute(insert(rows_of(Message)), self.rows)
        table = rows_of(Stream)
        which = (table.c.site == bindparam("of_site"), table.c.stream == bindparam("of_stream"))
        states = [
            {"of_site": s.site, "of_stream": s.stream, "contiguous": s.contiguous, "highest": s.highest}
            for s in self.streams.values()
        ]
        await session.execute(update(table).where(*which), states)
        sites = sorted({site for site, _ in self.streams})
        heard = update(rows_of(Site)).where(Site.id.in_(sites)).values(last_seen_ms=hub.clock())
        await session.execute(heard)

    async def _write_plates(self, session: AsyncSession) -> None:
        table = rows_of(PassagePlate)
        gone = [{"of": i, "gone": t} for i, plates in self._changed.items() for t in sorted(self._plates[i] - plates)]
        new = [
            {"passage": i, "text": t} for i, plates in self._changed.items() for t in sorted(plates - self._plates[i])
        ]
        if gone:
            which = (table.c.passage == bindparam("of"), table.c.text == bindparam("gone"))
            await session.execute(delete(table).where(*which), gone)
        if new:
            await session.execute(insert(table), new)

    async def _load_streams(self, session: AsyncSession, hub: Hub, keys: list[Key]) -> None:
        for part in _parts(keys):
            query = select(Stream.site, Stream.stream, Stream.contiguous, Stream.highest)
            query = query.where(tuple_(Stream.site, Stream.stream).in_(part))
            query = query.order_by(Stream.site, Stream.stream).with_for_update()
            found = {(row.site, row.stream): StreamState(*row) for row in await session.execute(query)}
            for site, stream in part:
                if (site, stream) not in found:
                    found[site, stream] = await _new_stream(session, hub, site, stream)
            self.streams |= found

    async def _load_messages(self, session: AsyncSession, asked: list[tuple[Key, Key, int]]) -> None:
        fresh = [(key, id_, seq) for key, id_, seq in asked if seq > self.streams[key].contiguous]
        for part in _parts(fresh):
            by_number = tuple_(Message.site, Message.stream, Message.seq).in_([(*k, seq) for k, _, seq in part])
            by_id = tuple_(Message.site, Message.id).in_([i for _, i, _ in part])
            query = select(Message.site, Message.stream, Message.seq, Message.id).where(or_(by_number, by_id))
            for site, stream, seq, id_ in await session.execute(query):
                self.numbers[site, stream].add(seq)
                if id_ is not None:
                    self.ids.add((site, id_))

    async def _load_passages(self, session: AsyncSession, ids: list[str]) -> None:
        for part in _parts(ids):
            query = select(*_PASSAGE_COLUMNS, PassagePlate.text).where(Passage.id.in_(part))
            for row in await session.execute(query.outerjoin(PassagePlate, PassagePlate.passage == Passage.id)):
                columns = dict(row._mapping)
                text = columns.pop("text")
                self.passages[row.id] = columns
                if text is not None:
                    self._plates[row.id].add(text)

    async def _load_alerts(self, session: AsyncSession, keys: list[Key]) -> None:
        for part in _parts(keys):
            query = select(Alert).where(tuple_(Alert.site, Alert.finding).in_(part))
            query = query.order_by(Alert.id).with_for_update()
            for alert in (await session.execute(query)).scalars():
                key = (alert.site, alert.finding)
                if key not in self.alerts or self.alerts[key].occurrence < alert.occurrence:
                    self.alerts[key] = alert


_RECORDS = ("passage", "finding")


def _askable(value: object) -> bool:
    """Whether an id can be asked for at all; what cannot is refused when it is applied."""
    return isinstance(value, str) and len(value) <= 256 and value.isprintable()


async def _new_stream(session: AsyncSession, hub: Hub, site: str, stream: str) -> StreamState:
    values = {"contiguous": 0, "highest": 0, "opened_ms": hub.clock()}
    await hub.store.insert_new(session, Stream, site=site, stream=stream, **values)
    query = select(Stream.site, Stream.stream, Stream.contiguous, Stream.highest)
    query = query.where(Stream.site == site, Stream.stream == stream).with_for_update()
    return StreamState(*(await session.execute(query)).one())


async def gaps_above(session: AsyncSession, known: Known, stream: StreamState) -> list[tuple[int, int]]:
    """Move `contiguous` as far as it goes; the ranges still missing above it."""
    here = known.numbers[stream.site, stream.stream]
    had_gaps = stream.highest > stream.contiguous
    stream.highest = max([stream.highest, *here])
    if had_gaps:
        query = select(Message.seq).where(Message.site == stream.site, Message.stream == stream.stream)
        here = here | set((await session.execute(query.where(Message.seq > stream.contiguous))).scalars())
    gaps: list[tuple[int, int]] = []
    expected = stream.contiguous + 1
    for seq in sorted(n for n in here if n > stream.contiguous):
        if seq > expected:
            gaps.append((expected, seq - 1))
            if len(gaps) == _GAPS_SHOWN:
                break
        expected = seq + 1
    stream.contiguous = (gaps[0][0] if gaps else expected) - 1
    return gaps


def _parts(values: Sequence[Any]) -> Iterable[list[Any]]:
    return (list(values[i : i + _ASKED_AT_ONCE]) for i in range(0, len(values), _ASKED_AT_ONCE))
