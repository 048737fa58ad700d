"""Outermost layer of the hub: oversized bodies end here, and every answer carries the safety headers."""

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gate.facts import canonical_json
from gate.hub.pages import SAFETY_HEADERS

_SWALLOWED = 4  # times `max_bytes` that are read for the sake of an answer


class Limits:
    """Refuses bodies over `max_bytes` with 413, whether they announce their length or not."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if b"\0" in scope["path"].encode() or b"%00" in scope["query_string"]:
            await _answer(send, 400, "no NUL in an address")
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413, "the body is too large")
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await self._refuse(receive, dressed)
            return
        await self._app(scope, counted, dressed)

    async def _refuse(self, receive: Receive, send: Send) -> None:
        """Answer 413 once the rest is swallowed: a client cut off while it sends never reads the answer."""
        swallowed, more = 0, True
        while more and swallowed <= _SWALLOWED * self._max_bytes:
            message = await receive()
            swallowed += len(message.get("body", b""))
            more = message["type"] == "http.request" and bool(message.get("more_body"))
        await _answer(send, 413, "the body is too large")


async def _answer(send: Send, status: int, detail: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": canonical_json({"detail": detail}).encode()})
