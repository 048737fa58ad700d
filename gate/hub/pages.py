"""The built web pages, as files; every address of the pages answers with the one page they are."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

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

router = APIRouter(include_in_schema=False, dependencies=[ANYONE])


@router.get("/{path:path}")
async def page(path: str) -> FileResponse:
    """A file of the bundle, or the page itself for every other address outside /api and /sites."""
    if path.startswith(("api/", "sites/", "evidence/")):
        raise HTTPException(404, "no such address")
    file = _FILES.get(path)
    if file is None:
        return _answer(DIST / "index.html", "no-cache")
    hashed = path.startswith("assets/")
    return _answer(file, "public, max-age=31536000, immutable" if hashed else "no-cache")


def _answer(file: Path, cache: str) -> FileResponse:
    media_type = _TYPES.get(file.suffix, "application/octet-stream")
    return FileResponse(file, media_type=media_type, headers={"Cache-Control": cache})


_FILES = {str(p.relative_to(DIST)): p for p in DIST.rglob("*") if p.is_file()}
