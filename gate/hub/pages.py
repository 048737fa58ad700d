"""The built web pages, as files; every address of the pages answers with the one page they are."""

import gzip
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from gate.hub.context import ANYONE

DIST = Path(__file__).parent / "web" / "dist"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".html": "text/html",
}
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
SAFETY_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}

_PACKED = frozenset({".js", ".css", ".html", ".svg"})

router = APIRouter(include_in_schema=False, dependencies=[ANYONE])


@router.get("/{path:path}")
async def page(path: str, request: Request) -> Response:
    """A file of the bundle, or the page itself for every other address outside /api and /sites."""
    if path.startswith(("api/", "sites/", "evidence/")):
        raise HTTPException(404, "no such address")
    file = _FILES.get(path, DIST / "index.html")
    kept = "public, max-age=31536000, immutable" if path in _FILES and path.startswith("assets/") else "no-cache"
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
    media_type = _TYPES.get(file.suffix, "application/octet-stream")
    if file.suffix in _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_packed(file), headers={**headers, "Content-Encoding": "gzip"}, media_type=media_type)
    return FileResponse(file, media_type=media_type, headers=headers)


@cache
def _packed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), mtime=0)


_FILES = {str(p.relative_to(DIST)): p for p in DIST.rglob("*") if p.is_file()}
