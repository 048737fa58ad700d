"""Which keys may sign for a site, and when: learnt from the chain alone.

The first entry introduces the first key and is signed by it. `rotate` is signed by the key that goes and carries
the acceptance of the key that comes; the old one may still sign until `old_until_ms` (overlap). `revoke` is signed
by another key that is still good; from then on the revoked one signs nothing, and what it signed since `since_ms`
is in doubt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.keys import fingerprint
from gate.evidence.statement import NO_DIGEST, Statement, read_statement, verified

CHAIN_FORMAT = "gatewarden-chain/1"
ACCEPTANCE_FORMAT = "gatewarden-key-acceptance/1"
KEY_KINDS = frozenset({"key", "rotate", "revoke"})


@dataclass(slots=True)
class SiteKey:
    """What is known of one key.

    until_ms: end of the overlap after it was followed. revoked_at: number of the entry that revoked it.
    doubtful_ms: since when its signatures are in doubt.
    """

    public: bytes
    until_ms: int | None = None
    revoked_at: int | None = None
    doubtful_ms: int | None = None


class Lineage:
    """The keys of one site, in the order in which they came."""

    def __init__(self, site: str | None = None) -> None:
        self.site = site
        self.keys: dict[str, SiteKey] = {}
        self.active = ""

    def check(self, body: Mapping[str, Any]) -> SiteKey:
        """The key a body names, if it may sign at the place and time the body gives.

        The place is the body's `number`, or for a head its `size`.
        Raises EvidenceError when it is of another site, unknown, retired or revoked.
        """
        name, t_ms = body.get("key"), body.get("t_ms")
        if self.site is not None and body.get("site") != self.site:
            raise EvidenceError(f"site: {body.get('site')!r}, expected {self.site!r}")
        if not isinstance(name, str) or name not in self.keys:
            raise EvidenceError(f"key: {name} is no key of this site")
        if not isinstance(t_ms, int) or isinstance(t_ms, bool):
            raise EvidenceError("t_ms: expected UTC milliseconds")
        key = self.keys[name]
        place = body["number"] if "number" in body else body.get("size")
        if not isinstance(place, int):
            raise EvidenceError("number: expected a whole number")
        place -= "number" not in body
        if key.revoked_at is not None and place >= key.revoked_at:
            raise EvidenceError(f"key: {name} was revoked before")
        if key.until_ms is not None and t_ms > key.until_ms:
            raise EvidenceError(f"t_ms: after the overlap of key {name}, which ended at {key.until_ms}")
        return key

    def admit(self, entry: Statement) -> None:
        """Take in the next chain entry: its signature, and what it says of keys.

        Raises EvidenceError, and learns nothing, when the entry may not stand.
        """
        body = entry.body
        if not self.keys:
            self._begin(entry)
            return
        key = self.check(body)
        if not entry.signed_by(key.public):
            raise EvidenceError("signature: not made by the key named in it")
        self.learn(entry)

    def learn(self, entry: Statement) -> None:
        """Take in what an entry, whose signature is known to be good, says of keys."""
        body = entry.body
        if not self.keys:
            self._begin(entry)
        elif body["kind"] == "rotate":
            self._rotate(body)
        elif body["kind"] == "revoke":
            self._revoke(body)
        elif body["kind"] == "key":
            raise EvidenceError("kind: a first key where keys are known already")

    def is_doubtful(self, body: Mapping[str, Any]) -> bool:
        """Whether a body was signed by a key later revoked, at a time its revocation puts in doubt."""
        key = self.keys.get(str(body.get("key")))
        return key is not None and key.doubtful_ms is not None and int(body["t_ms"]) >= key.doubtful_ms

    def _begin(self, entry: Statement) -> None:
        body = entry.body
        if body.get("kind") != "key" or body.get("number") != 0 or body.get("previous") != NO_DIGEST:
            raise EvidenceError("kind: the first entry must introduce the site's first key")
        if self.site is not None and body.get("site") != self.site:
            raise EvidenceError(f"site: {body.get('site')!r}, expected {self.site!r}")
        public = _public_key(body, str(body.get("key")))
        if not entry.signed_by(public):
            raise EvidenceError("signature: not made by the key named in it")
        self.site = str(body["site"])
        self._add(str(body["key"]), public)

    def _rotate(self, body: Mapping[str, Any]) -> None:
        name, old_until_ms = str(body.get("new_key")), body.get("old_until_ms")
        if name in self.keys or not isinstance(old_until_ms, int):
            raise EvidenceError("new_key: a key already known, or no end of the overlap")
        public = _public_key(body, name)
        acceptance = read_statement(str(body.get("acceptance")).encode(), ACCEPTANCE_FORMAT)
        expected = {"format": ACCEPTANCE_FORMAT, "key": name, "site": self.site, "succeeds": body["key"]}
        if acceptance.body != expected or not verified(public, acceptance.signature, acceptance.signed):
            raise EvidenceError("acceptance: not the new key's own word for this succession")
        if body["key"] == self.active:
            self.keys[self.active].until_ms = old_until_ms
        self._add(name, public)

    def _revoke(self, body: Mapping[str, Any]) -> None:
        name, since_ms = str(body.get("revoked")), body.get("since_ms")
        if name not in self.keys or name == body["key"] or not isinstance(since_ms, int):
            raise EvidenceError("revoked: expected another key of this site, and the time since when it is in doubt")
        self.keys[name].revoked_at = int(body["number"])
        self.keys[name].doubtful_ms = since_ms
        if name == self.active:
            self.active = str(body["key"])

    def _add(self, name: str, public: bytes) -> None:
        self.keys[name] = SiteKey(public)
        self.active = name


def _public_key(body: Mapping[str, Any], name: str) -> bytes:
    try:
        public = bytes.fromhex(str(body.get("public_key")))
    except ValueError:
        raise EvidenceError("public_key: expected 64 hex digits") from None
    if len(public) != 32 or fingerprint(public) != name:
        raise EvidenceError("public_key: not the key whose fingerprint stands beside it")
    return public
