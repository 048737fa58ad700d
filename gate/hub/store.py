"""The hub's database: one writer at a time, readers beside it, migrated before first use."""

import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gate.hub.tables import Base
from gate.hub.writer_sqlite import WriterConnection

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000")
_RESTED_S = 1.0
_LATER = "later"  # in a session's info
_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """Sessions on the hub's database.

    SQLite keeps a write-ahead log and gets one writing connection, which takes the write lock as it begins, so
    that a reader never turns writer half way; PostgreSQL uses one pool for both.

    changes: how often something was written that others may have kept in mind.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.changes = 0
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._reader, self._writer = _sqlite_readers(url), _sqlite_writer(url)
        else:
            self._reader = self._writer = _postgres(url)

    async def open(self) -> None:
        """Bring the tables to the newest form."""
        async with self._writer.begin() as connection:
            await connection.run_sync(_migrate)

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def write(self, *, routine: bool = False) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends, and rolls back when it raises.

        routine: it changes no people, routes, channels, shifts, phones or silences.
        """
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
            await self._write_later(session)
        self.changes += not routine

    async def answers(self) -> bool:
        """Whether the database answers now."""
        async with self.read() as session:
            return bool((await session.execute(text("SELECT 1"))).scalar_one())

    async def insert_new(self, session: AsyncSession, table: type[Base], **values: Any) -> bool:
        """Insert a row unless one of its unique keys is taken; whether it was inserted."""
        insert = sqlite.insert if self.is_sqlite else postgresql.insert
        statement = insert(table).values(**values).on_conflict_do_nothing().returning(text("1"))
        return (await session.execute(statement)).first() is not None

    async def _write_later(self, session: AsyncSession) -> None:
        """Insert what `later` gathered, but for rows of which a unique key is taken."""
        insert = sqlite.insert if self.is_sqlite else postgresql.insert
        gathered: dict[type[Base], list[dict[str, Any]]] = session.info.pop(_LATER, {})
        if any(gathered.values()):
            await session.flush()
        for table, rows in gathered.items():
            if rows:
                await session.execute(insert(rows_of(table)).on_conflict_do_nothing(), rows)

    async def upsert(
        self,
        session: AsyncSession,
        table: type[Base],
        rows: Sequence[dict[str, Any]],
        key: Sequence[str],
        kept: Sequence[str],
    ) -> None:
        """Insert rows with all their columns; of those that are here, change all columns but key and `kept`."""
        made = (sqlite.insert if self.is_sqlite else postgresql.insert)(rows_of(table))
        changed = {c.name: c for c in made.excluded if c.name not in {*key, *kept}}
        await session.execute(made.on_conflict_do_update(index_elements=list(key), set_=changed), rows)


def later(session: AsyncSession, table: type[Base]) -> list[dict[str, Any]]:
    """Rows to be inserted as the transaction of `Store.write` ends, unless one of their unique keys is taken."""
    gathered: dict[type[Base], list[dict[str, Any]]] = session.info.setdefault(_LATER, {})
    return gathered.setdefault(table, [])


def rows_of(table: type[Base]) -> Table:
    """The table itself, for statements about rows rather than objects."""
    found = table.__table__
    assert isinstance(found, Table)
    return found


def _sqlite_readers(url: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=8, max_overflow=0, pool_timeout=60)

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the "begin" event below opens transactions
        cursor = dbapi.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    _begin_with(engine, "BEGIN")
    return engine


def _sqlite_writer(url: str) -> AsyncEngine:
    path = make_url(url).database or ""

    async def connect(*_arguments: Any, **_more: Any) -> WriterConnection:
        return WriterConnection(path, _PRAGMAS)

    engine = create_async_engine(url, async_creator=connect, pool_size=1, max_overflow=0, pool_timeout=60)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def _begin_with(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgres(url: str) -> AsyncEngine:
    """A pool that asks a connection whether it lives only after it has rested."""
    engine = create_async_engine(url, pool_size=10)
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def _on_checkin(_dbapi: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _on_checkout(dbapi: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", math.inf) < _RESTED_S:
            return
        try:
            dialect.do_ping(dbapi)
        except Exception as error:  # whatever the driver raises: the pool then connects anew
            raise DisconnectionError from error

    return engine


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _migrate(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
