"""The long ones: a hub killed at random under load, and every route under generated requests."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from gate.hub.context import COOKIE, CSRF_HEADER
from gate.hub.people_book import add_person
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.sign_in import make_link
from gate.hub.sites import add_site
from gate.hub.store import Store
from gate.hub.tokens import now_ms
from gate.records import Severity
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender
from tests.gate.hub.kit import SITE, Rig, finding, passage
from tests.gate.hub.test_delivery import listening, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KILLS = 10
EVENTS = 600


def start_hub(folder: Path, port: int, notify: str) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).parent / "gatewarden")
    command = [program, "hub", "--data", str(folder), "--port", str(port), "--notify", notify]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def answers(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        while True:
            try:
                if (await client.get("/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def test_a_hub_killed_at_random_loses_no_event_and_repeats_no_alert(tmp_path: Path) -> None:
    settings = HubSettings(data_dir=tmp_path / "hub").prepared()
    store = Store(settings.database)
    await store.open()
    async with store.write() as session:
        token = await add_site(session, SITE)
        city = await add_person(session, "city", Role.CITY)
        link = await make_link(session, city.id, now_ms() + 86_400_000)
    await store.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url, chance = f"http://127.0.0.1:{port}", random.Random(1)
    box = Outbox(tmp_path / "outbox.db")
    async with listening() as ear:
        sending = asyncio.create_task(Sender(box, url, token).run())

        async def produce() -> None:
            for n in range(1, EVENTS + 1):
                await asyncio.to_thread(box.put_record, passage(n))
                rule = f"rule{n}"
                record = finding(n, Severity.SERIOUS, id=f"{passage(n).id}/{rule}", rule=rule)
                await asyncio.to_thread(box.put_record, record)

        producing = asyncio.create_task(produce())
        for _ in range(KILLS):
            hub = start_hub(settings.data_dir, port, f"json://{ear.url}")
            await answers(url)
            await asyncio.sleep(chance.uniform(0.05, 1.5))
            os.kill(hub.pid, signal.SIGKILL)
            hub.wait()
        hub = start_hub(settings.data_dir, port, f"json://{ear.url}")
        await answers(url)
        await producing
        await until(lambda: box.waiting() == 0, 300)
        async with httpx.AsyncClient(base_url=url) as client:
            await client.post("/api/v1/session/link", json={"token": link})
            alerts, after = [], ""
            while after is not None:
                page = (await client.get(f"/api/v1/alerts?limit=200&after={after}")).json()
                alerts += [a["finding"] for a in page["items"]]
                after = page["next"]
        hub.terminate()
        hub.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert len(alerts) == len(set(alerts)) == EVENTS
    assert ear.heard
    box.close()


async def test_no_generated_request_brings_a_500(rig: Rig, tmp_path: Path) -> None:
    admin = await rig.person(Role.ADMINISTRATOR)
    for who, headers in {
        "person": {"Cookie": f"{COOKIE}={admin.cookies[COOKIE]}", CSRF_HEADER: admin.headers[CSRF_HEADER]},
        "site": {"Authorization": f"Bearer {rig.token}"},
    }.items():
        program = Path(sys.executable).parent / "schemathesis"
        command = [str(program), "run", f"{rig.url}/api/v1/openapi.json", "--checks", "not_a_server_error"]
        command += ["--phases", "examples,fuzzing", "--max-examples", "20", "--seed", "1", "--request-timeout", "10"]
        command += ["--exclude-path", "/api/v1/events", "--exclude-path", "/api/v1/orders"]  # held open on purpose
        command += ["--exclude-operation-id-regex", "sign_out", "--no-color"]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        begin = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, f"{who} after {time.monotonic() - begin:.0f} s:\n{said.decode()[-6000:]}"
