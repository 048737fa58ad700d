"""A bundle on disk: its files, its manifest, its seal.

manifest.json   canonical JSON: everything the bundle holds, SHA-256 and size of every file
seal.json       statement: digest of the manifest, and of each of its fields, signed by the site's key
entry.json      statement: the bundle's entry in the chain, the same bytes as its line there
keys.jsonl      the chain's entries about keys so far, so that the bundle can be checked alone
record/ weight/ clips/ burned/ plates/ attachments/
"""

import csv
import dataclasses
import io
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.draft import BundleDraft, Clip, PlateCrop
from gate.evidence.files import copy_new, hold_directory, sync_directory
from gate.evidence.statement import sha256
from gate.facts import Weighing, WeightSample, canonical_json, fact_line, to_plain

MANIFEST_FORMAT = "gatewarden-bundle/1"
SEAL_FORMAT = "gatewarden-seal/1"
MANIFEST_FILE, SEAL_FILE, ENTRY_FILE, KEYS_FILE = "manifest.json", "seal.json", "entry.json", "keys.jsonl"
UNLISTED = frozenset({MANIFEST_FILE, SEAL_FILE, ENTRY_FILE})  # vouched for by the seal and the chain instead
FOLDERS = ("attachments", "burned", "clips", "plates", "record", "weight")
_CLIP_FOLDERS = {"original": "clips", "burned": "burned"}


def bundle_name(number: int, subject_id: str) -> str:
    """Folder name of a bundle: the number of its chain entry, and what it is about."""
    return f"{number:08d}-{safe_name(subject_id)[:120]}"


def safe_name(text: str) -> str:
    """Text as a file name: letters and digits of any script, '_', '-' and '.', never leading."""
    return re.sub(r"[^\w.-]", "_", text).lstrip(".") or "_"


class Staging:
    """A folder in which a bundle's files gather. Each file is listed with role, size, SHA-256 as it is written.

    It is held by a lock of the kernel's until `close`, so that another process can tell it from a dead one's.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: list[dict[str, Any]] = []
        self._unsynced: list[Path] = []
        self._paths: set[str] = set()
        directory.mkdir(parents=True)
        self._held = hold_directory(directory)

    def close(self) -> None:
        """Let go of the folder."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def write(self, path: str, data: bytes, role: str, **about: Any) -> None:
        """Write one file from memory; synced by `sync`."""
        target = self._target(path)
        target.write_bytes(data)
        self._unsynced.append(target)
        self.files.append({"path": path, "role": role, "size": len(data), "sha256": sha256(data), **about})

    def copy(self, path: str, source: Path, role: str, **about: Any) -> None:
        """Copy one file bit for bit. Raises EvidenceError when it cannot be read."""
        try:
            size, digest = copy_new(source, self._target(path))
        except FileNotFoundError as error:
            raise EvidenceError(f"{source}: {error.strerror}") from error
        self.files.append({"path": path, "role": role, "size": size, "sha256": digest, **about})

    def write_unlisted(self, name: str, data: bytes) -> None:
        """Write one of the files that vouch for the others."""
        target = self.directory / name
        target.write_bytes(data)
        self._unsynced.append(target)

    def sync(self) -> None:
        """Make every file and name durable."""
        for path in self._unsynced:
            fd = os.open(path, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        for folder in sorted({(self.directory / p).parent for p in self._paths} | {self.directory}):
            sync_directory(folder)

    def _target(self, path: str) -> Path:
        if path in self._paths:
            raise EvidenceError(f"{path}: two files of one name in a bundle")
        self._paths.add(path)
        target = self.directory / path
        target.parent.mkdir(exist_ok=True)
        return target


def stage(draft: BundleDraft, staging: Staging) -> None:
    """Write everything the draft holds. Raises EvidenceError for a clip that is absent without a gap."""
    _check_cameras(draft)
    for clip in draft.clips:
        _stage_clip(clip, staging)
    _stage_record(draft, staging)
    _stage_weight(draft, staging)
    for crop in draft.crops:
        _stage_crop(crop, staging)
    for attachment in draft.attachments:
        path = f"attachments/{safe_name(attachment.name)}"
        if isinstance(attachment.data, Path):
            staging.copy(path, attachment.data, "attachment")
        else:
            staging.write(path, attachment.data, "attachment")


def manifest_body(draft: BundleDraft, files: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The manifest's fields that follow from the draft alone; the chain adds its own."""
    return {
        "format": MANIFEST_FORMAT,
        "subject": draft.subject(),
        "findings": [
            {"id": f.id, "rule": f.rule, "version": f.version, "severity": int(f.severity), "thresholds": f.thresholds}
            for f in draft.findings
        ],
        "rules": [{"rule": r.rule, "version": r.version, "thresholds": dict(r.thresholds)} for r in draft.rules],
        "cameras": sorted({*draft.cameras, *(c.camera for c in draft.clips)}),
        "models": [dataclasses.asdict(m) for m in draft.models],
        "software": draft.software,
        "clock": dataclasses.asdict(draft.clock) if draft.clock else None,
        "gaps": [dataclasses.asdict(g) for g in draft.gaps],
        "files": sorted((dict(f) for f in files), key=lambda f: str(f["path"])),
    }


def seal_body(manifest: Mapping[str, Any], manifest_bytes: bytes) -> dict[str, Any]:
    """What the site's key signs: the manifest's digest, and one digest per field so that a change can be named."""
    return {
        "format": SEAL_FORMAT,
        "site": manifest["site"],
        "key": manifest["key"],
        "t_ms": manifest["sealed_ms"],
        "number": manifest["number"],
        "manifest": sha256(manifest_bytes),
        "fields": {name: sha256(canonical_json(value).encode()) for name, value in manifest.items()},
    }


def curve_csv(weighing: Weighing) -> bytes:
    """The weight over time: t_ms, kg."""
    return _csv(("t_ms", "kg"), weighing.curve)


def frames_csv(frames: Iterable[WeightSample]) -> bytes:
    """Every reading with the indicator's raw frame in hex."""
    rows = ((f.t_ms, f.kg, f.stable, f.net, f.overload, f.raw) for f in frames)
    return _csv(("t_ms", "kg", "stable", "net", "overload", "raw_hex"), rows)


def _csv(header: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _check_cameras(draft: BundleDraft) -> None:
    seen = {c.camera for c in draft.clips if c.kind == "original"}
    excused = {g.device for g in draft.gaps}
    for camera in draft.cameras:
        if camera not in seen | excused:
            raise EvidenceError(f"camera {camera}: no original clip, and no gap that says why")


def _stage_clip(clip: Clip, staging: Staging) -> None:
    suffix = clip.path.suffix or ".mp4"
    path = f"{_CLIP_FOLDERS[clip.kind]}/{safe_name(clip.camera)}-{clip.start_ms}{suffix}"
    staging.copy(path, clip.path, clip.kind, camera=clip.camera, start_ms=clip.start_ms, end_ms=clip.end_ms)


def _stage_record(draft: BundleDraft, staging: Staging) -> None:
    if draft.passage is not None:
        staging.write("record/passage.json", canonical_json(to_plain(draft.passage)).encode(), "passage")
    if draft.slip is not None:
        staging.write("record/slip.json", canonical_json(dict(draft.slip)).encode(), "slip")
    for path, role, lines in (
        ("record/findings.jsonl", "findings", [canonical_json(to_plain(f)) for f in draft.findings]),
        ("record/tickets.jsonl", "tickets", [fact_line(t) for t in (draft.passage.tickets if draft.passage else ())]),
        ("record/facts.jsonl", "facts", [fact_line(f) for f in draft.facts]),
    ):
        if lines:
            staging.write(path, "".join(f"{line}\n" for line in lines).encode(), role)


def _stage_weight(draft: BundleDraft, staging: Staging) -> None:
    for weighing in draft.passage.weighings if draft.passage else ():
        path = f"weight/{safe_name(weighing.scale)}-{weighing.number}.curve.csv"
        staging.write(path, curve_csv(weighing), "curve", scale=weighing.scale, weighing=weighing.number)
    for scale in sorted({f.scale for f in draft.frames}):
        path = f"weight/{safe_name(scale)}.frames.csv"
        staging.write(path, frames_csv(f for f in draft.frames if f.scale == scale), "frames", scale=scale)


def _stage_crop(crop: PlateCrop, staging: Staging) -> None:
    number = sum(f["role"] == "plate" for f in staging.files) + 1
    path = f"plates/{number:02d}-{safe_name(crop.camera)}-{crop.t_ms}.png"
    staging.write(path, crop.png, "plate", camera=crop.camera, t_ms=crop.t_ms, plate=crop.text)
