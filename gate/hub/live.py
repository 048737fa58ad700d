"""Live pictures, weights and news: from the sites through the hub to open pages."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import httpx
import structlog
import websockets
from fastapi import APIRouter, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi import Path as PathParam
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from websockets.asyncio.client import connect

from gate.hub.context import Hub, Person, TheHub, TheSite, hub_of, log_look, needs, person_of
from gate.hub.heartbeat import ShortId
from gate.hub.roles import Right
from gate.hub.tables import Site

router = APIRouter(tags=["live"])
log = structlog.get_logger(__name__)

_KEEPALIVE_S = 15.0
_FRAME_BYTES = 8 * 1024 * 1024
_CLOSE_GONE, _CLOSE_REFUSED = 1011, 1008

Id = Annotated[str, PathParam(pattern=r"^[\w.-]{1,64}$")]


class LiveSamples(BaseModel):
    """Weights of the last moment; shown, not stored. samples: (t_ms, kg, stable)."""

    model_config = ConfigDict(extra="forbid")
    scale: ShortId
    samples: Annotated[list[tuple[int, float, bool | None]], Field(min_length=1, max_length=200)]
    plate: Annotated[str, Field(max_length=32)] = ""
    ticket: Annotated[str, Field(max_length=128)] = ""


@router.post("/api/v1/live", status_code=204, summary="Show weights on open pages")
async def show_live(live: LiveSamples, hub: TheHub, site: TheSite) -> None:
    show(hub, site.id, live)


def show(hub: Hub, site: str, live: LiveSamples) -> None:
    """Weights for the pages that are open now."""
    hub.bus.publish("live", site, {"site": site, **live.model_dump()})


@router.get("/api/v1/events", summary="News as they happen (server-sent events)")
async def events(request: Request, hub: TheHub, person: Annotated[Person, needs(Right.WATCH)]) -> StreamingResponse:
    """Kinds: passage, alert, site, device, file, live, resync (load everything again). Ends with the session."""

    async def stream() -> AsyncIterator[str]:
        async with hub.bus.listen(person.sites) as listener:
            yield "retry: 2000\nevent: hello\ndata: {}\n\n"
            checked = time.monotonic()
            async for gathered in listener.events(_KEEPALIVE_S):
                if time.monotonic() - checked > _KEEPALIVE_S:
                    checked = time.monotonic()
                    if await person_of(request) is None:
                        return
                yield "".join(event.text for event in gathered) or ": still here\n\n"

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


@router.get("/sites/{site}/snapshot/{camera}.jpg", summary="A camera's newest picture", response_class=Response)
async def snapshot(site: Id, camera: Id, hub: TheHub, person: Annotated[Person, needs(Right.WATCH)]) -> Response:
    base = await live_base(hub, person, site)
    if base is None:
        raise HTTPException(404, "this site has no live pictures here")
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{base}/snapshot/{quote(camera, safe='')}.jpg")
    except httpx.HTTPError as error:
        raise HTTPException(502, "the site does not answer") from error
    if answer.status_code != 200 or not answer.content.startswith(b"\xff\xd8"):
        raise HTTPException(502, "the site sent no picture")
    return Response(answer.content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.get("/sites/{site}/hls/{camera}/{name}", summary="The live stream for phones (HLS)", response_class=Response)
async def hls(
    site: Id,
    camera: Id,
    name: Annotated[str, PathParam(pattern=r"^(live\.m3u8|init-\d{1,9}\.mp4|\d{1,9}\.m4s)$")],
    hub: TheHub,
    person: Annotated[Person, needs(Right.WATCH)],
) -> Response:
    """The playlist live.m3u8, and what it names, passed on from the site."""
    base = await live_base(hub, person, site)
    if base is None:
        raise HTTPException(404, "this site has no live pictures here")
    if name.startswith("init-"):  # asked for once by each who watches
        async with hub.store.write() as session:
            log_look(session, hub, person, "watch live", camera, site)
    try:
        async with httpx.AsyncClient(timeout=12) as client:
            answer = await client.get(f"{base}/hls/{quote(camera, safe='')}/{name}")
    except httpx.HTTPError as error:
        raise HTTPException(502, "the site does not answer") from error
    if answer.status_code != 200:
        raise HTTPException(404 if answer.status_code == 404 else 502, "the site sent no such part")
    kind = "application/vnd.apple.mpegurl" if name.endswith(".m3u8") else "video/mp4"
    return Response(answer.content, media_type=kind, headers={"Cache-Control": "no-store"})


@router.websocket("/sites/{site}/live/{camera}")
async def live(socket: WebSocket, site: Id, camera: Id) -> None:
    """A camera's live stream: {"mime": …} as text, then fragmented MP4 in binary messages."""
    hub = hub_of(socket)
    person = await person_of(socket)
    base = None
    if person is not None and person.may(Right.WATCH) and _same_origin(socket):
        base = await live_base(hub, person, site)
    if base is None:
        await socket.close(_CLOSE_REFUSED)
        return
    async with hub.store.write() as session:
        log_look(session, hub, person, "watch live", camera, site)
    await socket.accept()
    url = "ws" + base.removeprefix("http") + f"/live/{quote(camera, safe='')}"
    try:
        async with connect(url, max_size=_FRAME_BYTES, open_timeout=5, compression=None, proxy=None) as source:
            await _relay(source, socket)
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        log.info("live picture ended", site=site, camera=camera, why=str(error))
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(_CLOSE_GONE)


live.right = Right.WATCH  # type: ignore[attr-defined]


async def _relay(source: Any, socket: WebSocket) -> None:
    """Pass messages on until either end is gone."""

    async def pump() -> None:
        async for message in source:
            if isinstance(message, str):
                await socket.send_text(message)
            else:
                await socket.send_bytes(message)

    async def watch_for_close() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    tasks = {asyncio.create_task(pump()), asyncio.create_task(watch_for_close())}
    _, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def live_base(hub: Hub, person: Person, site_id: str) -> str | None:
    """Where a site's live pictures are: set by an administrator, or named by the site among the hosts allowed."""
    if not person.sees(site_id):
        return None
    async with hub.store.read() as session:
        site = await session.get(Site, site_id)
    if site is None:
        return None
    if site.api_url:
        return site.api_url.rstrip("/")
    named = str((site.state or {}).get("api", ""))
    parts = urlsplit(named)
    if parts.scheme in ("http", "https") and parts.hostname in hub.settings.live_hosts and not parts.query:
        return f"{parts.scheme}://{parts.netloc}"
    return None


def _same_origin(socket: WebSocket) -> bool:
    """Whether the page that opens a socket is the hub's own; programs without an origin have no cookies to steal."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
