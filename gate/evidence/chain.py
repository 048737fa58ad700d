"""The chain: one append-only file of signed entries, each holding the number and digest of the one before.

`chain.jsonl` has one statement per line. An entry's digest is the SHA-256 of its line without the newline; the same
bytes are the leaves of the Merkle tree. `head.json` is the site's signed word on how long the chain is and what its
root is; it may be one entry behind after a power cut, never ahead.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.files import replace, sync_directory
from gate.evidence.keys import KeyRing
from gate.evidence.ledger import Ledger
from gate.evidence.lineage import CHAIN_FORMAT, KEY_KINDS, Lineage
from gate.evidence.merkle import Frontier, leaf_hash
from gate.evidence.statement import NO_DIGEST, Statement, read_statement, sha256

HEAD_FORMAT = "gatewarden-head/1"
CHAIN_FILE, HEAD_FILE = "chain.jsonl", "head.json"


class Chain:
    """The chain file of one store, opened for writing. The caller holds the store's lock around every call.

    Opening reads the file through, checks every link, and cuts off a last line that a power cut left unfinished.
    Signatures of entries that are not about keys are left to `gatewarden evidence verify`.
    Raises EvidenceError naming the line that does not fit.
    """

    def __init__(self, directory: Path, keys: KeyRing, site: str) -> None:
        self._path = directory / CHAIN_FILE
        self._head_path = directory / HEAD_FILE
        self._keys = keys
        self.site = site
        self.lineage = Lineage(site)
        self.ledger = Ledger()
        self.tip = NO_DIGEST
        self.tip_ms = 0
        self.last_kind = ""
        self.is_stamped = True  # nothing but receipts came since the last time token
        self.frontier = Frontier()
        self.key_lines: list[bytes] = []
        self._bytes_read = 0
        self.cut_bytes = self._cut_unfinished()
        self.catch_up()

    def __len__(self) -> int:
        return self.frontier.size

    def catch_up(self) -> None:
        """Read what other processes appended since."""
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            lines.seek(self._bytes_read)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._take(line[:-1])
                self._bytes_read += len(line)

    def append(self, kind: str, t_ms: int, payload: Mapping[str, Any], key: str | None = None) -> Statement:
        """Sign and append one entry, durable when this returns. The very first call first introduces the key.

        key: sign with this one instead of the active one. Raises EvidenceError when the entry may not follow.
        """
        self.begin(t_ms)
        entry = self.prepare(kind, t_ms, payload, key)
        self.commit(entry)
        return entry

    def prepare(self, kind: str, t_ms: int, payload: Mapping[str, Any], key: str | None = None) -> Statement:
        """The next entry, signed but not yet appended."""
        key = key or self.lineage.active
        body = {
            **payload,
            "format": CHAIN_FORMAT,
            "key": key,
            "kind": kind,
            "number": len(self),
            "previous": self.tip,
            "site": self.site,
            "t_ms": t_ms,
        }
        return self._keys.sign(body, key)

    def check_next(self, entry: Statement) -> None:
        """Raises EvidenceError when an entry may not be the next: wrong place, key or signature."""
        body = entry.body
        if body.get("number") != len(self) or body.get("previous") != self.tip:
            raise EvidenceError(f"number or previous is not that of entry {len(self)}")
        if self.lineage.keys and not entry.signed_by(self.lineage.check(body).public):
            raise EvidenceError("signature: not made by the key named in it")

    def commit(self, entry: Statement) -> None:
        """Append an entry, durable when this returns. Raises EvidenceError, writing nothing, when it may not follow."""
        self.check_next(entry)
        self.ledger.check(entry.body)
        is_new = not self._path.exists()
        try:
            with self._path.open("ab") as out:
                out.write(entry.raw + b"\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError:
            os.truncate(self._path, self._bytes_read)
            raise
        if is_new:
            sync_directory(self._path.parent)
        self._take(entry.raw)
        self._bytes_read += len(entry.raw) + 1
        self.write_head()

    def begin(self, t_ms: int) -> None:
        """Introduce the site's first key, if that has not been done."""
        if len(self) == 0:
            first = self._keys.fingerprints[0]
            self.commit(self.prepare("key", t_ms, {"public_key": self._keys.public_key(first).hex()}, first))

    def head_body(self) -> dict[str, Any]:
        """What the head says now."""
        return {
            "format": HEAD_FORMAT,
            "key": self.lineage.active,
            "last": self.tip,
            "root": self.frontier.root().hex(),
            "site": self.site,
            "size": len(self),
            "t_ms": self.tip_ms,
        }

    def head(self) -> Statement:
        """The signed head of the chain as it stands."""
        return self.sign(self.head_body())

    def sign(self, body: Mapping[str, Any]) -> Statement:
        """A statement by the key in service."""
        return self._keys.sign(body, self.lineage.active)

    def write_head(self) -> None:
        """Make head.json say what the chain is."""
        if len(self) and (head := self.head().raw) != _content(self._head_path):
            replace(self._head_path, head)

    def lines(self) -> Iterator[bytes]:
        """Every entry's bytes, first to last."""
        yield from chain_lines(self._path)

    def _take(self, line: bytes) -> None:
        number = len(self)
        try:
            body = json.loads(line)["body"]
            if body["number"] != number or body["previous"] != self.tip or body["site"] != self.site:
                raise EvidenceError("number, previous or site does not follow from the line before")
            if body["kind"] in KEY_KINDS:
                self.lineage.admit(read_statement(line, CHAIN_FORMAT))
                self.key_lines.append(line)
            self.ledger.take(body)
        except (EvidenceError, ValueError, KeyError, TypeError) as error:
            raise EvidenceError(f"{self._path}, line {number + 1}: {error}") from error
        self.tip = sha256(line)
        self.tip_ms = body["t_ms"]
        self.last_kind = body["kind"]
        self.is_stamped = self.last_kind == "time" or (self.is_stamped and self.last_kind == "receipt")
        self.frontier.add(leaf_hash(line))

    def _cut_unfinished(self) -> int:
        """Cut a last line without its newline, which no caller was ever told of. How many bytes went."""
        if not self._path.exists():
            return 0
        with self._path.open("r+b") as chain:
            size = chain.seek(0, os.SEEK_END)
            end = _end_of_last_line(chain, size)
            if end < size:
                chain.truncate(end)
                os.fsync(chain.fileno())
        return size - end


def chain_lines(path: Path) -> Iterator[bytes]:
    """The finished lines of a chain file, without their newlines."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield line[:-1]


def leaves(path: Path) -> list[bytes]:
    """Merkle leaf hashes of a chain file."""
    return [leaf_hash(line) for line in chain_lines(path)]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _end_of_last_line(chain: Any, size: int) -> int:
    """Offset just after the last newline, 0 where there is none."""
    end = size
    while end > 0:
        start = max(0, end - 4096)
        chain.seek(start)
        found: int = chain.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
