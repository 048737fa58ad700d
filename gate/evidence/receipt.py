"""Heads and receipts: the site signs how long its chain is and what its root is, the hub signs that it saw that.

A hub that holds a receipt accepts only heads that contain it unchanged, so that even the site, with its own key,
cannot rewrite what came before. All here is pure; the hub's clock and key are arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.chain import HEAD_FORMAT
from gate.evidence.keys import KeyRing, fingerprint
from gate.evidence.lineage import CHAIN_FORMAT, Lineage
from gate.evidence.merkle import consistent, included, leaf_hash
from gate.evidence.statement import read_statement, verified
from gate.facts import canonical_json

RECEIPT_FORMAT = "gatewarden-receipt/1"
RECEIPT_FILE = "receipt.json"


class ForkError(EvidenceError):
    """A site's head contradicts one the hub counter-signed before: the site's chain was rewritten or rolled back."""


@dataclass(frozen=True, slots=True)
class HubMemory:
    """What a hub remembers of one site: its key entries, and the receipt given last. Texts, as they were sent."""

    keys: tuple[str, ...]
    receipt: str

    def head(self) -> dict[str, Any]:
        """The head that receipt is for."""
        head: dict[str, Any] = self._body()["head"]
        return head

    @property
    def received_ms(self) -> int:
        """The hub's time when it accepted that head."""
        return int(self._body()["received_ms"])

    def _body(self) -> dict[str, Any]:
        return read_statement(self.receipt.encode(), RECEIPT_FORMAT).body


@dataclass(frozen=True, slots=True)
class SentHead:
    """What a site sends: its key entries and its head, as texts, and the consistency proof from the head the hub
    counter-signed last, in hex."""

    site: str
    keys: tuple[str, ...]
    head: str
    proof: tuple[str, ...] = ()


def key_lineage(keys: Sequence[str], site: str) -> Lineage:
    """The keys that these chain entries introduce. Raises EvidenceError when one may not stand."""
    lineage = Lineage(site)
    for line in keys:
        try:
            lineage.admit(read_statement(line.encode(), CHAIN_FORMAT))
        except (KeyError, TypeError) as error:
            raise EvidenceError(f"key entry: {error}") from error
    return lineage


def counter_sign(memory: HubMemory | None, sent: SentHead, hub_keys: KeyRing, received_ms: int) -> HubMemory:
    """Check a site's head against what the hub remembers, and counter-sign it; the new memory holds the receipt.

    memory: None for a site's first head, whose first key is then believed: compare its fingerprint with paper.
    Raises EvidenceError for a head that is wrong in itself, ForkError for one that contradicts the memory.
    """
    lineage = key_lineage(sent.keys, sent.site)
    head = read_statement(sent.head.encode(), HEAD_FORMAT)
    if not head.signed_by(lineage.check(head.body).public):
        raise EvidenceError("head: signature not made by the key named in it")
    if memory is not None:
        if sent.keys[: len(memory.keys)] != memory.keys:
            raise ForkError(f"site {sent.site}: key entries differ from those sent before")
        _check_consistent(memory.head(), head.body, sent)
    name = hub_keys.fingerprints[0]
    body = {
        "format": RECEIPT_FORMAT,
        "head": head.body,
        "head_signature": head.signature.hex(),
        "hub_key": name,
        "hub_public_key": hub_keys.public_key(name).hex(),
        "received_ms": received_ms,
    }
    return HubMemory(sent.keys, hub_keys.sign(body, name).raw.decode())


def read_receipt(raw: bytes, lineage: Lineage) -> tuple[dict[str, Any], dict[str, Any]]:
    """A receipt's body and the head in it, with both signatures checked, the site's against its known keys.

    Raises EvidenceError when either does not hold. Whose the hub's key is, is for the caller to compare.
    """
    receipt = read_statement(raw, RECEIPT_FORMAT)
    body = receipt.body
    try:
        public, head = bytes.fromhex(body["hub_public_key"]), body["head"]
        signature = bytes.fromhex(body["head_signature"])
        if fingerprint(public) != body["hub_key"] or not receipt.signed_by(public):
            raise EvidenceError("receipt: the hub's signature does not hold")
        if head["format"] != HEAD_FORMAT or not isinstance(head["size"], int):
            raise EvidenceError("receipt: holds no head")
        key = lineage.keys.get(head["key"])
        if key is None or not verified(key.public, signature, canonical_json(head).encode()):
            raise EvidenceError("receipt: the site's signature on the head does not hold")
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"receipt: {error}") from error
    return body, head


def check_inclusion(memory: HubMemory, site: str, entry_text: str, proof: Sequence[str]) -> dict[str, Any]:
    """The body of a chain entry, shown by its Merkle path (hex) to be under the head the hub counter-signed last.

    Raises EvidenceError when it is not: never sealed, sealed since, or rewritten.
    """
    entry = read_statement(entry_text.encode(), CHAIN_FORMAT)
    head, number = memory.head(), entry.body.get("number")
    try:
        path = [bytes.fromhex(step) for step in proof]
    except ValueError as error:
        raise EvidenceError("proof: expected hex") from error
    if entry.body.get("site") != site or not isinstance(number, int):
        raise EvidenceError(f"entry: not of site {site}")
    if not included(leaf_hash(entry.raw), number, head["size"], path, bytes.fromhex(head["root"])):
        raise EvidenceError(f"entry {number} is not among the {head['size']} that were counter-signed")
    return entry.body


def head_text(receipt: str) -> str:
    """The site's own head statement, as it was sent, out of a receipt."""
    body = read_statement(receipt.encode(), RECEIPT_FORMAT).body
    return f'{{"body":{canonical_json(body["head"])},"signature":"{body["head_signature"]}"}}'


def _check_consistent(before: dict[str, Any], now: dict[str, Any], sent: SentHead) -> None:
    try:
        path = [bytes.fromhex(step) for step in sent.proof]
        roots = bytes.fromhex(before["root"]), bytes.fromhex(now["root"])
    except ValueError as error:
        raise EvidenceError("consistency proof or root: expected hex") from error
    if now["size"] < before["size"]:
        raise ForkError(f"site {sent.site}: chain of {now['size']} entries, {before['size']} were counter-signed")
    if not consistent(before["size"], roots[0], now["size"], roots[1], path):
        raise ForkError(f"site {sent.site}: the first {before['size']} entries are not those that were counter-signed")
