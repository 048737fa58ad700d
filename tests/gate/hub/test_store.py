"""Both databases are brought from their first form to the newest and hold what the tables say; the hub's numbers."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from gate.hub.bus import Bus
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.shared_reads import SharedReads
from gate.hub.store import Store, alembic_config
from gate.hub.tables import Base
from gate.records import Severity
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender
from tests.gate.hub.databases import POSTGRES, running_postgres
from tests.gate.hub.kit import SITE, Rig, finding, message, passage


@contextlib.contextmanager
def address(kind: str, folder: Path) -> Iterator[str]:
    """Of an empty database."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'hub.db'}"
        return
    with running_postgres() as server:
        name = f"hub_{uuid.uuid4().hex}"

        async def create() -> None:
            connection = await asyncpg.connect(f"{server.replace('+asyncpg', '')}/postgres")
            await connection.execute(f"CREATE DATABASE {name}")
            await connection.close()

        asyncio.run(create())
        yield f"{server}/{name}"


def to(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    (command.downgrade if revision == "v0001-" else command.upgrade)(config, revision.rstrip("-"))


OLD_SITE = text("INSERT INTO sites (id, name_zh, name_en, api_url, token_hash, created_ms, state, disabled) "
                "VALUES ('old', '老矿', '', '', 'x', 1, '{}', false)")  # fmt: skip


def differences(connection: Connection) -> list[object]:
    """Between the database and the tables as they are declared."""
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def moved(url: str) -> tuple[list[object], str, str]:
    """From the first form with a row in it to the newest, back and forth: what differs from the tables, the row."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(to, "v0001")
            await connection.execute(OLD_SITE)
        for revision in ("head", "v0001-", "head"):
            async with engine.begin() as connection:
                await connection.run_sync(to, revision)
        async with engine.begin() as connection:
            name, mine = (await connection.execute(text("SELECT name_zh, mine FROM sites"))).one()
            context = await connection.run_sync(
                lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)
            )
    finally:
        await engine.dispose()
    return context, name, mine


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_the_first_form_becomes_the_newest_and_keeps_its_rows(kind: str, tmp_path: Path) -> None:
    if kind == "postgresql" and POSTGRES is None:
        pytest.skip("no PostgreSQL: name postgres in GATEWARDEN_POSTGRES")
    with address(kind, tmp_path) as url:
        found, name, mine = asyncio.run(moved(url))
    assert (found, name, mine) == ([], "老矿", "")


async def test_a_write_that_is_abandoned_half_way_leaves_nothing_and_blocks_nobody(tmp_path: Path) -> None:
    store = Store(HubSettings(data_dir=tmp_path / "hub").prepared().database)
    await store.open()
    for pause_s in (0.0, 0.0005, 0.002, 0.01):

        async def abandoned() -> None:
            async with store.write() as session:
                await session.execute(OLD_SITE)
                await asyncio.sleep(10)

        task = asyncio.create_task(abandoned())
        await asyncio.sleep(pause_s)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    async with asyncio.timeout(20), store.write() as session:
        assert (await session.execute(text("SELECT count(*) FROM sites"))).scalar_one() == 0
        await session.execute(OLD_SITE)
    async with store.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM sites"))).scalar_one() == 1
    await store.close()


async def test_many_who_ask_at_once_share_an_answer_though_news_never_end() -> None:
    bus, made = Bus(), []
    reads = SharedReads(bus)

    async def make() -> list[int]:
        made.append(bus.news(("alert",)))
        return [made[-1]]

    async def news() -> None:
        while True:
            bus.publish("alert", None, {})
            await asyncio.sleep(0.001)

    telling, begin = asyncio.create_task(news()), time.monotonic()
    await reads.answer("k", ("alert",), make)
    asked = bus.news(("alert",))
    answers = await asyncio.gather(*(reads.answer("k", ("alert",), make) for _ in range(50)))
    telling.cancel()
    assert time.monotonic() - begin < 5
    assert len(made) == 2
    assert {a.body for a in answers} == {f"[{made[1]}]".encode()}
    assert made[1] >= asked


async def test_the_hub_tells_how_it_is(rig: Rig) -> None:
    await rig.send(message(1, passage(1)), message(2, finding(1, Severity.SERIOUS)), message(2, finding(1)))
    async with rig.client() as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.get("/ready")).json() == {"status": "ready"}
        told = (await client.get("/metrics")).text
    for line in ("gatewarden_sites 1.0", "gatewarden_sites_online 1.0", "gatewarden_messages_stored_total 2.0"):
        assert line in told
    assert "gatewarden_messages_repeated_total 1.0" in told


async def test_the_interface_is_described_with_examples(rig: Rig) -> None:
    async with rig.client() as client:
        described = (await client.get("/api/v1/openapi.json")).json()
    assert all("summary" in one for path in described["paths"].values() for one in path.values())
    for name in ("Batch", "DisposalIn", "OrderIn", "NewSite"):
        assert described["components"]["schemas"][name]["examples"], name


@pytest.mark.parametrize("name", ["../x.mp4", "a/b.mp4", ".hidden", "a\\b.mp4", "x\0.mp4", "x" * 200 + ".mp4", ""])
async def test_names_that_lead_elsewhere_are_refused(rig: Rig, name: str) -> None:
    about = {"owner": passage(1).id, "name": name, "size": 3, "sha256": "0" * 64, "offset": 0}
    assert (await rig.site.put("/api/v1/files", params=about, content=b"abc")).status_code in (400, 422)


@pytest.mark.parametrize("wait", ["-1", "nan", "26", "x"])
async def test_orders_are_not_waited_for_longer_than_is_said(rig: Rig, wait: str) -> None:
    assert (await rig.site.get(f"/api/v1/orders?wait_s={wait}")).status_code == 422


@pytest.mark.slow
async def test_a_site_that_was_away_for_a_day_catches_up_without_delaying_live_alerts(
    rig: Rig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A busy gate's day: 3,000 passages, each told five times as it grew, and what follows the moment it is back."""
    box = Outbox(tmp_path / "outbox.db")
    box._database.execute("PRAGMA synchronous=OFF")  # the day is over: only its rows matter
    for n in range(1, 3001):
        for part in range(5):
            box.put_record(passage(n, end_ms=passage(n).start_ms + 1000 * part, closed=part == 4))
    box._database.execute("PRAGMA synchronous=FULL")
    person = await rig.person(Role.COUNTY)
    sending, begun = asyncio.create_task(Sender(box, rig.url, rig.token).run()), time.monotonic()
    took: list[tuple[float, int]] = []  # seconds until an alert is on the pages, and what waited then
    while not took or took[-1][1]:
        n, begin = len(took) + 1, time.monotonic()
        box.put_record(finding(n, id=f"{passage(n).id}/rule{n}", rule=f"rule{n}"))
        while not await known(person, f"rule{n}"):
            assert time.monotonic() - begin < 60
            await asyncio.sleep(0.02)
        took.append((time.monotonic() - begin, box.waiting()))
    whole_s = time.monotonic() - begun
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    beside = [seconds for seconds, waiting in took if waiting]
    with capsys.disabled():
        print(f"\na day caught up in {whole_s:.1f} s; {len(beside)} alerts beside it within {max(beside):.2f} s")
    assert took[0][1] > 1000
    assert max(beside) < 5
    figures = (await (await rig.person(Role.CITY)).get("/api/v1/figures?by=site")).json()
    assert [(f["key"], f["passages"]) for f in figures] == [(SITE, 3000)]
    box.close()


async def known(person: httpx.AsyncClient, rule: str) -> bool:
    return bool((await person.get(f"/api/v1/alerts?rule={rule}")).json()["items"])
