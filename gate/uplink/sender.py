"""Sends a site's outbox to its hub.

Outbox ─► POST /api/v1/ingest, or a broker ─► receipt ─► Outbox.settle
       ─► PUT /api/v1/files, in parts, behind the messages
weights of the moment ─► POST /api/v1/live, shown and forgotten
"""

import asyncio
import contextlib
import hashlib
import json
import ssl
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import structlog

from gate.errors import BrokerError
from gate.facts import WeightSample, to_plain
from gate.uplink.broker_link import BrokerLink
from gate.uplink.outbox import BATCH, Message, Outbox
from vision.facts import DeviceState

log = structlog.get_logger(__name__)

_PART_BYTES = 4 * 1024 * 1024
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_LIVE_EVERY_S = 0.2
_LIVE_KEPT = 200
_ABOUT_CONTENT = (400, 413, 422)


class RefusedError(Exception):
    """The hub answered, and would answer the same again. status: of HTTP, 0 where it is not about the answer."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class Sender:
    """Keeps the hub up to date until cancelled; waits longer after each failure, up to half a minute.

    heartbeat: what the site says of itself (see gate.hub.heartbeat.Heartbeat), asked every `every_s`.
    tls: trust and client certificate for HTTPS, the system's trust store when None.
    broker: messages and weights go by it instead of HTTP; files never do.
    """

    def __init__(
        self,
        outbox: Outbox,
        url: str,
        token: str,
        *,
        heartbeat: Callable[[], dict[str, Any]] | None = None,
        every_s: float = 5.0,
        tls: ssl.SSLContext | None = None,
        broker: BrokerLink | None = None,
    ) -> None:
        self._outbox, self._heartbeat, self._every_s = outbox, heartbeat, every_s
        headers = {"Authorization": f"Bearer {token}"}
        verify = True if tls is None else tls
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), headers=headers, timeout=20, verify=verify)
        self._broker = broker
        self._wake = asyncio.Event()
        self._batch = BATCH
        self._live: dict[str, deque[WeightSample]] = {}
        self._about: tuple[str, str] = ("", "")

    def show(self, sample: WeightSample) -> None:
        """Show a weight on open pages. Call on the sender's event loop."""
        self._live.setdefault(sample.scale, deque(maxlen=_LIVE_KEPT)).append(sample)

    def show_vehicle(self, plate: str, ticket: str = "") -> None:
        """Name the vehicle on the deck beside the weight; "" when there is none."""
        self._about = (plate[:32], ticket[:128])

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        self._outbox.on_put = lambda: _wake(loop, self._wake)
        try:
            async with self._client, asyncio.TaskGroup() as group:
                group.create_task(self._messages())
                group.create_task(self._files())
                group.create_task(self._weights())
        finally:
            self._outbox.on_put = lambda: None
            if self._broker is not None:
                await self._broker.close()

    async def _messages(self) -> None:
        wait_s, next_heartbeat = _FIRST_WAIT_S, 0.0
        while True:
            self._wake.clear()
            beat = time.monotonic() >= next_heartbeat
            try:
                more = await self._send_batch(beat)
            except (httpx.HTTPError, BrokerError, RefusedError, ValueError) as error:
                log.warning("the hub has not taken messages", why=str(error) or type(error).__name__, again_in_s=wait_s)
                await asyncio.sleep(wait_s)
                wait_s = min(_LONGEST_WAIT_S, wait_s * 2)
                continue
            wait_s = _FIRST_WAIT_S
            if beat:
                next_heartbeat = time.monotonic() + self._every_s
            if not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), max(0.0, next_heartbeat - time.monotonic()))

    async def _send_batch(self, beat: bool) -> bool:
        """Send the next messages, with a heartbeat when it is time; whether more may be waiting."""
        messages = await asyncio.to_thread(self._outbox.unsent, self._batch)
        if not messages and not beat:
            return False
        body: dict[str, Any] = {
            "stream": self._outbox.stream,
            "messages": [{"id": m.id, "seq": m.seq, "kind": m.kind, "body": json.loads(m.body)} for m in messages],
        }
        if beat and self._heartbeat is not None:
            body["heartbeat"] = {**self._heartbeat(), "waiting": await asyncio.to_thread(self._outbox.waiting)}
        try:
            receipt = await self._ingest(body)
        except RefusedError as error:
            if error.status not in _ABOUT_CONTENT or not messages:
                raise
            await self._single_out(messages, str(error))
            return True
        self._batch = BATCH
        for rejected in receipt["rejected"]:
            log.error("the hub cannot keep a message", message=rejected["id"], why=rejected["reason"])
        accepted = [*receipt["stored"], *receipt["duplicates"], *(r["seq"] for r in receipt["rejected"])]
        gaps = [(first, last) for first, last in receipt["gaps"]]
        await asyncio.to_thread(self._outbox.settle, accepted, receipt["contiguous"], gaps)
        return bool(messages)

    async def _ingest(self, body: dict[str, Any]) -> dict[str, Any]:
        if self._broker is None:
            return _answer(await self._client.post("/api/v1/ingest", json=body))
        status, receipt = await self._broker.ingest(body)
        if status != 200:
            raise RefusedError(f"{status}: {receipt['detail']}", status)
        return receipt

    async def _single_out(self, messages: list[Message], reason: str) -> None:
        """After a refused batch, send one by one; in place of one refused alone, send word of it, so no gap is left."""
        if len(messages) > 1:
            self._batch = 1
            return
        log.error("the hub refuses a message", message=messages[0].id, why=reason)
        word = DeviceState(time.time_ns() // 1_000_000, "outbox", "fault", f"{messages[0].id}: {reason}"[:500])
        await asyncio.to_thread(self._outbox.replace, messages[0].seq, "device", to_plain(word))

    async def _files(self) -> None:
        while True:
            waiting = await asyncio.to_thread(self._outbox.files)
            for owner, name, path in waiting:
                if await asyncio.to_thread(self._outbox.waiting):
                    break  # messages first
                await self._send_file(owner, name, path)
            await asyncio.sleep(0.5)

    async def _send_file(self, owner: str, name: str, path: Path) -> None:
        try:
            await self._send_parts(owner, name, path)
        except (OSError, RefusedError) as error:
            log.error("a file cannot be sent", file=str(path), why=str(error))
        except (httpx.HTTPError, ValueError) as error:
            log.warning("a file was not sent", file=str(path), why=str(error) or type(error).__name__)
            await asyncio.to_thread(self._outbox.postpone_file, owner, name)
            await asyncio.sleep(2)
            return
        await asyncio.to_thread(self._outbox.drop_file, owner, name)

    async def _send_parts(self, owner: str, name: str, path: Path) -> None:
        size, digest = await asyncio.to_thread(_measure, path)
        about: dict[str, str | int] = {"owner": owner, "name": name}
        known = await self._client.get("/api/v1/files/progress", params=about)
        offset = 0 if known.status_code == 404 else int(_answer(known)["received"])
        about |= {"size": size, "sha256": digest}
        while True:
            part = await asyncio.to_thread(_read, path, offset)
            answer = await self._client.put("/api/v1/files", params={**about, "offset": offset}, content=part)
            if answer.status_code == 409:
                received = int(answer.json()["detail"]["received"])
                if received in (offset, size):
                    raise RefusedError(answer.text)
                offset = received
                continue
            progress = _answer(answer)
            if progress["complete"]:
                return
            offset = progress["received"]

    async def _weights(self) -> None:
        while True:
            await asyncio.sleep(_LIVE_EVERY_S)
            for scale, samples in self._live.items():
                if not samples:
                    continue
                plate, ticket = self._about
                rows = [(s.t_ms, s.kg, s.stable) for s in samples]
                samples.clear()
                body = {"scale": scale, "samples": rows, "plate": plate, "ticket": ticket}
                if self._broker is not None:
                    await self._broker.show(body)
                    continue
                with contextlib.suppress(httpx.HTTPError):
                    await self._client.post("/api/v1/live", json=body)


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(event.set)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.status_code in (400, 401, 403, 413, 422):
        raise RefusedError(f"{response.status_code}: {response.text[:300]}", response.status_code)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        return handle.tell(), digest


def _read(path: Path, offset: int) -> bytes:
    with path.open("rb") as handle:
        handle.seek(offset)
        return handle.read(_PART_BYTES)
