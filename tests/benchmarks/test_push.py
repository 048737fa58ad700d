"""How soon an alert is shown by a phone's service worker, while 50 sites report.

The push service of a browser's maker is not to be reached from here. In its place stands a server that takes the hub's
encrypted push, decrypts it as the phone would, and hands it to a real service worker through Chromium's own debugging
door; what a push service would add on its way is not measured.
"""

import asyncio
import base64
import contextlib
import json
import os
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import http_ece
import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import CDPSession, async_playwright
from sqlalchemy import select

from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.tables import PushSubscription, User
from gate.records import Severity
from tests.gate.hub.kit import Rig, finding, message, passage, rig_with
from tests.gate.hub.test_pages import ARGUMENTS, CHROMIUM

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: name it in GATEWARDEN_CHROMIUM"),
]
SITES, ALERTS = 50, 40
EVERY_S = 0.4
TAKEN_AWAY = (
    "navigator.serviceWorker.ready.then(r => r.getNotifications())"
    ".then(shown => { shown.forEach(n => n.close()); return shown.length })"
)


class Phone:
    """A browser's push keys, and the door to its service worker."""

    def __init__(self) -> None:
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.worker: CDPSession | None = None
        self.registration = self.origin = ""

    def subscription(self, user: int, endpoint: str) -> PushSubscription:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": _text(point), "auth": _text(self.auth)}
        return PushSubscription(user_id=user, endpoint=endpoint, created_ms=0, **keys)

    async def take(self, body: bytes) -> None:
        said = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm").decode()
        assert self.worker is not None
        push = {"origin": self.origin, "registrationId": self.registration, "data": said}
        await self.worker.send("ServiceWorker.deliverPushMessage", push)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@asynccontextmanager
async def push_service(phone: Phone) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(int(h[15:]) for h in head.split("\r\n") if h.startswith("content-length:"))
        body = await reader.readexactly(length)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await phone.take(body)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/push"
    server.close()
    await server.wait_closed()


async def report(rig: Rig, site: str) -> None:
    """A site that sends a passage every second."""
    client = await rig.add_site(site)
    with contextlib.suppress(httpx.HTTPError):  # the hub ends before its sites do
        for n in range(1, 10_000):
            batch = {"stream": "s", "messages": [message(n, passage(n, site=site))]}
            await client.post("/api/v1/ingest", json=batch)
            await asyncio.sleep(1)


async def test_an_alert_is_shown_within_two_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phone, took = Phone(), []
    async with (
        rig_with(HubSettings(data_dir=tmp_path / "hub")) as rig,
        push_service(phone) as endpoint,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context()
        await context.grant_permissions(["notifications"], origin=rig.url)
        page = await context.new_page()
        await page.goto(rig.url)
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        phone.worker, phone.origin = await context.new_cdp_session(page), rig.url
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def registered(said: dict[str, list[dict[str, str]]]) -> None:
            if said["registrations"] and not found.done():
                found.set_result(said["registrations"][0]["registrationId"])

        phone.worker.on("ServiceWorker.workerRegistrationUpdated", registered)
        await phone.worker.send("ServiceWorker.enable")
        phone.registration = await asyncio.wait_for(found, 30)
        await rig.person(Role.COUNTY)
        async with rig.hub.store.write() as session:
            user = (await session.execute(select(User.id))).scalar_one()
            session.add(phone.subscription(user, endpoint))
        reporting = [asyncio.create_task(report(rig, f"site-{n:02}")) for n in range(SITES)]
        for n in range(1, ALERTS + 1):
            begin = time.monotonic()
            await rig.send(message(n, finding(n, Severity.SERIOUS, rule=f"rule{n}", passage=None)))
            while not await page.evaluate(TAKEN_AWAY):  # a browser keeps twenty at most
                assert time.monotonic() - begin < 60, f"number {n} was never shown; before it {took}"
                await asyncio.sleep(0.01)
            if n > 1:  # the first meets a hub that has yet to make its key
                took.append(time.monotonic() - begin)
            await asyncio.sleep(EVERY_S)
        for task in reporting:
            task.cancel()
        await asyncio.gather(*reporting, return_exceptions=True)
        await browser.close()
    p95_s = statistics.quantiles(took, n=20)[18]
    figures = {"p50_ms": round(1000 * statistics.median(took)), "p95_ms": round(1000 * p95_s), "alerts": len(took)}
    with capsys.disabled():
        print(f"\nevent to service worker: {json.dumps(figures)}")
    assert p95_s < 2
