"""Backups come back whole; the old is forgotten, the locked and the waiting are not; phones can read pushes."""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from gate.hub.backup import BackupError, backup, restore
from gate.hub.retention import Retention
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.tables import Passage, PushSubscription, User
from tests.gate.hub.kit import Rig, finding, message, passage, rig_with
from tests.gate.hub.test_delivery import listening, until

DAY_MS = 86_400_000


async def test_a_backup_comes_back_whole(rig: Rig, tmp_path: Path) -> None:
    await rig.send(message(1, passage(1)), message(2, finding(1)))
    number = await asyncio.to_thread(backup, rig.hub.settings, tmp_path / "hub.tar.gz")
    again = HubSettings(data_dir=tmp_path / "again")
    assert await asyncio.to_thread(restore, again, tmp_path / "hub.tar.gz") == number
    async with rig_with(again) as restored:
        client = await restored.person(Role.CITY, name="someone-else")
        (alert,) = (await client.get("/api/v1/alerts")).json()["items"]
        assert alert["passage"] == passage(1).id
        assert (await restored.send(message(1, passage(1))))["duplicates"] == [1]


def test_a_backup_overwrites_nothing_and_checks_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(BackupError, match="not empty"):
        restore(HubSettings(data_dir=tmp_path / "full"), tmp_path / "any")
    (tmp_path / "no.tar.gz").write_bytes(b"no archive")
    with pytest.raises(BackupError, match=r"no\.tar\.gz"):
        restore(HubSettings(data_dir=tmp_path / "new"), tmp_path / "no.tar.gz")
    with pytest.raises(BackupError, match="pg_dump"):
        backup(HubSettings(data_dir=tmp_path, database_url="postgresql+asyncpg://x/y"), tmp_path / "b")


async def test_old_passages_go_but_not_locked_or_waiting_ones(rig: Rig, move_clock: Callable[[int], None]) -> None:
    inspector = await rig.person(Role.INSPECTOR)
    await rig.send(*(message(n, passage(n)) for n in (1, 2, 3)), message(4, finding(3)))
    await inspector.put(f"/api/v1/passages/{passage(2).id}/lock", json={"locked": True})
    move_clock(800 * DAY_MS)
    await Retention(rig.hub).forget()
    async with rig.hub.store.read() as session:
        kept = set((await session.execute(select(Passage.id))).scalars())
    assert kept == {passage(2).id, passage(3).id}


async def test_a_push_reaches_the_phone_encrypted_for_it_alone(rig: Rig) -> None:
    phone, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = phone.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    await rig.person(Role.COUNTY, name="li")
    admin = await rig.person(Role.ADMINISTRATOR)
    await admin.post("/api/v1/routes", json={"target": "role:county", "min_severity": 3})
    async with listening() as service:
        async with rig.hub.store.write() as session:
            user = (await session.execute(select(User).where(User.name == "li"))).scalar_one()
            keys = [base64.urlsafe_b64encode(k).rstrip(b"=").decode() for k in (point, secret)]
            endpoint = f"http://{service.url}"
            session.add(
                PushSubscription(user_id=user.id, endpoint=endpoint, p256dh=keys[0], auth=keys[1], created_ms=0)
            )
        await rig.send(message(1, passage(1)), message(2, finding(1)))
        await until(lambda: len(service.heard) == 1)
    headers, body = service.heard[0]
    assert headers["authorization"].startswith("vapid ")
    said = json.loads(http_ece.decrypt(body, private_key=phone, auth_secret=secret, version="aes128gcm"))
    assert "晋A12345" in said["title"]
    assert said["url"].endswith(f"/alerts/{said['tag']}")


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example.com/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/", "file:///etc"],
)
async def test_a_push_address_must_be_a_named_host_by_https(rig: Rig, endpoint: str) -> None:
    client = await rig.person(Role.COUNTY)
    body = {"endpoint": endpoint, "keys": {"p256dh": "A" * 87, "auth": "A" * 22}}
    assert (await client.post("/api/v1/push/subscriptions", json=body)).status_code == 422
