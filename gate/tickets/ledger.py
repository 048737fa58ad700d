"""The issuing office's ledger of lift tickets: every change of state kept, and its sums proven against each other.

on_hand ──deliver──► delivered ──use──► used ──recover──► recovered
   └──────void──────────┴─────void──► void

issued = on hand + delivered (and of these used, recovered) + void, at any time and per site.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import TicketError
from gate.tickets.ticket import Ticket, Void, normal_plate, seal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ticket (
    id TEXT PRIMARY KEY, site TEXT NOT NULL, product TEXT NOT NULL, kg INTEGER NOT NULL CHECK (kg > 0),
    issued_ms INTEGER NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL CHECK (until_ms > from_ms),
    buyer TEXT NOT NULL, plate TEXT NOT NULL, token TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('on_hand', 'delivered', 'used', 'recovered', 'void'))
) STRICT;
CREATE INDEX IF NOT EXISTS ticket_by_state ON ticket (site, state);
CREATE TABLE IF NOT EXISTS change (
    number INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL REFERENCES ticket (id), t_ms INTEGER NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, token TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS change_of_ticket ON change (ticket);
CREATE TRIGGER IF NOT EXISTS change_is_kept BEFORE UPDATE ON change BEGIN SELECT RAISE(ABORT, 'changes are kept'); END;
CREATE TRIGGER IF NOT EXISTS change_stays BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'changes are kept'); END;
CREATE TRIGGER IF NOT EXISTS ticket_stays BEFORE DELETE ON ticket BEGIN SELECT RAISE(ABORT, 'tickets are kept'); END;
"""
_MAY_BECOME = {
    "": ("on_hand",),
    "on_hand": ("delivered", "void"),
    "delivered": ("used", "void"),
    "used": ("recovered",),
    "recovered": (),
    "void": (),
}
_ISSUE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A ticket as the ledger holds it. plate and token are "" until it is delivered."""

    id: str
    site: str
    product: str
    kg: int
    issued_ms: int
    from_ms: int
    until_ms: int
    buyer: str
    plate: str
    token: str
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of state. token: the signed ticket or void notice it put into the world, "" for none."""

    number: int
    ticket: str
    t_ms: int
    before: str
    after: str
    who: str
    note: str
    token: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of a site, or of all. delivered counts every ticket once delivered and not void."""

    issued: int
    on_hand: int
    delivered: int
    void: int
    used: int
    recovered: int

    @property
    def adds_up(self) -> bool:
        """issued = delivered + on hand + void, and no more used or recovered than delivered."""
        return self.issued == self.delivered + self.on_hand + self.void and self.used + self.recovered <= self.delivered


class Ledger:
    """One SQLite file. Each change is one transaction: whole, with its line in the history, or not at all."""

    def __init__(self, path: Path | str) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise TicketError(f"{path}: cannot be used as a ledger of tickets: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def issue(self, template: Ticket, count: int, *, who: str, prefix: str = "T") -> list[str]:
        """Issue tickets to a site, on hand; the template's id and plate are not used. Returns the new ids in order."""
        if not 1 <= count <= _ISSUE_LIMIT:
            raise TicketError(f"count: expected 1 to {_ISSUE_LIMIT}, got {count}")
        if not template.site or not template.product or template.kg <= 0 or template.until_ms <= template.from_ms:
            raise TicketError("a ticket needs a site, a product, a weight above 0 and an end after its beginning")
        t = template
        with self._changing():
            first = self._db.execute("SELECT count(*) FROM ticket").fetchone()[0] + 1
            ids = [f"{prefix}{number:08d}" for number in range(first, first + count)]
            row = (t.site, t.product, t.kg, t.issued_ms, t.from_ms, t.until_ms, t.buyer)
            try:
                self._db.executemany(
                    "INSERT INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', 'on_hand')", [(i, *row) for i in ids]
                )
            except sqlite3.IntegrityError as error:
                raise TicketError(f"tickets {ids[0]} to {ids[-1]}: {error}") from error
            for id_ in ids:
                self._note(id_, t.issued_ms, ("", "on_hand"), who=who, note="")
        return ids

    def deliver(self, id_: str, plate: str, key: Ed25519PrivateKey, t_ms: int, *, who: str) -> Entry:
        """Give a ticket on hand to a truck: from now on it is a signed token. Raises TicketError."""
        with self._changing():
            entry = self._entry(id_)
            bare = normal_plate(plate)
            token = seal(
                Ticket(
                    entry.id,
                    entry.site,
                    bare,
                    entry.product,
                    entry.kg,
                    t_ms,
                    entry.from_ms,
                    entry.until_ms,
                    entry.buyer,
                ),
                key,
            )
            self._move(entry, "delivered", t_ms, who=who, note=bare, token=token)
            self._db.execute("UPDATE ticket SET plate = ?, token = ? WHERE id = ?", (bare, token, id_))
            return self._entry(id_)

    def use(self, id_: str, t_ms: int, passage: str, *, who: str = "gate") -> None:
        """The ticket carried its load. Raises TicketError when it was not delivered, or was used before."""
        with self._changing():
            self._move(self._entry(id_), "used", t_ms, who=who, note=passage)

    def recover(self, id_: str, t_ms: int, *, who: str) -> None:
        """The used ticket came back to the office. Raises TicketError when it was not used."""
        with self._changing():
            self._move(self._entry(id_), "recovered", t_ms, who=who, note="")

    def void(self, id_: str, key: Ed25519PrivateKey, t_ms: int, reason: str, *, who: str) -> str:
        """Void a ticket that has carried nothing. Returns the signed notice for the gates. Raises TicketError."""
        if not reason.strip():
            raise TicketError("a ticket is not voided without a reason")
        with self._changing():
            notice = seal(Void(id_, t_ms, reason), key)
            self._move(self._entry(id_), "void", t_ms, who=who, note=reason, token=notice)
            return notice

    def entry(self, id_: str) -> Entry:
        """One ticket. Raises TicketError when there is none of that id."""
        return self._entry(id_)

    def entries(self, site: str = "", states: Sequence[str] = ()) -> list[Entry]:
        """Tickets by id, of one site or all, of some states or all."""
        marks = ",".join("?" * len(states))
        wanted = f"AND state IN ({marks})" if states else ""
        query = f"SELECT * FROM ticket WHERE (? = '' OR site = ?) {wanted} ORDER BY id"  # noqa: S608 - marks only
        return [Entry(*row) for row in self._db.execute(query, (site, site, *states))]

    def history(self, id_: str = "") -> list[Change]:
        """Changes of one ticket or all, oldest first."""
        query = "SELECT * FROM change WHERE ? = '' OR ticket = ? ORDER BY number"
        return [Change(*row) for row in self._db.execute(query, (id_, id_))]

    def tokens(self, site: str = "") -> list[str]:
        """What a gate's register must hold: every signed ticket and void notice, in the order they came to be."""
        query = (
            "SELECT c.token FROM change c JOIN ticket t ON t.id = c.ticket "
            "WHERE c.token <> '' AND (? = '' OR t.site = ?) ORDER BY c.number"
        )
        return [row[0] for row in self._db.execute(query, (site, site))]

    def balance(self, site: str = "") -> Balance:
        """The sums as the tickets stand."""
        query = "SELECT state, count(*) FROM ticket WHERE ? = '' OR site = ? GROUP BY state"
        return _balance(dict(self._db.execute(query, (site, site)).fetchall()))

    def balance_of_history(self, site: str = "") -> Balance:
        """The same sums from the history alone, as a check on the tickets' states."""
        query = (
            "SELECT after, count(*) FROM change c JOIN ticket t ON t.id = c.ticket WHERE (? = '' OR t.site = ?) "
            "AND number = (SELECT max(number) FROM change WHERE ticket = c.ticket) GROUP BY after"
        )
        return _balance(dict(self._db.execute(query, (site, site)).fetchall()))

    def check(self) -> list[str]:
        """What does not add up, one sentence each; empty when all does."""
        faults = []
        if not self.balance().adds_up:
            faults.append(f"the sums do not add up: {self.balance()}")
        if self.balance() != self.balance_of_history():
            faults.append(f"states say {self.balance()}, history says {self.balance_of_history()}")
        last: dict[str, str] = {}
        for change in self.history():
            if change.before != last.get(change.ticket, "") or change.after not in _MAY_BECOME[change.before]:
                faults.append(f"change {change.number} of {change.ticket}: {change.before!r} became {change.after!r}")
            last[change.ticket] = change.after
        return faults

    def _entry(self, id_: str) -> Entry:
        row = self._db.execute("SELECT * FROM ticket WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise TicketError(f"ticket {id_!r} is not in the ledger")
        return Entry(*row)

    def _move(self, entry: Entry, after: str, t_ms: int, *, who: str, note: str, token: str = "") -> None:
        if after not in _MAY_BECOME[entry.state]:
            raise TicketError(f"ticket {entry.id} is {entry.state}; it cannot become {after}")
        self._db.execute("UPDATE ticket SET state = ? WHERE id = ?", (after, entry.id))
        self._note(entry.id, t_ms, (entry.state, after), who=who, note=note, token=token)

    def _note(self, id_: str, t_ms: int, change: tuple[str, str], *, who: str, note: str, token: str = "") -> None:
        row = (id_, t_ms, *change, who, note, token)
        columns = "ticket, t_ms, before, after, who, note, token"
        self._db.execute(f"INSERT INTO change ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constant

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _balance(counts: dict[str, int]) -> Balance:
    used, recovered = counts.get("used", 0), counts.get("recovered", 0)
    delivered = counts.get("delivered", 0) + used + recovered
    return Balance(sum(counts.values()), counts.get("on_hand", 0), delivered, counts.get("void", 0), used, recovered)
