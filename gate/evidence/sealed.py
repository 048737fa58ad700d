"""Checking one sealed folder: a bundle, or the case an archive holds. Both have the same build.

A manifest lists files and fields; seal.json signs the manifest; entry.json is its place in the chain; keys.jsonl
tells which keys may sign. What can be said without the manifest's word is said; what cannot is not guessed.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.lineage import CHAIN_FORMAT, Lineage
from gate.evidence.report import Problem
from gate.evidence.statement import Statement, read_canonical, read_statement, sha256
from gate.evidence.tree import UNREADABLE, Tree, read
from gate.facts import canonical_json

_GONE = "gone"
SEAL_FILE, ENTRY_FILE, KEYS_FILE = "seal.json", "entry.json", "keys.jsonl"


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells bundles and cases apart. payload: fields of the manifest that the chain entry repeats."""

    manifest_file: str
    manifest_format: str
    seal_format: str
    entry_kind: str
    time_field: str


BUNDLE = Kind("manifest.json", "gatewarden-bundle/1", "gatewarden-seal/1", "bundle", "sealed_ms")
CASE = Kind("case.json", "gatewarden-case/1", "gatewarden-case-seal/1", "export", "exported_ms")


@dataclass(slots=True)
class Checked:
    """What checking a sealed folder gave. manifest, entry: None where they could not be understood."""

    problems: list[Problem] = field(default_factory=list)
    manifest: dict[str, Any] | None = None
    entry: Statement | None = None
    lineage: Lineage = field(default_factory=Lineage)
    files: int = 0
    bytes: int = 0

    def add(self, code: str, file: str = "", name: str = "", link: str = "", detail: str = "") -> None:
        self.problems.append(Problem(code, file, name, link, detail))


def check_sealed(
    tree: Tree, prefix: str, kind: Kind, lineage: Lineage | None, *, pool: ThreadPoolExecutor, apart: str = ""
) -> Checked:
    """Check everything under a prefix of a tree.

    lineage: the site's keys where they are known from the chain; without it the folder's own keys.jsonl is believed,
    and the caller compares its first key with the fingerprint on paper. apart: a subfolder the manifest does not list.
    """
    found = Checked()
    found.lineage = lineage or _own_keys(tree, prefix, found)
    manifest_bytes = _content(tree, prefix + kind.manifest_file, found)
    seal = _statement(tree, prefix + SEAL_FILE, kind.seal_format, found)
    found.entry = _statement(tree, prefix + ENTRY_FILE, CHAIN_FORMAT, found)
    trusted = False
    if manifest_bytes is not None:
        trusted = _check_manifest(manifest_bytes, seal, prefix, kind, found)
        if seal is not None:
            _check_entry(manifest_bytes, seal, prefix, kind, found)
    if trusted and found.manifest is not None:
        listed = {prefix + str(f["path"]): f for f in found.manifest["files"]}
        _check_files(tree, listed, found, pool)
        known = listed.keys() | {prefix + n for n in (kind.manifest_file, SEAL_FILE, ENTRY_FILE)}
        others = (p for p in tree.sizes if p.startswith(prefix) and not (apart and p.startswith(prefix + apart)))
        found.problems.extend(Problem("unlisted", path) for path in others if path not in known)
    found.problems.extend(Problem("irregular", path) for path in tree.odd if path.startswith(prefix))
    return found


def _own_keys(tree: Tree, prefix: str, found: Checked) -> Lineage:
    lineage, path = Lineage(), prefix + KEYS_FILE
    if path not in tree.sizes:
        found.add("voucher_gone", path)
        return lineage
    try:
        lines = read(tree, path).split(b"\n")
        if lines.pop() != b"":
            raise EvidenceError("does not end with a newline")
        for line in lines:
            lineage.admit(read_statement(line, CHAIN_FORMAT))
    except (EvidenceError, KeyError, TypeError) as error:
        found.add("unreadable", path, detail=str(error))
    return lineage


def _content(tree: Tree, path: str, found: Checked) -> bytes | None:
    if path not in tree.sizes:
        found.add("voucher_gone", path)
        return None
    try:
        return read(tree, path)
    except EvidenceError as error:
        found.add("unreadable", path, detail=str(error))
        return None


def signed_statement(tree: Tree, path: str, form: str, lineage: Lineage) -> Statement | Problem:
    """A statement that a key of the site made and might make, or what is wrong with it. The file must be there."""
    try:
        statement = read_statement(read(tree, path), form)
        key = lineage.check(statement.body)
    except EvidenceError as error:
        name, _, _ = str(error).partition(":")
        if name in {"key", "site", "t_ms"}:
            return Problem("wrong_key", path, name, detail=str(error))
        return Problem("unreadable", path, detail=str(error))
    return statement if statement.signed_by(key.public) else Problem("bad_signature", path)


def _statement(tree: Tree, path: str, form: str, found: Checked) -> Statement | None:
    if path not in tree.sizes:
        found.add("voucher_gone", path)
        return None
    statement = signed_statement(tree, path, form, found.lineage)
    if isinstance(statement, Problem):
        found.problems.append(statement)
        return None
    return statement


def _check_manifest(raw: bytes, seal: Statement | None, prefix: str, kind: Kind, found: Checked) -> bool:
    """Whether the manifest's list of files can be believed."""
    path = prefix + kind.manifest_file
    if seal is None:
        return False
    if sha256(raw) == seal.body.get("manifest"):
        try:
            found.manifest = read_canonical(raw)
        except EvidenceError as error:
            found.add("unreadable", path, detail=str(error))
            return False
        _compare(found.manifest, seal.body, kind, path, found)
        return "files" in found.manifest
    try:
        manifest = json.loads(raw)
        texts = {str(name): canonical_json(value) for name, value in manifest.items()}
    except (ValueError, RecursionError, AttributeError) as error:
        found.add("unreadable", path, detail=str(error))
        return False
    fields: Mapping[str, str] = seal.body.get("fields", {})
    changed = [n for n in sorted({*texts, *fields}) if _digest_of(texts.get(n)) != fields.get(n)]
    for name in changed or [""]:
        found.add("field_altered", path, name, detail=_values(manifest.get(name)))
    found.manifest = {name: value for name, value in manifest.items() if changed and name not in changed}
    return "files" in found.manifest


def _digest_of(text: str | None) -> str | None:
    return None if text is None else sha256(text.encode("utf-8", "surrogatepass"))


def _values(value: Any) -> str:
    text = "" if value is None else canonical_json(value).encode("utf-8", "replace").decode()
    return text if len(text) <= 120 else text[:117] + "..."


def _compare(manifest: Mapping[str, Any], seal: Mapping[str, Any], kind: Kind, path: str, found: Checked) -> None:
    expected = {
        "format": kind.manifest_format,
        "site": seal["site"],
        "key": seal["key"],
        "number": seal.get("number"),
        kind.time_field: seal["t_ms"],
    }
    for name, value in expected.items():
        if manifest.get(name) != value:
            found.add("field_differs", path, name, detail=f"{manifest.get(name)!r}, seal.json says {value!r}")


def _check_entry(manifest_bytes: bytes, seal: Statement, prefix: str, kind: Kind, found: Checked) -> None:
    """Whether the chain entry is this very manifest's and seal's."""
    if found.entry is None:
        return
    path, body = prefix + ENTRY_FILE, found.entry.body
    expected = {
        "kind": kind.entry_kind,
        "number": seal.body.get("number"),
        "t_ms": seal.body.get("t_ms"),
        "manifest": seal.body.get("manifest"),
        "seal": seal.digest,
    }
    for name, value in expected.items():
        if body.get(name) != value:
            found.add("field_differs", path, name, detail=f"{body.get(name)!r}, seal.json says {value!r}")
    if found.manifest is not None and sha256(manifest_bytes) == seal.body.get("manifest"):
        for name in ("previous", "bundle", "previous_manifest"):
            if body.get(name) != found.manifest.get(name):
                found.add("field_differs", path, name, link=f"{body.get('number')} → {body.get('previous')}")


def _check_files(tree: Tree, listed: Mapping[str, Any], found: Checked, pool: ThreadPoolExecutor) -> None:
    owner = {str(f["sha256"]): path for path, f in listed.items()}
    present = [path for path in listed if path in tree.sizes]
    found.problems.extend(Problem("file_gone", path) for path in sorted(listed.keys() - set(present)))
    for path, digest in zip(present, pool.map(lambda p: _hash(tree, p), present), strict=True):
        found.files += 1
        found.bytes += tree.sizes[path]
        if digest == listed[path]["sha256"] and tree.sizes[path] == listed[path]["size"]:
            continue
        if digest == _GONE:
            found.add("file_gone", path)
        elif digest in owner:
            found.add("swapped", path, detail=owner[digest])
        elif tree.sizes[path] != listed[path]["size"]:
            found.add("resized", path, detail=f"{tree.sizes[path]} bytes, sealed were {listed[path]['size']}")
        else:
            found.add("altered", path, "sha256", detail=digest)


def _hash(tree: Tree, path: str) -> str:
    try:
        with tree.open(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return _GONE  # deleted under retention since the folder was listed
    except UNREADABLE as error:
        return f"unreadable: {error}"
