"""What the database holds already of some batches, read in a few questions instead of several per message."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.batches import Batch
from gate.hub.context import Hub
from gate.hub.tables import Alert, Message, Passage, PassagePlate, Site, Stream

_GAPS_SHOWN = 100
_ASKED_AT_ONCE = 200  # values in one question; SQLite takes 32,766, and planning grows with them

Key = tuple[str, str]


@dataclass(slots=True)
class Known:
    """numbers: those stored, by stream. ids: (site, message id). alerts: the latest of each (site, finding).

    rows: messages to be inserted at the end. sites: held so that the session need not read them again.
    """

    sites: list[Site] = field(default_factory=list)
    streams: dict[Key, Stream] = field(default_factory=dict)
    numbers: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    ids: set[Key] = field(default_factory=set)
    passages: dict[str, Passage] = field(default_factory=dict)
    plates: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    alerts: dict[Key, Alert] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    async def load(cls, session: AsyncSession, hub: Hub, group: Sequence[tuple[str, Batch]]) -> Self:
        """Everything the batches touch, locked against other hubs on the same database."""
        known = cls()
        sites = sorted({site for site, _ in group})
        known.sites = list((await session.execute(select(Site).where(Site.id.in_(sites)))).scalars())
        await known._load_streams(session, hub, sorted({(site, batch.stream) for site, batch in group}))
        messages = [(site, batch.stream, m) for site, batch in group for m in batch.messages]
        await known._load_messages(session, [((s, stream), (s, m.id), m.seq) for s, stream, m in messages])
        bodies = {kind: [(s, m.body.get("id")) for s, _, m in messages if m.kind == kind] for kind in _RECORDS}
        texts = {kind: sorted({(s, i) for s, i in asked if _askable(i)}) for kind, asked in bodies.items()}
        await known._load_passages(session, [str(i) for _, i in texts["passage"]])
        await known._load_alerts(session, [(s, str(i)) for s, i in texts["finding"]])
        return known

    def is_new(self, stream: Stream, seq: int) -> bool:
        """Note a message's number; False when it was here before."""
        numbers = self.numbers[stream.site, stream.stream]
        if seq <= stream.contiguous or seq in numbers:
            return False
        numbers.add(seq)
        return True

    async def _load_streams(self, session: AsyncSession, hub: Hub, keys: list[Key]) -> None:
        for part in _parts(keys):
            query = select(Stream).where(tuple_(Stream.site, Stream.stream).in_(part))
            query = query.order_by(Stream.site, Stream.stream).with_for_update()
            found = {(s.site, s.stream): s for s in (await session.execute(query)).scalars()}
            for site, stream in part:
                if (site, stream) not in found:
                    found[site, stream] = await _new_stream(session, hub, site, stream)
            self.streams |= found

    async def _load_messages(self, session: AsyncSession, asked: list[tuple[Key, Key, int]]) -> None:
        fresh = [(key, id_, seq) for key, id_, seq in asked if seq > self.streams[key].contiguous]
        for part in _parts(fresh):
            by_number = tuple_(Message.site, Message.stream, Message.seq).in_([(*k, seq) for k, _, seq in part])
            for message in await session.execute(select(Message.site, Message.stream, Message.seq).where(by_number)):
                self.numbers[message[0], message[1]].add(message[2])
            by_id = tuple_(Message.site, Message.id).in_([i for _, i, _ in part])
            self.ids |= {(s, str(i)) for s, i in await session.execute(select(Message.site, Message.id).where(by_id))}

    async def _load_passages(self, session: AsyncSession, ids: list[str]) -> None:
        for part in _parts(ids):
            rows = (await session.execute(select(Passage).where(Passage.id.in_(part)))).scalars()
            self.passages |= {p.id: p for p in rows}
            plates = select(PassagePlate.passage, PassagePlate.text).where(PassagePlate.passage.in_(part))
            for passage, text in await session.execute(plates):
                self.plates[passage].add(text)

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


async def _new_stream(session: AsyncSession, hub: Hub, site: str, stream: str) -> Stream:
    values = {"contiguous": 0, "highest": 0, "opened_ms": hub.clock()}
    await hub.store.insert_new(session, Stream, site=site, stream=stream, **values)
    query = select(Stream).where(Stream.site == site, Stream.stream == stream).with_for_update()
    return (await session.execute(query)).scalar_one()


async def gaps_above(session: AsyncSession, known: Known, stream: Stream) -> list[tuple[int, int]]:
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
