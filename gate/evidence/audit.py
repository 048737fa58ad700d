"""Checking a whole chain: every link, every signature, every act, the head, and what hub and time servers signed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from gate.errors import EvidenceError
from gate.evidence.chain import HEAD_FORMAT
from gate.evidence.ledger import Ledger
from gate.evidence.lineage import CHAIN_FORMAT, Lineage
from gate.evidence.merkle import Frontier, leaf_hash, root
from gate.evidence.receipt import read_receipt
from gate.evidence.report import TAMPERED, Problem
from gate.evidence.sealed import signed_statement
from gate.evidence.statement import NO_DIGEST, Statement, read_statement, sha256
from gate.evidence.timestamp import check_token
from gate.evidence.tree import Tree

_RECEIPT_SIZE = re.compile(rb'"kind":"receipt".*?\\"size\\":(\d+)')


@dataclass(slots=True)
class Audit:
    """The chain as checked. roots: Merkle root by number of entries, for those sizes somebody signed."""

    chain_file: str
    problems: list[Problem] = field(default_factory=list)
    lineage: Lineage = field(default_factory=Lineage)
    ledger: Ledger = field(default_factory=Ledger)
    tip: str = NO_DIGEST
    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    counter_signed: int = 0
    time_stamped_ms: int | None = None
    hubs: set[str] = field(default_factory=set)
    signed: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    trusted_roots: Sequence[x509.Certificate] = ()

    @property
    def is_broken(self) -> bool:
        """Whether something was found that makes whatever follows in the chain doubtful as well."""
        return any(p.level == TAMPERED for p in self.problems)

    def root_of(self, size: int) -> bytes:
        """Merkle root over the first `size` entries."""
        if size not in self.roots:
            self.roots[size] = root(self.leaves[:size])
        return self.roots[size]

    def add(self, code: str, number: int, name: str = "", detail: str = "", *, link: bool = False) -> None:
        """Report on entry `number`, which stands in the line after."""
        between = f"{number - 1} → {number}" if link else ""
        self.problems.append(Problem(code, f"{self.chain_file}:{number + 1}", name, between, detail))


def audit_chain(content: bytes, chain_file: str, trusted_roots: Sequence[x509.Certificate] = ()) -> Audit:
    """Check a chain file's bytes. Problems name the line, the field and the link. trusted_roots: of time servers."""
    audit = Audit(chain_file, trusted_roots=trusted_roots)
    lines = content.split(b"\n")
    unfinished = lines.pop()
    wanted = {int(m) for m in _RECEIPT_SIZE.findall(content)} | {len(lines), len(lines) - 1}
    digests: list[str] = []
    expected = 0
    last_ms: int | None = None
    for line in lines:
        number, t_ms = _audit_line(audit, line, expected, digests)
        if last_ms is not None and t_ms is not None and t_ms < last_ms:
            audit.add("clock_back", expected, "t_ms", f"{last_ms} → {t_ms}")
        last_ms = t_ms if t_ms is not None else last_ms
        audit.tip = sha256(line)
        digests.append(audit.tip)
        audit.leaves.append(leaf_hash(line))
        audit.frontier.add(audit.leaves[-1])
        if audit.frontier.size in wanted:
            audit.roots[audit.frontier.size] = audit.frontier.root()
        expected = number + 1
    if unfinished:
        audit.add("entry_unfinished", len(lines), detail=f"{len(unfinished)} bytes")
    for number, body in audit.signed:
        if audit.lineage.is_doubtful(body):
            audit.add("doubtful", number, "key", str(body["key"]))
    return audit


def audit_head(audit: Audit, tree: Tree, path: str) -> list[Problem]:
    """Check the site's own signed head against the chain."""
    if path not in tree.sizes:
        return [Problem("head_gone", path)] if audit.frontier.size else []
    head = signed_statement(tree, path, HEAD_FORMAT, audit.lineage)
    return [head] if isinstance(head, Problem) else compare_head(audit, head.body, path)


def compare_head(audit: Audit, head: Mapping[str, Any], file: str) -> list[Problem]:
    """Compare a head whose signature holds with the chain as it is."""
    size = audit.frontier.size
    if audit.is_broken:
        return []  # the break itself is named; that the head no longer fits follows from it
    if head["size"] > size:
        return [Problem("chain_cut", file, "size", detail=f"{head['size']} entries signed, {size} are left")]
    if head["size"] < size - 1:
        return [Problem("head_wrong", file, "size", detail=f"{head['size']}, the chain has {size}")]
    if head["root"] != audit.root_of(head["size"]).hex():
        return [Problem("head_wrong", file, "root")]
    if head["size"] == size - 1:
        return [Problem("head_behind", file, "size", detail=f"{head['size']}, the chain has {size}")]
    return [] if head["last"] == audit.tip else [Problem("head_wrong", file, "last")]


def _audit_line(audit: Audit, line: bytes, expected: int, digests: list[str]) -> tuple[int, int | None]:
    """Check one line; the number it gives itself (or was expected to), and its time."""
    try:
        entry = read_statement(line, CHAIN_FORMAT)
    except EvidenceError as error:
        audit.add("unreadable", expected, detail=str(error))
        return expected, None
    body = entry.body
    number, t_ms = body.get("number"), body.get("t_ms")
    if number != expected or body.get("previous") != audit.tip:
        name = "number" if number != expected else "previous"
        audit.add("broken_link", expected, name, f"{number!r}, expected {expected}", link=True)
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(t_ms, int):
        audit.add("bad_entry", expected, "number", "expected whole numbers")
        return expected, None
    if _audit_signature(audit, entry, expected):
        audit.signed.append((expected, body))
        _audit_act(audit, entry, expected, digests)
    return number, t_ms


def _audit_signature(audit: Audit, entry: Statement, line: int) -> bool:
    try:
        if audit.lineage.keys:
            key = audit.lineage.check(entry.body)
            if not entry.signed_by(key.public):
                audit.add("bad_signature", line)
                return False
        audit.lineage.learn(entry)
    except (EvidenceError, KeyError, TypeError) as error:
        text = str(error)
        audit.add("wrong_key", line, text.split(":", 1)[0], text)
        return False
    return True


def _audit_act(audit: Audit, entry: Statement, line: int, digests: list[str]) -> None:
    body = entry.body
    try:
        try:
            audit.ledger.check(body)
        except EvidenceError as error:
            if not audit.is_broken:  # after a break, what follows from it is no second finding
                audit.add("bad_entry", line, str(error).split(":", 1)[0], str(error))
        audit.ledger.adopt(body)
        if body["kind"] == "receipt":
            _audit_receipt(audit, body, line)
        elif body["kind"] == "time":
            _audit_token(audit, body, line, digests)
    except (KeyError, TypeError, ValueError) as error:
        audit.add("bad_entry", line, detail=f"{type(error).__name__}: {error}")


def _audit_receipt(audit: Audit, body: Mapping[str, Any], line: int) -> None:
    try:
        receipt, head = read_receipt(str(body["receipt"]).encode(), audit.lineage)
    except EvidenceError as error:
        audit.add("receipt_wrong", line, "receipt", str(error))
        return
    if not audit.is_broken and (head["size"] > line or audit.root_of(head["size"]).hex() != head["root"]):
        audit.add("receipt_wrong", line, "receipt.head.root", f"head of {head['size']} entries")
        return
    audit.counter_signed = max(audit.counter_signed, head["size"])
    audit.hubs.add(receipt["hub_key"])


def _audit_token(audit: Audit, body: Mapping[str, Any], line: int, digests: list[str]) -> None:
    stamped = body["stamped"]
    if not 0 <= stamped < len(digests):
        audit.add("token_wrong", line, "stamped", f"no entry {stamped}")
        return
    try:
        audit.time_stamped_ms = check_token(body["response"], bytes.fromhex(digests[stamped]), audit.trusted_roots)
    except EvidenceError as error:
        if audit.is_broken:
            return
        audit.add("token_wrong", line, "response", str(error))
