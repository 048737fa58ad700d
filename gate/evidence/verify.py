"""Verification of a bundle, a whole store, or an exported case: needs nothing but the files themselves.

No database, no network, no private key. What makes it a proof is one fingerprint known from paper.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from gate.errors import EvidenceError
from gate.evidence.audit import Audit, audit_chain, audit_head, compare_head
from gate.evidence.chain import CHAIN_FILE, HEAD_FILE, HEAD_FORMAT
from gate.evidence.files import LOCK_FILE
from gate.evidence.ledger import Sealed
from gate.evidence.lineage import Lineage
from gate.evidence.merkle import included, leaf_hash
from gate.evidence.receipt import RECEIPT_FILE, read_receipt
from gate.evidence.report import Problem, Report
from gate.evidence.sealed import (
    BUNDLE,
    CASE,
    ENTRY_FILE,
    KEYS_FILE,
    SEAL_FILE,
    Checked,
    Kind,
    check_sealed,
    signed_statement,
)
from gate.evidence.statement import Statement
from gate.evidence.tree import DamagedArchiveError, Tree, folders, open_tree, read

_STORE_FILES = frozenset({CHAIN_FILE, HEAD_FILE, LOCK_FILE})
# What records of the wrong shape raise when a forger's own key signed them; the site's own never have it.
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


def _malformed(file: str, error: Exception) -> Problem:
    return Problem("unreadable", file, detail=f"{type(error).__name__}: {error}")


def verify(
    path: Path,
    fingerprint: str | None = None,
    receipts: Sequence[str] = (),
    roots: Sequence[x509.Certificate] = (),
) -> Report:
    """Verify whatever lies at a path: bundle folder, store, exported archive or its unpacked folder.

    fingerprint: 64 hex digits of any key of the site, from paper. receipts: what the hub gave out for this site,
    from the hub itself, against a store rolled back as a whole. roots: certificates of time servers to trust.
    Raises EvidenceError when there is nothing of the kind at the path.
    """
    try:
        with open_tree(path, (CHAIN_FILE, HEAD_FILE)) as tree, ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
            scene = _Scene(tree, _top(tree), pool, Report(""))
            try:
                return _verify(scene, fingerprint, receipts, roots)
            except _MALFORMED as error:
                scene.report.add([_malformed(path.name, error)])
                return scene.report
    except DamagedArchiveError as error:
        return Report("archive", problems=[Problem("unreadable", path.name, detail=str(error))])


@dataclass(frozen=True, slots=True)
class _Scene:
    """One verification under way. top: the folder inside the tree where everything lies, "" or with a '/'."""

    tree: Tree
    top: str
    pool: ThreadPoolExecutor
    report: Report

    def check(self, prefix: str, kind: Kind, lineage: Lineage | None, apart: str = "") -> Checked:
        """Check a sealed folder and count it in."""
        try:
            checked = check_sealed(self.tree, self.top + prefix, kind, lineage, pool=self.pool, apart=apart)
        except _MALFORMED as error:
            checked = Checked([_malformed(self.top + prefix + kind.manifest_file, error)])
        self.report.add(checked.problems)
        self.report.files += checked.files
        self.report.bytes += checked.bytes
        self.report.bundles += kind is BUNDLE
        for gap in (checked.manifest or {}).get("gaps", []):
            detail = f"{gap['device']} {gap['start_ms']}-{gap['end_ms']} {gap['why']}".strip()
            self.report.add([Problem("gap", self.top + prefix + kind.manifest_file, "gaps", detail=detail)])
        return checked

    def holds(self, *names: str) -> bool:
        """Whether any of these files is there, or for a name with '/' at its end anything in that folder."""
        paths = self.tree.sizes
        return any(
            any(p.startswith(self.top + n) for p in paths) if n.endswith("/") else self.top + n in paths for n in names
        )


def _verify(
    scene: _Scene, fingerprint: str | None, receipts: Sequence[str], roots: Sequence[x509.Certificate]
) -> Report:
    is_case, report = scene.holds(CASE.manifest_file), scene.report
    is_store = scene.holds(CHAIN_FILE) or (not is_case and scene.holds(HEAD_FILE, "bundles/"))
    if is_store:
        report.kind, (file, lineage) = "store", _verify_store(scene, receipts, roots)
    elif is_case:
        report.kind, (file, lineage) = "case", _verify_case(scene)
    elif scene.holds(BUNDLE.manifest_file, SEAL_FILE, ENTRY_FILE):
        report.kind, (file, lineage) = "bundle", _verify_bundle(scene)
    else:
        raise EvidenceError(f"{scene.tree.name}: holds no bundle, no store and no exported case")
    _identify(report, lineage, fingerprint, file)
    return report


def _top(tree: Tree) -> str:
    """The one folder everything lies in, when an archive was packed with its folder."""
    marks = {CHAIN_FILE, HEAD_FILE, CASE.manifest_file, BUNDLE.manifest_file, SEAL_FILE, ENTRY_FILE}
    inner = folders(tree, "")
    if not marks & tree.sizes.keys() and len(inner) == 1 and any(f"{inner[0]}/{m}" in tree.sizes for m in marks):
        return f"{inner[0]}/"
    return ""


def _verify_bundle(scene: _Scene) -> tuple[str, Lineage]:
    checked = scene.check("", BUNDLE, None)
    name = scene.top.rstrip("/") or scene.tree.name
    if checked.entry is not None and checked.entry.body["name"] != name:
        detail = f"{checked.entry.body['name']!r}, the folder is {name!r}"
        scene.report.add([Problem("field_differs", scene.top + ENTRY_FILE, "name", detail=detail)])
    return scene.top + KEYS_FILE, checked.lineage


def _verify_store(scene: _Scene, receipts: Sequence[str], roots: Sequence[x509.Certificate]) -> tuple[str, Lineage]:
    report, chain_file, head_file = scene.report, scene.top + CHAIN_FILE, scene.top + HEAD_FILE
    try:
        chain = read(scene.tree, chain_file) if scene.holds(CHAIN_FILE) else b""
    except EvidenceError as error:
        report.add([Problem("unreadable", chain_file, detail=str(error))])
        chain = b""
    audit = audit_chain(chain, chain_file, roots)
    report.add(audit.problems)
    report.entries, report.counter_signed = audit.frontier.size, audit.counter_signed
    report.time_stamped_ms = audit.time_stamped_ms
    report.add(audit_head(audit, scene.tree, head_file))
    report.add(_audit_receipts(audit, receipts))
    _verify_bundles(scene, audit)
    report.add(Problem("unknown_hub", detail=hub) for hub in sorted(audit.hubs))
    return chain_file, audit.lineage


def _verify_bundles(scene: _Scene, audit: Audit) -> None:
    tree, report, under = scene.tree, scene.report, f"{scene.top}bundles/"
    present = set(folders(tree, under))
    known = {b.name: b for b in audit.ledger.bundles.values()}
    for bundle in audit.ledger.bundles.values():
        if bundle.number in audit.ledger.deleted:
            if bundle.name in present:
                report.add([Problem("bundle_left", under + bundle.name)])
        elif bundle.name not in present:
            report.add([Problem("bundle_removed", under + bundle.name, link=f"chain {bundle.number}")])
    for name in sorted(present):
        checked = scene.check(f"bundles/{name}/", BUNDLE, audit.lineage)
        if name in known:
            report.add(_against_chain(checked, known[name], f"{under}{name}/"))
        else:
            report.add([_unchained(checked, audit, under + name)])
    for path in tree.sizes:
        inside = path[len(scene.top) :]
        if inside.startswith("staging/"):
            report.add([Problem("leftover", path)])
        elif "/" not in inside.removeprefix("bundles/") and inside not in _STORE_FILES:
            report.add([Problem("foreign_file", path)])


def _against_chain(checked: Checked, sealed: Sealed, prefix: str) -> list[Problem]:
    """A bundle's own entry against the chain's line for it."""
    if checked.entry is None:
        return []
    body = checked.entry.body
    expected = {"number": sealed.number, "manifest": sealed.manifest, "seal": sealed.seal, "t_ms": sealed.sealed_ms}
    return [
        Problem("field_differs", prefix + ENTRY_FILE, name, f"chain {sealed.number}", f"{body.get(name)} ≠ {value}")
        for name, value in expected.items()
        if body.get(name) != value
    ]


def _unchained(checked: Checked, audit: Audit, path: str) -> Problem:
    entry = checked.entry
    follows = entry is not None and entry.body["previous"] == audit.tip and not checked.problems
    if follows and entry is not None and entry.body["number"] == audit.frontier.size:
        return Problem("seal_unfinished", path)
    return Problem("bundle_foreign", path, link=f"{entry.body['number']}" if entry is not None else "")


def _verify_case(scene: _Scene) -> tuple[str, Lineage]:
    case = scene.check("", CASE, None, apart="bundles/")
    head = _case_head(scene, case)
    if case.manifest is not None and "bundles" in case.manifest:
        listed = {str(b["name"]): b for b in case.manifest["bundles"]}
        under = f"{scene.top}bundles/"
        present = set(folders(scene.tree, under))
        scene.report.add(Problem("file_gone", under + name) for name in sorted(listed.keys() - present))
        for name in sorted(present):
            checked = scene.check(f"bundles/{name}/", BUNDLE, case.lineage)
            if name in listed:
                scene.report.add(_against_case(checked, f"{under}{name}/{ENTRY_FILE}", listed[name], head))
            else:
                scene.report.add([Problem("bundle_foreign", under + name)])
    return scene.top + KEYS_FILE, case.lineage


def _case_head(scene: _Scene, case: Checked) -> dict[str, Any] | None:
    """The signed head the inclusion proofs lead to, None where it is absent or does not hold."""
    path = scene.top + HEAD_FILE
    if path not in scene.tree.sizes:
        return None
    head = signed_statement(scene.tree, path, HEAD_FORMAT, case.lineage)
    if isinstance(head, Problem):
        scene.report.add([head])
        return None
    if scene.holds(RECEIPT_FILE):
        scene.report.add(_case_receipt(scene, case.lineage, head.body))
    return head.body


def _case_receipt(scene: _Scene, lineage: Lineage, head: dict[str, Any]) -> Iterable[Problem]:
    """The hub's counter-signature on the head the proofs lead to."""
    path = scene.top + RECEIPT_FILE
    try:
        receipt, counter_signed = read_receipt(read(scene.tree, path), lineage)
    except EvidenceError as error:
        return [Problem("receipt_wrong", path, detail=str(error))]
    if counter_signed != head:
        return [Problem("receipt_wrong", path, "head")]
    scene.report.counter_signed = int(head["size"])
    return [Problem("unknown_hub", path, "hub_key", detail=receipt["hub_key"])]


def _against_case(
    checked: Checked, path: str, listed: dict[str, Any], head: dict[str, Any] | None
) -> Iterable[Problem]:
    """A bundle in an archive: the one the case lists, and included in the chain whose head is given."""
    entry = checked.entry
    if entry is None or head is None:
        return []
    if entry.body["manifest"] != listed["manifest"] or entry.body["name"] != listed["name"]:
        return [Problem("field_differs", path, "manifest", detail=f"case.json says {listed['manifest']}")]
    return [] if _is_proven(entry, listed["proof"], head) else [Problem("proof_wrong", path)]


def _is_proven(entry: Statement, proof: list[str], head: dict[str, Any]) -> bool:
    try:
        steps = [bytes.fromhex(step) for step in proof]
        root = bytes.fromhex(head["root"])
    except (ValueError, TypeError):
        return False
    return included(leaf_hash(entry.raw), entry.body["number"], head["size"], steps, root)


def _audit_receipts(audit: Audit, receipts: Sequence[str]) -> Iterable[Problem]:
    for number, text in enumerate(receipts, 1):
        try:
            _, head = read_receipt(text.encode(), audit.lineage)
        except EvidenceError as error:
            yield Problem("receipt_wrong", f"receipt {number}", detail=str(error))
            continue
        if head["size"] > audit.frontier.size:
            yield from compare_head(audit, head, f"receipt {number}")
        elif audit.root_of(head["size"]).hex() != head["root"]:
            yield Problem("receipt_wrong", f"receipt {number}", "head.root", detail=f"{head['size']} entries")


def _identify(report: Report, lineage: Lineage, fingerprint: str | None, file: str) -> None:
    report.site = lineage.site or ""
    report.fingerprint = next(iter(lineage.keys), "")
    report.signer = lineage.active
    if fingerprint is None:
        report.add([Problem("no_fingerprint", detail=report.fingerprint)])
    elif fingerprint not in lineage.keys:
        report.add([Problem("wrong_fingerprint", file, "public_key", detail=report.fingerprint or "no key")])
