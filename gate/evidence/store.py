"""The evidence store of one site: bundles, the chain that binds them, and the acts done to them.

    chain.jsonl  head.json  lock  bundles/<number>-<id>/  staging/

Sealing is: copy and sync into staging/ · rename into bundles/ · append to the chain · write the head. The append is
what seals. After a power cut a bundle that had been renamed is appended on opening, and one that had not is dropped.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from gate.errors import EvidenceError
from gate.evidence.bundle import (
    ENTRY_FILE,
    KEYS_FILE,
    MANIFEST_FILE,
    SEAL_FILE,
    Staging,
    bundle_name,
    manifest_body,
    seal_body,
    stage,
)
from gate.evidence.chain import CHAIN_FILE, Chain
from gate.evidence.draft import BundleDraft
from gate.evidence.files import LOCK_FILE, WriteLock, hold_directory, sync_directory
from gate.evidence.keys import KeyRing
from gate.evidence.ledger import Sealed
from gate.evidence.lineage import ACCEPTANCE_FORMAT, CHAIN_FORMAT
from gate.evidence.provenance import certify
from gate.evidence.statement import Statement, read_statement, sha256
from gate.facts import canonical_json

_log = structlog.get_logger()
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """A bundle that is sealed. number: of its chain entry; digest: of its manifest, as a weighing slip quotes it."""

    number: int
    id: str
    path: Path
    digest: str


class EvidenceStore:
    """Seals bundles into one directory and keeps their chain. Several processes may hold the same store.

    Opening mends what a power cut left. Raises EvidenceError when the chain on disk does not hold together.
    """

    def __init__(self, directory: Path, keys: KeyRing, site: str) -> None:
        self.directory = directory
        self.site = site
        self._keys = keys
        self._bundles = directory / "bundles"
        self._staging = directory / "staging"
        for folder in (self._bundles, self._staging):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = WriteLock(directory / LOCK_FILE)
        with self._lock.held():
            self._chain = Chain(directory, keys, site)
            self._recover()

    @property
    def chain_path(self) -> Path:
        return self.directory / CHAIN_FILE

    @property
    def fingerprint(self) -> str:
        """Of the key that signs now (before the first entry: that will)."""
        return self._chain.lineage.active or self._keys.fingerprints[0]

    def seal(self, draft: BundleDraft, sealed_ms: int) -> SealedBundle:
        """Seal a draft; durable when this returns. sealed_ms: UTC now, or the recording's own time in a replay.

        The same draft, time, key and chain give the same bytes. Raises EvidenceError when a clip cannot be read or
        a camera has neither clip nor gap; nothing of the bundle remains then.
        """
        subject = draft.subject()
        with self._lock.held():
            staging = Staging(self._staging / uuid.uuid4().hex)
        try:
            stage(draft, staging)
            with self._appending() as chain:
                chain.begin(sealed_ms)
                staging.write(KEYS_FILE, b"".join(line + b"\n" for line in chain.key_lines), "keys")
                entry = self._vouch(draft, staging, subject, sealed_ms, chain)
                staging.sync()
                path = self._bundles / str(entry.body["name"])
                self._place(staging.directory, path, entry, chain)
        except BaseException:
            shutil.rmtree(staging.directory, ignore_errors=True)
            raise
        finally:
            staging.close()
        return SealedBundle(entry.body["number"], subject["id"], path, entry.body["manifest"])

    def certify(self, video: Path, out: Path, software: str, at_ms: int) -> None:
        """Write a copy of an MP4 with a C2PA manifest by the key that signs now. Raises EvidenceError."""
        certify(video, out, self._keys, self.fingerprint, software, at_ms)

    def bundles(self) -> list[Sealed]:
        """Bundles the store holds, oldest first."""
        with self._appending() as chain:
            return chain.ledger.kept()

    def bundle_path(self, number: int) -> Path:
        """Folder of the bundle with this chain entry. Raises EvidenceError when there is none, or it was deleted."""
        with self._appending() as chain:
            return self._bundles / self._kept(chain, number).name

    def log_access(self, who: str, purpose: str, bundles: Iterable[int], t_ms: int) -> None:
        """Write into the chain that somebody looked at bundles."""
        self.record("access", t_ms, {"who": who, "purpose": purpose, "bundles": sorted(set(bundles))})

    def lock_case(self, case: str, who: str, bundles: Iterable[int], t_ms: int) -> None:
        """Keep bundles from being deleted until the case is unlocked."""
        self.record("lock", t_ms, {"case": case, "who": who, "bundles": sorted(set(bundles))})

    def unlock_case(self, case: str, who: str, reason: str, t_ms: int) -> None:
        """Lift a case's lock. Raises EvidenceError when there is none of that name."""
        with self._appending() as chain:
            if case not in chain.ledger.locks:
                raise EvidenceError(f"case {case!r} locks nothing")
            chain.append("unlock", t_ms, {"case": case, "who": who, "reason": reason})

    def retain(self, before_ms: int, now_ms: int, reason: str) -> list[Sealed]:
        """Delete bundles that ended before a time and are under no lock; a signed tombstone stays of each."""
        with self._appending() as chain:
            locked = chain.ledger.locked()
            gone = [b for b in chain.ledger.kept() if b.end_ms < before_ms and b.number not in locked]
            for bundle in gone:
                payload = {"bundle_entry": bundle.number, "id": bundle.id, "manifest": bundle.manifest}
                chain.append("tombstone", now_ms, {**payload, "reason": reason})
                self._delete(bundle)
        return gone

    def rotate_key(self, t_ms: int, overlap_ms: int) -> str:
        """Make a new key and let it sign from now on; the old one may until the overlap ends. Its fingerprint."""
        with self._appending() as chain:
            chain.begin(t_ms)
            old, new = chain.lineage.active, self._keys.make()
            word = {"format": ACCEPTANCE_FORMAT, "key": new, "site": self.site, "succeeds": old}
            payload = {
                "new_key": new,
                "public_key": self._keys.public_key(new).hex(),
                "acceptance": self._keys.sign(word, new).raw.decode(),
                "old_until_ms": t_ms + overlap_ms,
            }
            chain.append("rotate", t_ms, payload, old)
        return new

    def revoke_key(self, name: str, since_ms: int, reason: str, t_ms: int) -> None:
        """Declare a key bad since a time and destroy it here. What it signed since then is in doubt.

        Revoking the key in service rotates to a new one first. Raises EvidenceError for a key not of this site.
        """
        if name == self.fingerprint:
            self.rotate_key(t_ms, 0)
        self.record("revoke", t_ms, {"revoked": name, "since_ms": since_ms, "reason": reason})
        if name in self._keys:
            self._keys.destroy(name)

    def record(self, kind: str, t_ms: int, payload: Mapping[str, Any]) -> Statement:
        """Append an entry of any kind. Raises EvidenceError when it does not follow from the chain."""
        with self._appending() as chain:
            return chain.append(kind, t_ms, payload)

    def commit_with(self, prepare: Callable[[Chain], Statement]) -> Statement:
        """Append the entry that `prepare` makes while nobody else can write to the chain."""
        with self._appending() as chain:
            entry = prepare(chain)
            chain.commit(entry)
            return entry

    def with_chain(self, read: Callable[[Chain], Result]) -> Result:
        """What `read` finds in the chain while nobody else can write to it."""
        with self._appending() as chain:
            return read(chain)

    def head(self) -> Statement:
        """The site's signed head, for the hub. Raises EvidenceError while the chain is empty."""
        with self._appending() as chain:
            if not len(chain):
                raise EvidenceError(f"{self.chain_path}: nothing is sealed yet")
            return chain.head()

    def entries(self, kinds: frozenset[str] | None = None) -> Iterator[Statement]:
        """The chain's entries, all or of some kinds, as they stand on disk."""
        with self._appending() as chain:
            lines = list(chain.lines())
        for line in lines:
            entry = read_statement(line, CHAIN_FORMAT)
            if kinds is None or entry.body["kind"] in kinds:
                yield entry

    @contextmanager
    def _appending(self) -> Iterator[Chain]:
        with self._lock.held():
            self._chain.catch_up()
            yield self._chain

    def _vouch(
        self, draft: BundleDraft, staging: Staging, subject: Mapping[str, Any], sealed_ms: int, chain: Chain
    ) -> Statement:
        """Write manifest, seal and chain entry into the staged bundle."""
        place = {
            "site": self.site,
            "key": chain.lineage.active,
            "number": len(chain),
            "previous": chain.tip,
            "bundle": len(chain.ledger.bundles) + 1,
            "previous_manifest": chain.ledger.last_manifest,
        }
        manifest = {**manifest_body(draft, staging.files), **place, "sealed_ms": sealed_ms}
        manifest_bytes = canonical_json(manifest).encode()
        seal = chain.sign(seal_body(manifest, manifest_bytes))
        payload = {
            "bundle": place["bundle"],
            "previous_manifest": place["previous_manifest"],
            "name": bundle_name(len(chain), subject["id"]),
            "id": subject["id"],
            "end_ms": subject["end_ms"],
            "manifest": sha256(manifest_bytes),
            "seal": seal.digest,
        }
        entry = chain.prepare("bundle", sealed_ms, payload)
        staging.write_unlisted(MANIFEST_FILE, manifest_bytes)
        staging.write_unlisted(SEAL_FILE, seal.raw)
        staging.write_unlisted(ENTRY_FILE, entry.raw)
        return entry

    def _place(self, staged: Path, path: Path, entry: Statement, chain: Chain) -> None:
        """Name the staged bundle and append its entry; take the name back when the entry cannot be written."""
        staged.rename(path)
        sync_directory(self._bundles)
        try:
            chain.commit(entry)
        except BaseException:
            if len(chain) <= entry.body["number"]:
                path.rename(staged)
            raise

    def _kept(self, chain: Chain, number: int) -> Sealed:
        if number not in chain.ledger.bundles:
            raise EvidenceError(f"chain entry {number} is no bundle")
        if number in chain.ledger.deleted:
            raise EvidenceError(f"bundle {number} was deleted under retention; its tombstone is in the chain")
        return chain.ledger.bundles[number]

    def _delete(self, bundle: Sealed) -> None:
        path = self._bundles / bundle.name
        if path.exists():
            grave = self._staging / uuid.uuid4().hex
            path.rename(grave)
            sync_directory(self._bundles)
            shutil.rmtree(grave)

    def _recover(self) -> None:
        """Finish or undo what was under way when the last writer died."""
        chain = self._chain
        if chain.cut_bytes:
            _log.warning("unfinished chain entry cut off", path=str(self.chain_path), bytes=chain.cut_bytes)
        for left in self._staging.iterdir():
            if (held := hold_directory(left)) is not None:
                shutil.rmtree(left)
                os.close(held)
        known = {b.name for b in chain.ledger.bundles.values()}
        for path in sorted(self._bundles.iterdir()):
            if path.name not in known and (entry := self._pending(path)) is not None:
                chain.commit(entry)
                _log.warning("interrupted seal finished", bundle=path.name)
        for number in chain.ledger.deleted:
            self._delete(chain.ledger.bundles[number])
        chain.write_head()

    def _pending(self, path: Path) -> Statement | None:
        """The entry of a bundle that is complete but not yet in the chain; None for a folder that is no such thing."""
        try:
            entry = read_statement((path / ENTRY_FILE).read_bytes(), CHAIN_FORMAT)
            self._chain.check_next(entry)
        except (OSError, EvidenceError) as error:
            _log.warning("folder is no bundle of this chain", path=str(path), reason=str(error))
            return None
        return entry if entry.body["name"] == path.name else None
