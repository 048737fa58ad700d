"""The connection of SQLite's one writer, in the shape SQLAlchemy's aiosqlite dialect asks for.

A transaction is some dozen statements of a few microseconds each. Handing each to a thread and waiting for it costs
more than the statement, so they run where they are asked for. What may wait, for another process's lock or for the
disk, runs in a thread of its own, one after the other: the begin, the commit, the rollback.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self


class WriterCursor:
    """A cursor whose statements run at once, but for the one that begins a transaction."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._cursor, self._thread = connection.cursor(), thread

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        if statement.startswith("BEGIN"):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._cursor.execute, statement)
        else:
            self._cursor.execute(statement, parameters)
        return self

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> Self:
        self._cursor.executemany(statement, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid


class WriterConnection:
    """A connection for one user at a time."""

    def __init__(self, path: str, pragmas: Sequence[str]) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._thread = ThreadPoolExecutor(1, "sqlite-writer")
        for pragma in pragmas:
            self._connection.execute(f"PRAGMA {pragma}")

    def cursor(self) -> WriterCursor:
        return WriterCursor(self._connection, self._thread)

    async def create_function(self, name: str, arguments: int, function: Callable[..., Any], **more: Any) -> None:
        """What SQLAlchemy adds to every connection."""
        self._connection.create_function(name, arguments, function, **more)

    async def commit(self) -> None:
        await self._end("COMMIT")

    async def rollback(self) -> None:
        await self._end("ROLLBACK")

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Give the file back."""
        self._thread.shutdown()
        self._connection.close()

    async def _end(self, statement: str) -> None:
        """End the transaction, if one is open; one that was abandoned while it began or ended is seen here too."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._end_now, statement)

    def _end_now(self, statement: str) -> None:
        if self._connection.in_transaction:
            self._connection.execute(statement)
