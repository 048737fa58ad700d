"""What a site owes its hub, kept on disk until the hub has it. The sender is in gate.uplink.sender."""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.facts import canonical_json, to_plain
from gate.records import Finding, Passage
from vision.facts import DeviceState

_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (sent, kind, seq);
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    owner TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (owner, name));
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (
    list TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (list, id)) WITHOUT ROWID;
"""
BATCH = 200  # messages sent at once
LIST_PART = 500  # entries of a list in one message
_BATCH_CHARACTERS = 2_000_000
_BACKLOG = 400  # unsent messages from which on findings go first


@dataclass(frozen=True, slots=True)
class Message:
    """One message that waits. body: canonical JSON."""

    seq: int
    id: str
    kind: str
    body: str


class Outbox:
    """An append-only queue in one SQLite file. Safe to use from several threads; survives kill -9.

    A message is on disk when `put` returns. `stream` is this file's own id: a site that lost its outbox starts
    again at 1 under a new one. Ids of the last messages sent are kept, so that a replay after a crash adds nothing.
    """

    def __init__(self, path: Path, kept: int = 10_000) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._kept = kept
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(_TABLES)
        self._database.execute("INSERT OR IGNORE INTO about VALUES ('stream', ?)", (secrets.token_hex(8),))
        self.stream: str = self._database.execute("SELECT value FROM about WHERE key = 'stream'").fetchone()[0]
        self.on_put: Callable[[], None] = lambda: None

    def put(self, kind: str, body: Mapping[str, Any], message_id: str = "") -> int:
        """Keep a message until the hub has it; its number. Without an id, the body's digest is its id.

        The same id again changes nothing and gives the first number.
        """
        text = canonical_json(body)
        message_id = message_id or f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
        with self._lock:
            row = self._database.execute(
                "INSERT INTO outbox (id, kind, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq",
                (message_id, kind, text),
            ).fetchone()
            if row is None:
                row = self._database.execute("SELECT seq FROM outbox WHERE id = ?", (message_id,)).fetchone()
        self.on_put()
        return int(row[0])

    def put_record(self, record: Passage | Finding | DeviceState) -> int:
        """Keep a record; the same record again changes nothing."""
        kinds: dict[type, str] = {Passage: "passage", Finding: "finding", DeviceState: "device"}
        return self.put(kinds[type(record)], to_plain(record))

    def put_list(self, kind: str, about: str, entries: Mapping[str, Mapping[str, Any]], *, whole: bool) -> int:
        """Tell the hub what is new or different in a list, in messages of at most `LIST_PART` entries; their number.

        about: the list's name, the message's "list". entries: by id. whole: what the list lacks now is told as removed.
        """
        digests = {i: hashlib.sha256(canonical_json(e).encode()).hexdigest()[:16] for i, e in entries.items()}
        with self._lock:
            told = dict(self._database.execute("SELECT id, digest FROM told WHERE list = ?", (about,)).fetchall())
            changed = [i for i, digest in digests.items() if told.get(i) != digest]
            gone = sorted(told.keys() - digests.keys()) if whole else []
            parts = [changed[n : n + LIST_PART] for n in range(0, len(changed), LIST_PART)] or [[]] * bool(gone)
            self._database.execute("BEGIN IMMEDIATE")
            for number, part in enumerate(parts):
                body = {"list": about, "entries": [entries[i] for i in part], "removed": [] if number else gone}
                row = (f"{kind}:{secrets.token_hex(12)}", kind, canonical_json(body))
                self._database.execute("INSERT INTO outbox (id, kind, body) VALUES (?, ?, ?)", row)
            self._database.executemany(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?)", [(about, i, digests[i]) for i in changed]
            )
            self._database.executemany("DELETE FROM told WHERE list = ? AND id = ?", [(about, i) for i in gone])
            self._database.execute("COMMIT")
        if parts:
            self.on_put()
        return len(parts)

    def take_order(self, order: str) -> bool:
        """Note an order of the hub; whether it is new."""
        with self._lock:
            noted = self._database.execute("INSERT OR IGNORE INTO orders VALUES (?)", (order,))
            return noted.rowcount == 1

    def put_file(self, owner: str, name: str, path: Path) -> None:
        """Send a file of a passage or finding, after the messages. It must stay where it is until it is sent."""
        with self._lock:
            self._database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (owner, name, str(path.absolute())))
        self.on_put()

    def waiting(self) -> int:
        """How many messages the hub has not."""
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM outbox WHERE sent = 0").fetchone()[0])

    def unsent(self, limit: int = BATCH) -> list[Message]:
        """The next messages to send: the oldest, or under a backlog the newest findings before them."""
        with self._lock:
            oldest = self._select("SELECT seq, id, kind, body FROM outbox WHERE sent = 0 ORDER BY seq LIMIT ?", limit)
            if len(oldest) == limit and self._backlog() > _BACKLOG:
                newest = self._select(
                    "SELECT seq, id, kind, body FROM outbox WHERE sent = 0 AND kind = 'finding' "
                    "ORDER BY seq DESC LIMIT ?",
                    limit // 4,
                )
                seen = {m.seq for m in newest}
                oldest = [*newest, *(m for m in oldest if m.seq not in seen)][:limit]
        return _within(oldest, _BATCH_CHARACTERS)

    def settle(self, accepted: list[int], contiguous: int, gaps: list[tuple[int, int]]) -> None:
        """Note a receipt: what the hub has, and what it misses of what was thought sent."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("UPDATE outbox SET sent = 1 WHERE seq = ?", [(s,) for s in accepted])
            self._database.executemany("UPDATE outbox SET sent = 0 WHERE seq BETWEEN ? AND ?", gaps)
            self._database.execute("UPDATE outbox SET sent = 1 WHERE seq <= ?", (contiguous,))
            self._database.execute("DELETE FROM outbox WHERE sent = 1 AND seq <= ?", (contiguous - self._kept,))
            self._database.execute("COMMIT")

    def replace(self, seq: int, kind: str, body: Mapping[str, Any]) -> None:
        """Put another message in the place of one that waits."""
        with self._lock:
            self._database.execute(
                "UPDATE outbox SET kind = ?, body = ? WHERE seq = ?", (kind, canonical_json(body), seq)
            )

    def files(self, limit: int = 10) -> list[tuple[str, str, Path]]:
        """Files to send, oldest first: owner, name, path."""
        with self._lock:
            rows = self._database.execute("SELECT owner, name, path FROM files ORDER BY rowid LIMIT ?", (limit,))
            return [(owner, name, Path(path)) for owner, name, path in rows]

    def drop_file(self, owner: str, name: str) -> None:
        with self._lock:
            self._database.execute("DELETE FROM files WHERE owner = ? AND name = ?", (owner, name))

    def postpone_file(self, owner: str, name: str) -> None:
        """Put a file behind the others."""
        with self._lock:
            self._database.execute(
                "UPDATE files SET rowid = (SELECT max(rowid) + 1 FROM files) WHERE owner = ? AND name = ?",
                (owner, name),
            )

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _select(self, query: str, limit: int) -> list[Message]:
        return [Message(*row) for row in self._database.execute(query, (limit,))]

    def _backlog(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM outbox WHERE sent = 0").fetchone()[0])


def _within(messages: list[Message], characters: int) -> list[Message]:
    """As many messages from the front as fit, at least one."""
    total = 0
    out: list[Message] = []
    for message in messages:
        total += len(message.body)
        if out and total > characters:
            break
        out.append(message)
    return out
