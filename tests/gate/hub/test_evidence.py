"""Sealed evidence sent to the hub: kept on disk or in a real S3 server, verified and exported from there."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gate.evidence.report import Standing
from gate.evidence.verify import verify
from gate.hub.retention import Retention
from gate.hub.roles import Role
from gate.hub.settings import HubSettings, S3Settings
from gate.hub.sites import add_site
from gate.uplink.outbox import Outbox
from gate.uplink.plan import bundle_files
from gate.uplink.sender import Sender
from tests.gate.evidence import scene
from tests.gate.evidence.scene import draft, new_store
from tests.gate.hub.kit import SILENCE_S, Rig, message, rig_with
from tests.gate.uplink.test_outbox import until


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Settings]:
    """A server that speaks S3."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = Path(sys.executable).parent / "moto_server"
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            break
        time.sleep(0.1)
    yield S3Settings(
        endpoint=f"127.0.0.1:{port}", bucket="evidence", access_key="gate", secret_key="gate-secret", secure=False
    )
    process.terminate()
    process.wait()


@pytest.fixture(params=["disk", "s3"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """A hub that keeps its files in one place or the other."""
    where = request.getfixturevalue("s3") if request.param == "s3" else None
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", s3=where, silence_s=SILENCE_S)) as rig:
        yield rig


class Sealed:
    """A passage of scene.SITE, sealed there and sent to the hub."""

    def __init__(self, rig: Rig, folder: Path, number: int = 1) -> None:
        clip = scene.Clip(
            scene.make_clip(folder / "clip.mp4"), "north", scene.START_MS, scene.START_MS + 2000, "burned"
        )
        original = scene.Clip(folder / "clip.mp4", "north", scene.START_MS, scene.START_MS + 2000)
        self.rig, self.draft = rig, draft(number, (clip, original))
        self.bundle = new_store(folder).seal(self.draft, scene.START_MS + 100_000)
        assert self.draft.passage is not None
        self.id = self.draft.passage.id

    async def send(self, box: Outbox, *, originals: bool = True, but: str = "") -> None:
        async with self.rig.hub.store.write() as session:
            token = await add_site(session, scene.SITE)
        self.rig.token = token
        await self.rig.send(message(1, self.draft.passage))
        for name, path in bundle_files(self.bundle.path, originals=originals):
            if name != but:
                box.put_file(self.id, name, path)
        sending = asyncio.create_task(Sender(box, self.rig.url, token).run())
        await until(lambda: not box.files(), 60)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def report(rig: Rig, passage: str) -> dict[str, Any]:
    inspector = await rig.person(Role.INSPECTOR)
    answer = await inspector.get(f"/api/v1/passages/{passage}/verification")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def test_a_sealed_passage_is_verified_and_exported_and_forgotten(kept: Rig, tmp_path: Path) -> None:
    sealed, box = Sealed(kept, tmp_path), Outbox(tmp_path / "outbox.db")
    await sealed.send(box)
    said = await report(kept, sealed.id)
    assert said["standing"] == "valid", said["problems"]
    assert said["counter_signed"] is False
    inspector = await kept.person(Role.INSPECTOR)
    archive = await inspector.get(f"/api/v1/passages/{sealed.id}/evidence.zip")
    assert archive.status_code == 200
    with zipfile.ZipFile(BytesIO(archive.content)) as packed:
        assert json.loads(packed.read("verification.json"))["standing"] == "valid"
        assert b"<script>" in packed.read("verify.html")
        packed.extractall(tmp_path / "out")
    (folder,) = [p for p in (tmp_path / "out").iterdir() if p.is_dir() and p.name != "receipts"]
    assert verify(folder).standing is Standing.VALID
    clip = next(f for f in (await _passage(inspector, sealed.id))["files"] if f["name"].startswith("north-"))
    stretch = await inspector.get(f"/api/v1/files/{clip['id']}", headers={"Range": "bytes=4-7"})
    assert (stretch.status_code, stretch.content) == (206, b"ftyp")
    whole = await inspector.get(f"/api/v1/files/{clip['id']}")
    assert len(whole.content) == clip["size"]
    beyond = await inspector.get(f"/api/v1/files/{clip['id']}", headers={"Range": f"bytes={clip['size']}-"})
    assert beyond.status_code == 416
    kept.hub.clock = lambda: scene.START_MS + 800 * 86_400_000
    await Retention(kept.hub).forget()
    if kept.hub.settings.s3 is None:
        assert not [p for p in kept.hub.settings.files_dir.rglob("*") if p.is_file()]
    box.close()


async def _passage(client: Any, passage: str) -> dict[str, Any]:
    said: dict[str, Any] = (await client.get(f"/api/v1/passages/{passage}")).json()
    return said


async def test_what_the_site_kept_back_is_named_and_what_was_altered_is_found(rig: Rig, tmp_path: Path) -> None:
    sealed, box = Sealed(rig, tmp_path), Outbox(tmp_path / "outbox.db")
    await sealed.send(box, originals=False)
    said = await report(rig, sealed.id)
    assert said["standing"] == "incomplete"
    assert {p["code"] for p in said["problems"] if p["level"] == "missing"} == {"file_gone"}
    found = next(p for p in rig.hub.settings.files_dir.rglob("*") if p.is_file() and "晋" in _text(p))
    found.write_text(_text(found).replace("晋Z0A8D4", "晋Z0A8D5"), "utf-8")
    assert (await report(rig, sealed.id))["standing"] == "tampered"
    box.close()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


async def test_without_a_manifest_nothing_is_claimed(rig: Rig, tmp_path: Path) -> None:
    sealed, box = Sealed(rig, tmp_path), Outbox(tmp_path / "outbox.db")
    await sealed.send(box, but="manifest.json")
    assert (await report(rig, sealed.id))["standing"] == "absent"
    inspector = await rig.person(Role.INSPECTOR)
    assert (await inspector.get(f"/api/v1/passages/{sealed.id}/evidence.zip")).status_code == 409
    assert (await inspector.get("/api/v1/passages/none/verification")).status_code == 404
    official = await rig.person(Role.COUNTY)
    assert (await official.get(f"/api/v1/passages/{sealed.id}/evidence.zip")).status_code == 403
    box.close()
