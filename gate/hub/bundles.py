"""Sealed evidence at the hub: a passage's bundle put together from the files its site sent, verified, and exported."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from sqlalchemy import select
from starlette.background import BackgroundTask

from gate.errors import EvidenceError
from gate.evidence.hub_routes import PAGE
from gate.evidence.verify import verify
from gate.facts import canonical_json
from gate.hub.context import Hub, Person, TheHub, log_look, needs
from gate.hub.roles import Right
from gate.hub.tables import File, Passage
from gate.uplink.plan import hub_name

router = APIRouter(prefix="/api/v1/passages/{passage_id}", tags=["evidence"])

_MANIFEST, _ENTRY = "manifest.json", "entry.json"
_VOUCHERS = (_MANIFEST, "seal.json", _ENTRY)


@router.get("/verification", summary="Verify a passage's sealed evidence as it lies here")
async def verification(passage_id: str, hub: TheHub, person: Annotated[Person, needs(Right.SEARCH)]) -> dict[str, Any]:
    """standing: valid, incomplete (the site has not sent all of it), tampered, or absent: nothing sealed came yet.

    Everything is read and hashed anew. counter_signed: whether the hub's own receipt covers the bundle.
    """
    site, files = await _files(hub, person, passage_id, "verify evidence")
    if _MANIFEST not in files:
        return {"standing": "absent", "problems": [], "files": len(files), "bytes": 0}
    return await run_in_threadpool(_verify, hub, site, files)


@router.get("/evidence.zip", summary="A passage's sealed evidence as an archive", response_class=FileResponse)
async def export_evidence(passage_id: str, hub: TheHub, person: Annotated[Person, needs(Right.EXPORT)]) -> FileResponse:
    """The bundle byte for byte, the hub's receipts, the report of its verification, a page that verifies offline."""
    site, files = await _files(hub, person, passage_id, "export")
    if _MANIFEST not in files:
        raise HTTPException(409, "the site has not sealed this passage yet, or has not sent it")
    archive = await run_in_threadpool(_archive, hub, site, files)
    return FileResponse(
        archive,
        media_type="application/zip",
        filename=f"{passage_id}.zip",
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(archive.unlink),
    )


async def _files(hub: Hub, person: Person, passage_id: str, action: str) -> tuple[str, dict[str, File]]:
    """The passage's site, and the files here by name. Raises HTTP 404."""
    async with hub.store.write() as session:
        passage = await session.get(Passage, passage_id)
        if passage is None or not person.sees(passage.site):
            raise HTTPException(404, "no such passage")
        query = select(File).where(File.site == passage.site, File.owner == passage_id, File.complete)
        files = {f.name: f for f in (await session.execute(query)).scalars()}
        log_look(session, hub, person, action, passage_id, passage.site)
    return passage.site, files


def _verify(hub: Hub, site: str, files: dict[str, File]) -> dict[str, Any]:
    with _bundle(hub, files) as folder:
        try:
            report = verify(folder, _fingerprint(hub, site)).to_json()
        except EvidenceError as error:
            problem = {"level": "tampered", "code": "unreadable", "zh": str(error), "en": str(error)}
            return {"standing": "tampered", "problems": [problem], "files": len(files), "bytes": 0}
        number = int(json.loads((folder / _ENTRY).read_bytes())["body"]["number"]) if (folder / _ENTRY).exists() else 0
    memory = hub.heads.memory(site)
    covered = memory is not None and int(memory.head()["size"]) > number
    return {**report, "counter_signed": covered}


def _fingerprint(hub: Hub, site: str) -> str | None:
    """The site's first key as the hub counter-signed it, None before its first head."""
    try:
        return hub.heads.site_fingerprint(site)
    except EvidenceError:
        return None


def _archive(hub: Hub, site: str, files: dict[str, File]) -> Path:
    report = _verify(hub, site, files)
    with tempfile.NamedTemporaryFile(dir=hub.settings.data_dir, suffix=".zip", delete=False) as out:
        archive = Path(out.name)
    try:
        with _bundle(hub, files) as folder, zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                packed.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
            packed.writestr("verification.json", canonical_json(report))
            packed.writestr("verify.html", PAGE)
            for number, receipt in enumerate(hub.heads.receipts(site), 1):
                packed.writestr(f"receipts/{number:06}.json", receipt)
    except BaseException:
        archive.unlink()
        raise
    return archive


@contextmanager
def _bundle(hub: Hub, files: dict[str, File]) -> Iterator[Path]:
    """The bundle's folder as the site sealed it, for a while; what is not here is not in it."""
    with tempfile.TemporaryDirectory(dir=hub.settings.data_dir, prefix="bundle-") as scratch:
        vouchers = {name: hub.files.read(files[name]) for name in _VOUCHERS if name in files}
        folder = Path(scratch) / _name(vouchers.get(_ENTRY, b""))
        folder.mkdir()
        for name, content in vouchers.items():
            (folder / name).write_bytes(content)
        for path in _listed(vouchers[_MANIFEST]):
            file = files.get(hub_name(PurePosixPath(path)))
            target = folder / path
            if file is None or not target.resolve().is_relative_to(folder.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with hub.files.open(file) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
        yield folder


def _listed(manifest: bytes) -> list[str]:
    """Paths the manifest names; none when it is no manifest, which verification will say."""
    try:
        return [path for f in json.loads(manifest)["files"] if (path := str(f["path"])).strip("./")]
    except (ValueError, KeyError, TypeError):
        return []


def _name(entry: bytes) -> str:
    """The folder name its chain entry gives it."""
    try:
        name = str(json.loads(entry)["body"]["name"])
    except (ValueError, KeyError, TypeError):
        return "bundle"
    return name if name and "/" not in name and not name.startswith(".") else "bundle"
