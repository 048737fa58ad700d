"""What the chain's entries amount to: bundles sealed, deleted and locked. Folded entry by entry, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.statement import NO_DIGEST

KINDS = frozenset(
    {"key", "rotate", "revoke", "bundle", "tombstone", "lock", "unlock", "access", "export", "receipt", "time"}
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One bundle as the chain knows it. number: of its chain entry; bundle: counts bundles alone, from 1."""

    number: int
    bundle: int
    name: str
    id: str
    end_ms: int
    sealed_ms: int
    manifest: str
    seal: str


class Ledger:
    """Bundles by number of their chain entry, the ones deleted under retention, and the ones locked by case.

    hub_look: number of the last act at the hub that the chain holds.
    """

    def __init__(self) -> None:
        self.bundles: dict[int, Sealed] = {}
        self.deleted: set[int] = set()
        self.locks: dict[str, set[int]] = {}
        self.last_manifest = NO_DIGEST
        self.hub_look = 0

    def take(self, body: Mapping[str, Any]) -> None:
        """Fold in the next entry. Raises EvidenceError, and takes nothing, where it cannot follow."""
        self.check(body)
        self.adopt(body)

    def adopt(self, body: Mapping[str, Any]) -> None:
        """Fold in an entry as it says, whether or not it can follow."""
        kind = body["kind"]
        self.hub_look = body.get("hub_look", self.hub_look)
        if kind == "bundle":
            sealed = _sealed(body)
            self.bundles[sealed.number] = sealed
            self.last_manifest = sealed.manifest
        elif kind == "tombstone":
            self.deleted.add(body["bundle_entry"])
        elif kind == "lock":
            self.locks.setdefault(body["case"], set()).update(body["bundles"])
        elif kind == "unlock":
            self.locks.pop(body["case"], None)

    def check(self, body: Mapping[str, Any]) -> None:
        """Raises EvidenceError naming the field where an entry cannot follow from those before."""
        kind = body["kind"]
        if kind not in KINDS:
            raise EvidenceError(f"kind: {kind!r} is unknown")
        if kind == "bundle":
            self._check_seal(_sealed(body), body["previous_manifest"])
        elif kind == "tombstone":
            self._check_tombstone(body["bundle_entry"], body["manifest"])
        elif kind in {"lock", "access", "export"}:
            for number in body["bundles"]:
                self._check_known(number)

    def locked(self) -> set[int]:
        """Numbers of all bundles under any lock."""
        return set().union(*self.locks.values())

    def kept(self) -> list[Sealed]:
        """Bundles that should lie in the store, oldest first."""
        return [b for n, b in self.bundles.items() if n not in self.deleted]

    def _check_seal(self, sealed: Sealed, previous_manifest: str) -> None:
        if sealed.bundle != len(self.bundles) + 1:
            raise EvidenceError(f"bundle: {sealed.bundle}, expected {len(self.bundles) + 1}")
        if previous_manifest != self.last_manifest:
            raise EvidenceError("previous_manifest: not the digest of the bundle sealed before")

    def _check_tombstone(self, number: int, manifest: str) -> None:
        self._check_known(number)
        if manifest != self.bundles[number].manifest:
            raise EvidenceError("manifest: not the digest of the bundle it deletes")
        if number in self.locked():
            raise EvidenceError(f"bundle_entry: {number} is under an evidence lock")

    def _check_known(self, number: int) -> None:
        if number not in self.bundles:
            raise EvidenceError(f"bundles: {number} is no bundle of this chain")


def _sealed(body: Mapping[str, Any]) -> Sealed:
    return Sealed(
        number=body["number"],
        bundle=body["bundle"],
        name=body["name"],
        id=body["id"],
        end_ms=body["end_ms"],
        sealed_ms=body["t_ms"],
        manifest=body["manifest"],
        seal=body["seal"],
    )
