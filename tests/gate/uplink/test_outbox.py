"""The outbox loses nothing and sends nothing twice, even when its process is killed."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gate.facts import WeightSample, to_plain
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender
from tests.gate.hub.kit import SITE, finding, passage, rig_with


def test_a_message_has_one_number_however_often_it_is_put(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    assert [box.put_record(passage(1)), box.put_record(finding(1)), box.put_record(passage(1))] == [1, 2, 1]
    assert [m.kind for m in box.unsent()] == ["passage", "finding"]
    box.close()


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    box.put_record(passage(1))
    stream = box.stream
    box.close()
    again = Outbox(tmp_path / "outbox.db")
    assert (again.stream, again.put_record(passage(2)), again.waiting()) == (stream, 2, 2)
    again.close()


def test_numbers_are_not_used_again_after_old_messages_are_dropped(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db", kept=0)
    box.put_record(passage(1))
    box.settle([1], 1, [])
    assert box.put_record(passage(2)) == 2
    box.close()


def test_under_a_backlog_new_findings_go_first(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    for n in range(1, 500):
        box.put_record(passage(n))
    box.put_record(finding(1))
    assert box.unsent(100)[0].kind == "finding"
    box.close()


WRITER = """
import sys
from pathlib import Path
from gate.uplink.outbox import Outbox
box = Outbox(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    box.put("device", {"n": n}, f"d{n}")
    print(n, flush=True)
"""


def test_a_killed_writer_has_lost_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().splitlines() if line]
    process.wait()
    process.stdout.close()
    box = Outbox(path)
    kept = [m.id for m in box.unsent(100_000)]
    assert kept[: len(told)] == [f"d{n}" for n in told]
    box.close()


async def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.02)


async def test_what_was_put_while_the_hub_was_away_arrives_once(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    hub_settings = HubSettings(data_dir=tmp_path / "hub")
    for n in range(1, 6):
        box.put_record(passage(n))
    async with rig_with(hub_settings) as rig:
        task = asyncio.create_task(Sender(box, rig.url, rig.token).run())
        await until(lambda: box.waiting() == 0)
    for n in range(6, 9):
        box.put_record(passage(n))  # the hub is down now
    await asyncio.sleep(0.3)
    assert box.waiting() == 3
    async with rig_with(hub_settings.model_copy(update={"public_url": "http://x"})) as rig:
        task.cancel()
        sender = asyncio.create_task(Sender(box, rig.url, rig.token).run())
        await until(lambda: box.waiting() == 0)
        person = await rig.person(Role.CITY)
        items = (await person.get("/api/v1/passages")).json()["items"]
        assert sorted(p["id"] for p in items) == sorted(passage(n).id for n in range(1, 9))
        sender.cancel()
        await asyncio.gather(task, sender, return_exceptions=True)
    box.close()


async def test_a_hub_that_lost_messages_gets_them_again(tmp_path: Path) -> None:
    """What the receipt names as a gap is sent again, though it was sent before."""
    box = Outbox(tmp_path / "outbox.db")
    for n in range(1, 5):
        box.put_record(passage(n))
    async with rig_with(HubSettings(data_dir=tmp_path / "hub")) as rig:
        box.settle([2, 3], 0, [])  # as if sent, and lost on the other side
        task = asyncio.create_task(Sender(box, rig.url, rig.token, every_s=0.1).run())
        await until(lambda: box.waiting() == 0)
        person = await rig.person(Role.CITY)

        async def count() -> int:
            return len((await person.get("/api/v1/passages")).json()["items"])

        await asyncio.sleep(0.5)
        assert await count() == 4
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    box.close()


async def test_a_file_is_sent_in_parts_and_goes_on_after_a_break(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"\0\0\0\x18ftypisom" + os.urandom(9 * 1024 * 1024))
    box = Outbox(tmp_path / "outbox.db")
    box.put_record(passage(1))
    box.put_file(passage(1).id, "clip.mp4", clip)
    async with rig_with(HubSettings(data_dir=tmp_path / "hub")) as rig:
        task = asyncio.create_task(Sender(box, rig.url, rig.token).run())
        await until(lambda: not box.files())
        person = await rig.person(Role.INSPECTOR)
        shown = (await person.get(f"/api/v1/passages/{passage(1).id}")).json()
        (file,) = shown["files"]
        content = await person.get(f"/api/v1/files/{file['id']}")
        assert content.content == clip.read_bytes()
        part = await person.get(f"/api/v1/files/{file['id']}", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    box.close()


async def test_a_file_that_is_no_video_is_given_up_and_does_not_block(tmp_path: Path) -> None:
    for name in ("bad.mp4", "good.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff" + bytes(100))
    box = Outbox(tmp_path / "outbox.db")
    box.put_file(passage(1).id, "bad.mp4", tmp_path / "bad.mp4")
    box.put_file(passage(1).id, "gone.jpg", tmp_path / "gone.jpg")
    box.put_file(passage(1).id, "good.jpg", tmp_path / "good.jpg")
    async with rig_with(HubSettings(data_dir=tmp_path / "hub")) as rig:
        task = asyncio.create_task(Sender(box, rig.url, rig.token).run())
        await until(lambda: not box.files())
        await rig.send({"id": "p", "seq": 1, "kind": "passage", "body": to_plain(passage(1))})
        person = await rig.person(Role.INSPECTOR)
        shown = (await person.get(f"/api/v1/passages/{passage(1).id}")).json()
        assert [f["name"] for f in shown["files"]] == ["good.jpg"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    box.close()


async def test_weights_reach_open_pages_and_are_not_kept(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    async with rig_with(HubSettings(data_dir=tmp_path / "hub")) as rig:
        sender = Sender(box, rig.url, rig.token)
        task = asyncio.create_task(sender.run())
        async with rig.hub.bus.listen(None) as page:
            sender.show_vehicle("晋A12345")
            sender.show(WeightSample(1, "scale-1", 49_980.0, stable=True))
            async for events in page.events(5):
                assert events
                event = events[-1]
                if event.kind == "live":
                    break
        assert event.data["samples"] == [(1, 49980.0, True)]
        assert (event.site, event.data["plate"]) == (SITE, "晋A12345")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    box.close()


async def test_a_message_the_hub_refuses_is_told_of_and_holds_up_nothing(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    box.put_record(passage(1))
    box.put("device", {"detail": "x" * 9_000_000}, "too-large")
    box.put_record(passage(2))
    async with rig_with(HubSettings(data_dir=tmp_path / "hub")) as rig:
        task = asyncio.create_task(Sender(box, rig.url, rig.token).run())
        await until(lambda: box.waiting() == 0, 60)
        person = await rig.person(Role.CITY)
        items = (await person.get("/api/v1/passages")).json()["items"]
        assert len(items) == 2
        (device,) = (await person.get(f"/api/v1/sites/{SITE}/devices")).json()
        assert (device["device"], device["state"]) == ("outbox", "fault")
        assert "too-large" in device["detail"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    box.close()


class OutboxLife(RuleBasedStateMachine):
    """Against a hub that may lose receipts: what is put is either waiting or at the hub, never neither."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.box = Outbox(Path(self.folder.name) / "outbox.db", kept=3)
        self.at_hub: set[int] = set()
        self.numbers: set[int] = set()

    @rule(n=st.integers(0, 30))
    def put(self, n: int) -> None:
        self.numbers.add(self.box.put("device", {"n": n, "of": len(self.numbers) // 7}))

    @rule(limit=st.integers(1, 5), receipt_lost=st.booleans())
    def send(self, limit: int, receipt_lost: bool) -> None:
        sent = [m.seq for m in self.box.unsent(limit)]
        self.at_hub |= set(sent)
        if not receipt_lost:
            self.settle(sent)

    @rule()
    def reopen(self) -> None:
        self.box.close()
        self.box = Outbox(Path(self.folder.name) / "outbox.db", kept=3)

    def settle(self, sent: list[int]) -> None:
        contiguous = 0
        while contiguous + 1 in self.at_hub:
            contiguous += 1
        self.box.settle(sent, contiguous, [])

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "box"):
            waiting = {m.seq for m in self.box.unsent(1000)}
            assert self.numbers <= waiting | self.at_hub

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.close()
            self.folder.cleanup()


OutboxLife.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestOutboxLife = OutboxLife.TestCase


def test_the_file_is_plain_sqlite(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    box.put("device", {"a": 1}, "x")
    box.close()
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
