"""The site's own small API: live pictures, snapshots and health, for the hub on the same machine or network."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response

from vision.live import Fanout

SNAPSHOT_WAIT_S = 5.0


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


def live_api(streams: Mapping[str, Fanout], snapshots: Snapshots, health: Callable[[], dict[str, Any]]) -> FastAPI:
    """The API over the cameras' streams. health: what /health answers."""
    app = FastAPI(title="Gatewarden site", docs_url=None, redoc_url=None)

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


async def _send(socket: WebSocket, stream: Fanout) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        async with contextlib.aclosing(stream.watch()) as messages:
            async for message in messages:
                if isinstance(message, str):
                    await socket.send_text(message)
                else:
                    await socket.send_bytes(message)
