"""Evidence files: taken in parts that can be resumed, checked when whole, given only to those who see the site."""

import asyncio
import hashlib
import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.context import Hub, Person, TheHub, TheSite, log_look, needs
from gate.hub.file_store import FileStoreError
from gate.hub.roles import Right
from gate.hub.tables import File

router = APIRouter(prefix="/api/v1/files", tags=["files"])

_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".mkv": "video/x-matroska",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
}
_SHOWN_INLINE = {"image/jpeg", "image/png", "video/mp4"}

Owner = Annotated[str, Query(min_length=1, max_length=256, description="id of the passage or finding")]
FileName = Annotated[str, Query(pattern=r"^\w[\w.-]{0,127}$", description="no folders")]


class Part(BaseModel):
    """A part of a file. size, sha256: of the whole file. offset: where in it the part begins."""

    owner: Owner
    name: FileName
    size: Annotated[int, Query(ge=1, le=2**53)]
    sha256: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")]
    offset: Annotated[int, Query(ge=0, le=2**53)]


class Progress(BaseModel):
    """How much of a file the hub has. complete: all of it, and its digest is right."""

    id: int
    received: int
    complete: bool


@router.put("", summary="Take a part of a file")
async def put_part(request: Request, hub: TheHub, site: TheSite, part: Annotated[Part, Query()]) -> Progress:
    """The part begins at `offset`, which must be what the hub has; ask GET /api/v1/files/progress after a break."""
    if part.size > hub.settings.max_file_bytes:
        raise HTTPException(413, f"a file may have {hub.settings.max_file_bytes} bytes")
    content = await request.body()
    async with hub.store.write() as session:
        file = await _file(session, hub, site.id, part)
    if file.complete:
        return _progress(file)
    if part.offset != file.received or part.offset + len(content) > file.size:
        raise HTTPException(409, {"received": file.received, "message": "the part begins not where the file ends"})
    try:
        problem = await asyncio.to_thread(_take, hub, file, part.offset, content)
    except FileStoreError as error:
        raise HTTPException(503, "the file store does not take it now; send it again") from error
    async with hub.store.write() as session:
        row = await session.get_one(File, file.id, with_for_update=True)
        if row.complete or row.received != part.offset:
            raise HTTPException(409, {"received": row.received, "message": "the same part came twice at once"})
        row.received += len(content)
        if row.received == row.size:
            row.complete = problem is None
            row.received = row.size if row.complete else 0
        answer = _progress(row)
    if problem:
        raise HTTPException(422, problem)
    if answer.complete:
        hub.bus.publish("file", site.id, {"owner": part.owner, "name": part.name, "id": answer.id})
    return answer


@router.get("/progress", summary="How much of a file is here")
async def progress(hub: TheHub, site: TheSite, owner: Owner, name: FileName) -> Progress:
    async with hub.store.read() as session:
        query = select(File).where(File.site == site.id, File.owner == owner, File.name == name)
        file = (await session.execute(query)).scalar_one_or_none()
    if file is None:
        raise HTTPException(404, "nothing of this file is here")
    return _progress(file)


@router.get("/{file_id}", summary="A file's content; ranges are answered", response_class=Response)
async def content(
    file_id: Annotated[int, PathParam(ge=1, le=2**53)],
    request: Request,
    hub: TheHub,
    person: Annotated[Person, needs(Right.WATCH)],
) -> Response:
    async with hub.store.read() as session:
        file = await session.get(File, file_id)
    if file is None or not file.complete or not person.sees(file.site):
        raise HTTPException(404, "no such file")
    if request.headers.get("range", "bytes=0-").startswith("bytes=0-"):  # a player's later parts are the same look
        async with hub.store.write() as session:
            log_look(session, hub, person, "look at file", f"{file.owner}/{file.name}", file.site)
    inline = "inline" if file.media_type in _SHOWN_INLINE else "attachment"
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=86400"}
    if hub.files is hub.arrivals:
        return FileResponse(
            hub.arrivals.path(file),
            media_type=file.media_type,
            filename=file.name,
            content_disposition_type=inline,
            headers=headers,
        )
    headers["Content-Disposition"] = f"{inline}; filename*=UTF-8''{quote(file.name)}"
    return _stretch(hub, file, request.headers.get("range", ""), headers)


def _stretch(hub: Hub, file: File, asked: str, headers: dict[str, str]) -> Response:
    """A file out of a store, or the one stretch of it that is asked for."""
    start, end = 0, file.size - 1
    headers |= {"Accept-Ranges": "bytes"}
    found = re.fullmatch(r"bytes=(\d{1,15})-(\d{0,15})", asked)
    if found is not None:
        start, end = int(found[1]), min(int(found[2] or end), end)
        if start > end:
            raise HTTPException(416, "the file ends before", {"Content-Range": f"bytes */{file.size}"})
        headers |= {"Content-Range": f"bytes {start}-{end}/{file.size}"}
    headers |= {"Content-Length": str(end - start + 1)}
    blocks = hub.files.blocks(file, start, end - start + 1)
    return StreamingResponse(blocks, 200 if found is None else 206, headers, file.media_type)


async def files_of(session: AsyncSession, site: str, owners: list[str]) -> list[dict[str, object]]:
    """The whole files of some passages or findings."""
    query = select(File).where(File.site == site, File.owner.in_(owners), File.complete).order_by(File.id)
    return [
        {"id": f.id, "owner": f.owner, "name": f.name, "media_type": f.media_type, "size": f.size, "sha256": f.sha256}
        for f in (await session.execute(query)).scalars()
    ]


async def _file(session: AsyncSession, hub: Hub, site: str, part: Part) -> File:
    media_type = _TYPES.get(Path(part.name).suffix.lower(), "application/octet-stream")
    await hub.store.insert_new(
        session,
        File,
        site=site,
        owner=part.owner,
        name=part.name,
        media_type=media_type,
        size=part.size,
        received=0,
        sha256=part.sha256,
        complete=False,
        created_ms=hub.clock(),
    )
    query = select(File).where(File.site == site, File.owner == part.owner, File.name == part.name).with_for_update()
    file = (await session.execute(query)).scalar_one()
    if (file.size, file.sha256) != (part.size, part.sha256):
        if file.complete:
            raise HTTPException(409, {"received": file.size, "message": "another file of this name is already here"})
        file.size, file.sha256, file.received = part.size, part.sha256, 0
    return file


def _progress(file: File) -> Progress:
    return Progress(id=file.id, received=file.received, complete=file.complete)


def _take(hub: Hub, file: File, offset: int, part: bytes) -> str | None:
    """Write a part; with the last, hand the whole file to the store, or say why it is not what it claims to be."""
    path = hub.arrivals.path(file)
    _write_part(path, offset, part)
    if offset + len(part) < file.size:
        return None
    problem = _problem(path, file.sha256, file.media_type)
    if problem is None:
        hub.files.keep(file)
    return problem


def _write_part(path: Path, offset: int, part: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(handle, offset)
        os.pwrite(handle, part, offset)
        os.fsync(handle)
    finally:
        os.close(handle)


def _problem(path: Path, sha256: str, media_type: str) -> str | None:
    """Why a whole file is not what it claims to be."""
    with path.open("rb") as handle:
        head = handle.read(12)
        handle.seek(0)
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    if digest != sha256:
        return "the file's digest differs from the one announced; send it again from the start"
    magic = {
        "image/jpeg": head[:3] == b"\xff\xd8\xff",
        "image/png": head[:4] == b"\x89PNG",
        "video/mp4": head[4:8] == b"ftyp",
    }
    if not magic.get(media_type, True):
        return f"the content is no {media_type}"
    return None
