"""Alerts reach channels: once, again after a failure, gathered when there are many, without holding up ingest."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gate.hub.roles import Role
from gate.hub.routing import on_duty, quiet_left_ms
from gate.hub.settings import HubSettings
from gate.hub.tables import Delivery, DeliveryAttempt
from gate.records import Severity
from tests.gate.hub.kit import Rig, finding, message, passage, rig_with


@dataclass
class Ear:
    """A real HTTP server that writes down what it is told."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@asynccontextmanager
async def listening() -> AsyncIterator[Ear]:
    ear = Ear()
    ear.answers.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head.split("\r\n")[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        await ear.answers.wait()
        if ear.status == 200:
            ear.heard.append((headers, body))
        writer.write(f"HTTP/1.1 {ear.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    ear.url = f"127.0.0.1:{server.sockets[0].getsockname()[1]}/hear"
    yield ear
    server.close()
    await server.wait_closed()


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    async with listening() as made:
        yield made


@pytest.fixture
async def told(tmp_path: Path, ear: Ear) -> AsyncIterator[Rig]:
    """A hub with one channel in its settings."""
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", apprise_urls=(f"json://{ear.url}",))) as rig:
        yield rig


async def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.02)


async def attempts(rig: Rig) -> list[bool]:
    async with rig.hub.store.read() as session:
        return list((await session.execute(select(DeliveryAttempt.ok).order_by(DeliveryAttempt.id))).scalars())


async def test_an_alert_is_told_once_with_its_words(told: Rig, ear: Ear) -> None:
    for _ in range(3):
        await told.send(message(1, passage(1)), message(2, finding(1)))
    while not await attempts(told):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    (note,) = ear.notes
    assert "严重" in note["title"]
    assert "晋A12345 未过磅离场。" in note["message"]
    assert "left unweighed" in note["message"]
    assert await attempts(told) == [True]


async def test_a_notice_stays_on_the_sites_screen(told: Rig, ear: Ear) -> None:
    await told.send(message(1, finding(1, Severity.NOTICE)), message(2, finding(2, Severity.WARNING)))
    await until(lambda: len(ear.heard) > 0)
    await asyncio.sleep(0.3)
    assert len(ear.heard) == 1


async def test_a_failed_delivery_is_tried_again(told: Rig, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.hub.delivery._FIRST_RETRY_MS", 100)
    ear.status = 500
    await told.send(message(1, finding(1)))
    while not await attempts(told):
        await asyncio.sleep(0.05)
    ear.status = 200
    await until(lambda: len(ear.heard) == 1)
    while len(seen := await attempts(told)) < 2:
        await asyncio.sleep(0.05)
    assert seen == [False, True]


async def test_a_slow_channel_does_not_hold_up_ingest(told: Rig, ear: Ear) -> None:
    ear.answers.clear()
    for n in range(1, 6):
        assert (await told.send(message(n, finding(n))))["stored"] == [n]
    assert ear.heard == []
    ear.answers.set()
    await until(lambda: len(ear.heard) > 0)


async def test_many_at_once_go_as_a_digest(told: Rig, ear: Ear) -> None:
    messages = [message(n, finding(n, rule=f"rule{n}", id=f"{passage(n).id}/rule{n}")) for n in range(1, 31)]
    await told.send(*messages)
    await until(lambda: len(ear.heard) > 0)
    await asyncio.sleep(0.3)
    assert len(ear.heard) == 1
    assert "30" in ear.notes[0]["title"]


async def test_a_channels_rate_is_kept(rig: Rig, ear: Ear) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    body = {"name": "值班群", "kind": "apprise", "address": f"json://{ear.url}", "per_minute": 3}
    channel = (await admin.post("/api/v1/channels", json=body)).json()
    await admin.post("/api/v1/routes", json={"target": f"channel:{channel['id']}"})
    for n in range(1, 9):
        await rig.send(message(n, finding(n, rule=f"r{n}", id=f"{passage(n).id}/r{n}")))
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    assert len(ear.heard) == 3
    async with rig.hub.store.read() as session:
        pending = (await session.execute(select(Delivery).where(Delivery.state == "pending"))).scalars().all()
    assert len(pending) == 5


async def test_a_webhook_is_signed(rig: Rig, ear: Ear) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    body = {"name": "平台", "kind": "webhook", "address": f"http://{ear.url}"}
    channel = (await admin.post("/api/v1/channels", json=body)).json()
    await admin.post("/api/v1/routes", json={"target": f"channel:{channel['id']}", "min_severity": 3})
    await rig.send(message(1, finding(1)))
    await until(lambda: len(ear.heard) == 1)
    headers, content = ear.heard[0]
    signature = hmac.new(channel["secret"].encode(), content, hashlib.sha256).hexdigest()
    assert headers["x-gatewarden-signature"] == f"sha256={signature}"
    listed = (await admin.get("/api/v1/channels")).json()[0]
    assert ear.url not in json.dumps(listed)


async def test_a_test_message_tells_whether_it_got_through(rig: Rig, ear: Ear) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    body = {"name": "a", "kind": "webhook", "address": f"http://{ear.url}"}
    channel = (await admin.post("/api/v1/channels", json=body)).json()
    assert (await admin.post(f"/api/v1/channels/{channel['id']}/test")).json()["ok"]
    ear.status = 404
    assert not (await admin.post(f"/api/v1/channels/{channel['id']}/test")).json()["ok"]


async def test_what_was_owed_when_the_hub_died_is_told_after(tmp_path: Path, ear: Ear) -> None:
    settings = HubSettings(data_dir=tmp_path / "hub", apprise_urls=(f"json://{ear.url}",))
    ear.status = 500
    async with rig_with(settings) as rig:
        await rig.send(message(1, finding(1)))
        while not await attempts(rig):
            await asyncio.sleep(0.05)
    ear.status = 200
    async with rig_with(settings):
        await until(lambda: len(ear.heard) == 1, 20)


async def test_routes_by_site_rule_and_grade(rig: Rig) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    channel = (
        await admin.post("/api/v1/channels", json={"name": "x", "kind": "webhook", "address": "http://127.0.0.1:9/"})
    ).json()
    target = f"channel:{channel['id']}"
    for route in ({"site": "elsewhere"}, {"rule": "overload"}, {"min_severity": 4}, {"level": 1}):
        await admin.post("/api/v1/routes", json={"target": target, **route})
    await rig.send(message(1, finding(1)))
    async with rig.hub.store.read() as session:
        assert (await session.execute(select(Delivery))).first() is None
    await rig.send(message(2, finding(1, Severity.CRITICAL, state="upgraded")))
    async with rig.hub.store.read() as session:
        (owed,) = (await session.execute(select(Delivery))).scalars()
    assert owed.cause == "grade:4"


MONDAY_23H = 1_789_398_000_000  # 2026-09-14 23:00 in Shanghai
NIGHT: list[dict[str, object]] = [{"from": "22:00", "to": "06:00"}]


@pytest.mark.parametrize(
    ("hours", "left_h"),
    [
        (NIGHT, 7),
        ([{"from": "08:00", "to": "20:00"}], 0),
        ([{"from": "22:00", "to": "06:00", "days": [0]}], 7),
        ([{"from": "22:00", "to": "06:00", "days": [1]}], 0),
        ([{"from": "00:00", "to": "00:00"}], 1),
    ],
)
def test_hours(hours: list[dict[str, object]], left_h: int) -> None:
    assert quiet_left_ms(hours, MONDAY_23H, "Asia/Shanghai") == left_h * 3_600_000
    assert on_duty(hours, MONDAY_23H, "Asia/Shanghai") == (left_h > 0)


def test_a_night_that_began_yesterday_still_lasts() -> None:
    tuesday_05h = MONDAY_23H + 6 * 3_600_000
    monday_night: list[dict[str, object]] = [{"from": "22:00", "to": "06:00", "days": [0]}]
    assert quiet_left_ms(monday_night, tuesday_05h, "Asia/Shanghai") == 3_600_000


async def test_quiet_hours_hold_serious_alerts_and_never_critical_ones(rig: Rig) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    body = {"name": "x", "kind": "webhook", "address": "http://127.0.0.1:9/"}
    channel = (await admin.post("/api/v1/channels", json=body)).json()
    route = {"target": f"channel:{channel['id']}", "quiet": [{"from": "00:00", "to": "00:00"}]}
    assert (await admin.post("/api/v1/routes", json=route)).status_code == 201
    await rig.send(message(1, finding(1)), message(2, finding(2, Severity.CRITICAL)))
    async with rig.hub.store.read() as session:
        owed = {d.cause: d.next_ms - d.created_ms for d in (await session.execute(select(Delivery))).scalars()}
    assert owed["grade:3"] > 0
    assert owed["grade:4"] <= 5_000  # now, or a first retry since nobody listens there
