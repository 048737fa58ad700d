"""What a hub remembers of its sites' chains, in one append-only file per site."""

import json
import os
import re
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from gate.errors import EvidenceError
from gate.evidence.files import sync_directory
from gate.evidence.keys import KeyRing
from gate.evidence.receipt import RECEIPT_FORMAT, HubMemory, SentHead, counter_sign, key_lineage
from gate.evidence.statement import read_statement
from gate.facts import canonical_json


class HubHeads:
    """Counter-signs heads and keeps every receipt. directory: receipts per site; keys: the hub's own.

    One process holds a directory. Threads may share this.
    """

    def __init__(self, directory: Path, keys: KeyRing) -> None:
        self._directory = directory
        self._keys = keys
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def fingerprint(self) -> str:
        """Of the key that counter-signs."""
        return self._keys.fingerprints[0]

    def memory(self, site: str) -> HubMemory | None:
        """What was accepted last from a site, None where nothing was."""
        return next(iter(deque(self._records(site), maxlen=1)), None)

    def receipts(self, site: str) -> list[str]:
        """Every receipt given to a site, oldest first: what `gatewarden evidence verify --receipts` takes."""
        return [record.receipt for record in self._records(site)]

    def accept(self, sent: SentHead, received_ms: int) -> HubMemory:
        """Check a head against all that was accepted before, counter-sign and keep it; durable when this returns.

        Raises EvidenceError for a head wrong in itself, ForkError for one that contradicts an earlier one.
        """
        with self._lock:
            accepted = counter_sign(self.memory(sent.site), sent, self._keys, received_ms)
            path = self._path(sent.site)
            is_new = not path.exists()
            line = canonical_json({"keys": list(accepted.keys), "receipt": accepted.receipt})
            with path.open("ab") as out:
                out.write(b"\n" * (not _ends_with_newline(path)) + line.encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
            if is_new:
                sync_directory(self._directory)
        return accepted

    def site_fingerprint(self, site: str) -> str:
        """Fingerprint of a site's first key, to be compared with paper. Raises EvidenceError for an unknown site."""
        memory = self.memory(site)
        if memory is None:
            raise EvidenceError(f"site {site}: sent no head yet")
        return next(iter(key_lineage(memory.keys, site).keys))

    def _records(self, site: str) -> Iterator[HubMemory]:
        path = self._path(site)
        if not path.exists():
            return
        for line in path.read_text("utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # a line a power cut left unfinished: its receipt was never given out
            read_statement(record["receipt"].encode(), RECEIPT_FORMAT)
            yield HubMemory(tuple(record["keys"]), record["receipt"])

    def _path(self, site: str) -> Path:
        if not re.fullmatch(r"[\w.-]{1,64}", site) or site.startswith("."):
            raise EvidenceError(f"site {site!r}: expected letters, digits, '_', '-', '.'")
        return self._directory / f"{site}.jsonl"


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return True
        file.seek(size - 1)
        return file.read() == b"\n"
