"""The hub's database: one writer at a time, readers beside it, migrated before first use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from gate.hub.tables import Base

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000")
_MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """Sessions on the hub's database.

    SQLite keeps a write-ahead log and gets one writing connection, which takes the write lock as it begins, so
    that a reader never turns writer half way; PostgreSQL uses one pool for both.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._reader = _sqlite_engine(url, "BEGIN", pool_size=8)
            self._writer = _sqlite_engine(url, "BEGIN IMMEDIATE", pool_size=1)
        else:
            self._reader = self._writer = create_async_engine(url, pool_size=10, pool_pre_ping=True)

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
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends, and rolls back when it raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    async def answers(self) -> bool:
        """Whether the database answers now."""
        async with self.read() as session:
            return bool((await session.execute(text("SELECT 1"))).scalar_one())

    async def insert_new(self, session: AsyncSession, table: type[Base], **values: Any) -> bool:
        """Insert a row unless one of its unique keys is taken; whether it was inserted."""
        insert = sqlite.insert if self.is_sqlite else postgresql.insert
        statement = insert(table).values(**values).on_conflict_do_nothing().returning(text("1"))
        return (await session.execute(statement)).first() is not None


def _sqlite_engine(url: str, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=60)

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the "begin" event below opens transactions
        cursor = dbapi.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _migrate(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
