"""The site's own small API: live pictures, snapshots and health, for the hub on the same machine or network."""

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from gate.errors import GatewardenError
from gate.site.model import Api
from vision.live import Fanout, HlsStream

SNAPSHOT_WAIT_S = 5.0
PLAYLIST, PLAYLIST_TYPE = "live.m3u8", "application/vnd.apple.mpegurl"


class Snapshots:
    """Asks camera workers for pictures and hands each to everybody who waits for it."""

    def __init__(self, ask: Callable[[str], None]) -> None:
        self._ask = ask
        self._waiting: dict[str, list[asyncio.Future[bytes]]] = {}

    async def take(self, camera: str) -> bytes:
        """The camera's next picture as JPEG. Raises TimeoutError when none comes."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(camera, [])
        waiting.append(future)
        if len(waiting) == 1:
            self._ask(camera)
        try:
            return await asyncio.wait_for(future, SNAPSHOT_WAIT_S)
        except TimeoutError:
            self._waiting.pop(camera, None)
            raise

    def came(self, camera: str, jpeg: bytes) -> None:
        """A picture came."""
        for future in self._waiting.pop(camera, []):
            if not future.done():
                future.set_result(jpeg)


class Release(BaseModel):
    """Who opens a barrier by hand, and why."""

    who: str
    reason: str


def live_api(
    streams: Mapping[str, Fanout],
    snapshots: Snapshots,
    health: Callable[[], dict[str, Any]],
    release: Callable[[str, str, str], None] | None = None,
    tracks: Callable[[int, int], list[dict[str, Any]]] = lambda _from_ms, _to_ms: [],
) -> FastAPI:
    """The API over the cameras' streams. health: what /health answers; release: opens a barrier for somebody, with a
    reason, and is offered on this machine alone; tracks: sightings between two instants, UTC ms.
    """
    app = FastAPI(title="Gatewarden site", docs_url=None, redoc_url=None)

    if release is not None:
        _offer_release(app, release)

    @app.get("/health")
    async def _health() -> JSONResponse:
        return JSONResponse(health())

    @app.get("/snapshot/{camera}.jpg")
    async def _snapshot(camera: str) -> Response:
        if camera not in streams:
            raise HTTPException(404, "no such camera")
        try:
            jpeg = await snapshots.take(camera)
        except TimeoutError as error:
            raise HTTPException(503, "the camera gives no picture") from error
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    _add_hls(app, streams)

    @app.get("/tracks")
    async def _tracks(from_ms: int, to_ms: int) -> JSONResponse:
        return JSONResponse(await asyncio.to_thread(tracks, from_ms, to_ms))

    @app.websocket("/live/{camera}")
    async def _live(socket: WebSocket, camera: str) -> None:
        if camera not in streams:
            await socket.close(1008)
            return
        await socket.accept()
        sending = asyncio.create_task(_send(socket, streams[camera]))
        try:
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    return app


async def serve(app: FastAPI, api: Api) -> None:
    """Serve the API where the site file says, until cancelled."""
    config = uvicorn.Config(app, host=api.host, port=api.port, log_level="warning", access_log=False, lifespan="off")
    await _Server(config).serve()


class _Server(uvicorn.Server):
    """A server that leaves signals to the process it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _offer_release(app: FastAPI, release: Callable[[str, str, str], None]) -> None:
    @app.post("/barrier/{barrier}/release")
    async def _release(barrier: str, wanted: Release, request: Request) -> JSONResponse:
        # No page of another origin can set this header unasked, and no other machine comes from a loopback address.
        here = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
        if not here or request.headers.get("x-gatewarden") != "release":
            raise HTTPException(403, "a barrier is released on the site's own machine")
        try:
            release(barrier, wanted.who, wanted.reason)
        except GatewardenError as error:
            raise HTTPException(422, str(error)) from error
        return JSONResponse({"barrier": barrier, "ordered": "open"}, 202)


def _add_hls(app: FastAPI, streams: Mapping[str, Fanout]) -> None:
    """The streams for phones: /hls/CAMERA/live.m3u8 and the parts it names."""
    phones = {camera: HlsStream(stream) for camera, stream in streams.items()}

    @app.get("/hls/{camera}/{name}")
    async def _hls(camera: str, name: str) -> Response:
        if camera not in phones:
            raise HTTPException(404, "no such camera")
        if name == PLAYLIST:
            text = await phones[camera].playlist()
            if text is None:
                raise HTTPException(503, "the camera gives no picture")
            return Response(text, media_type=PLAYLIST_TYPE, headers={"Cache-Control": "no-store"})
        part = phones[camera].part(name)
        if part is None:
            raise HTTPException(404, "no such part, or no longer")
        return Response(part, media_type="video/mp4", headers={"Cache-Control": "no-store"})


async def _send(socket: WebSocket, stream: Fanout) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        async with contextlib.aclosing(stream.watch()) as messages:
            async for message in messages:
                if isinstance(message, str):
                    await socket.send_text(message)
                else:
                    await socket.send_bytes(message)
