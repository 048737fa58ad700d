"""Export of a case: several bundles in one zip archive that opens and verifies on a computer without network.

    index.html  viewer.js  viewer.css  verify.js  words.js  data.js  README.txt     to look at
    case.json  seal.json  entry.json  keys.jsonl  head.json  [receipt.json]         to prove
    bundles/<name>/…                                                                as they lie in the store

Of the rest of the chain the archive holds nothing: each bundle's place is shown by a Merkle inclusion proof that
leads to head.json. Where the hub counter-signed a head that covers all the bundles, head.json is that very head.
"""

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.bundle import seal_body
from gate.evidence.case_data import case_data
from gate.evidence.chain import HEAD_FILE, HEAD_FORMAT, Chain
from gate.evidence.files import BLOCK_BYTES, sync_directory
from gate.evidence.ledger import Sealed
from gate.evidence.lineage import CHAIN_FORMAT
from gate.evidence.merkle import inclusion_proof, leaf_hash
from gate.evidence.receipt import RECEIPT_FILE, HubMemory, head_text
from gate.evidence.report import Standing, words
from gate.evidence.sealed import CASE, ENTRY_FILE, KEYS_FILE, SEAL_FILE
from gate.evidence.statement import read_statement, sha256
from gate.evidence.store import EvidenceStore
from gate.evidence.verify import verify
from gate.facts import canonical_json

WEB = Path(__file__).parent / "web"
_VIEWER_FILES = ("index.html", "viewer.css", "viewer.js", "verify.js", "README.txt")
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say; the case carries its own times


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """What to export, for whom. bundles: numbers of their chain entries. title: for people, may be empty."""

    case: str
    who: str
    purpose: str
    bundles: tuple[int, ...]
    title: str = ""
    language: str = "zh"


def export_case(store: EvidenceStore, draft: CaseDraft, archive: Path, exported_ms: int) -> Path:
    """Write the archive, and its export into the chain. The file appears whole or not at all.

    Raises EvidenceError when a bundle is unknown, deleted or tampered with, or the archive exists already.
    """
    if archive.exists():
        raise EvidenceError(f"{archive}: exists already")
    if not draft.bundles:
        raise EvidenceError("a case needs at least one bundle")
    numbers = sorted(set(draft.bundles))
    paths = [store.bundle_path(n) for n in numbers]
    for path in paths:
        _refuse_tampered(path)
    temporary = archive.with_name(f".{archive.name}.new")
    try:
        with _CaseFile(temporary) as out:
            for path in paths:
                for file in sorted(p for p in path.rglob("*") if p.is_file()):
                    out.copy(f"bundles/{path.name}/{file.relative_to(path).as_posix()}", file)
            _write_viewer(out, draft, paths, store.site, exported_ms)
            store.commit_with(lambda chain: _vouch(out, draft, numbers, chain, exported_ms))
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.rename(archive)
        sync_directory(archive.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return archive


class _CaseFile:
    """The archive being written: entries stored as they are, without compression, in a fixed form."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_STORED, allowZip64=True)
        self.listed: list[dict[str, Any]] = []

    def __enter__(self) -> "_CaseFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self._zip.close()

    def write(self, path: str, data: bytes, *, listed: bool = True) -> None:
        with self._zip.open(_entry(path), "w") as out:
            out.write(data)
        if listed:
            self.listed.append({"path": path, "size": len(data), "sha256": sha256(data)})

    def copy(self, path: str, source: Path) -> None:
        """A file of a bundle, which its own manifest vouches for."""
        large = source.stat().st_size >= zipfile.ZIP64_LIMIT
        with source.open("rb") as read, self._zip.open(_entry(path), "w", force_zip64=large) as out:
            while block := read.read(BLOCK_BYTES):
                out.write(block)


def _entry(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _ZIP_DATE)
    info.external_attr = 0o100644 << 16
    return info


def _refuse_tampered(path: Path) -> None:
    report = verify(path)
    if report.standing is Standing.TAMPERED:
        first = next(p for p in report.problems if p.level == "tampered")
        raise EvidenceError(f"{path.name} is not exported: {first.say()}")


def _write_viewer(out: _CaseFile, draft: CaseDraft, paths: Sequence[Path], site: str, exported_ms: int) -> None:
    about = {
        "case": draft.case,
        "title": draft.title,
        "site": site,
        "who": draft.who,
        "purpose": draft.purpose,
        "exported_ms": exported_ms,
        "language": draft.language,
    }
    for name in _VIEWER_FILES:
        out.write(name, (WEB / name).read_bytes())
    out.write("words.js", words_script().encode())
    out.write("data.js", f"window.CASE={canonical_json({**about, 'bundles': case_data(paths)})};\n".encode())


def words_script() -> str:
    """The sayings of verification in both languages, for the pages."""
    return f"window.GATEWARDEN_WORDS={canonical_json(words())};\n"


def _vouch(out: _CaseFile, draft: CaseDraft, numbers: list[int], chain: Chain, exported_ms: int) -> Any:
    """Write what proves the case; the chain entry that logs the export is returned for appending."""
    leaves, receipt = _leaves_and_receipt(chain, max(numbers))
    head = head_text(receipt).encode() if receipt else chain.head().raw
    leaves = leaves[: read_statement(head, HEAD_FORMAT).body["size"]]
    out.write(KEYS_FILE, b"".join(line + b"\n" for line in chain.key_lines))
    out.write(HEAD_FILE, head)
    if receipt:
        out.write(RECEIPT_FILE, receipt.encode())
    manifest = {
        "format": CASE.manifest_format,
        "site": chain.site,
        "key": chain.lineage.active,
        "number": len(chain),
        "previous": chain.tip,
        "case": draft.case,
        "title": draft.title,
        "who": draft.who,
        "purpose": draft.purpose,
        "exported_ms": exported_ms,
        "bundles": list(_proofs([chain.ledger.bundles[n] for n in numbers], leaves)),
        "files": sorted(out.listed, key=lambda f: str(f["path"])),
    }
    text = canonical_json(manifest).encode()
    seal = chain.sign({**seal_body({**manifest, "sealed_ms": exported_ms}, text), "format": CASE.seal_format})
    payload = {"case": draft.case, "who": draft.who, "purpose": draft.purpose, "bundles": numbers}
    entry = chain.prepare("export", exported_ms, {**payload, "manifest": sha256(text), "seal": seal.digest})
    out.write(CASE.manifest_file, text, listed=False)
    out.write(SEAL_FILE, seal.raw, listed=False)
    out.write(ENTRY_FILE, entry.raw, listed=False)
    return entry


def _leaves_and_receipt(chain: Chain, last_bundle: int) -> tuple[list[bytes], str]:
    """Merkle leaves of all entries, and the hub's last receipt if its head covers that bundle."""
    leaves: list[bytes] = []
    receipt = ""
    for line in chain.lines():
        leaves.append(leaf_hash(line))
        if b'"kind":"receipt"' in line:
            receipt = str(read_statement(line, CHAIN_FORMAT).body["receipt"])
    covers = receipt and HubMemory((), receipt).head()["size"] > last_bundle
    return leaves, receipt if covers else ""


def _proofs(bundles: Sequence[Sealed], leaves: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    for bundle in bundles:
        proof = [step.hex() for step in inclusion_proof(leaves, bundle.number)]
        yield {
            "name": bundle.name,
            "number": bundle.number,
            "id": bundle.id,
            "manifest": bundle.manifest,
            "proof": proof,
        }
