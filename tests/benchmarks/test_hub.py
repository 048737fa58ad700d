"""The hub under load: events of 50 sites stored beside the reads of 50 open pages, and how soon they are known.

The hub is a process of its own, its disk writes are real. The sites send as `gate.uplink.sender` does: whatever waits
goes in one batch, the next when its receipt is there. The pages do as the built pages do: they hear the news, and load
their lists again as the news come, once in PAGE_EVERY_S at most. Sites know nothing of one another: each begins when it
likes, and its events follow at uneven distances.
"""

import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from gate.facts import canonical_json, to_plain
from gate.hub.context import COOKIE
from gate.hub.people_book import add_person
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.sign_in import make_link
from gate.hub.sites import add_site
from gate.hub.store import Store
from gate.hub.tokens import now_ms
from gate.records import Severity
from tests.gate.hub.databases import POSTGRES, running_postgres
from tests.gate.hub.kit import finding, passage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SITES, PAGES, SECONDS = 50, 50, 20.0
PAGE_EVERY_S = 2.0
SETTLE_S = 4.0  # in which the pages sign in and load
LISTS = ("/api/v1/alerts?limit=50", "/api/v1/alerts/counts", "/api/v1/passages?limit=50")


@dataclass
class Line:
    """One connection that asks and hears answers, one after the other."""

    port: int
    head: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        reader, writer = self._streams
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: hub\r\n{self.head}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        length = next((int(h[15:]) for h in head.split("\r\n") if h.lower().startswith("content-length:")), 0)
        return status, await reader.readexactly(length)

    async def listen(self, heard: Callable[[], None]) -> None:
        """Server-sent events that make a page load its lists again."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        try:
            writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: hub\r\n{self.head}\r\n".encode())
            while news := await reader.read(1 << 18):
                if b"event: passage" in news or b"event: alert" in news:
                    heard()
        finally:
            writer.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass
class Load:
    """What the sites put and what the pages read; times in seconds."""

    stored: list[float] = field(default_factory=list)  # from the event to its receipt
    requests: list[float] = field(default_factory=list)  # from a batch to its receipt
    reads: list[float] = field(default_factory=list)
    refused: int = 0
    hub_cpu_s: float = 0.0
    own_cpu_s: float = 0.0  # of sites and pages themselves


@contextmanager
def hub_process(settings: HubSettings, log: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Its port, and the process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = str(Path(sys.executable).parent / "gatewarden")
    command = [program, "hub", "--data", str(settings.data_dir), "--port", str(port)]
    if settings.database_url:
        command += ["--database", settings.database_url]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            for _ in range(600):
                time.sleep(0.1)
                assert process.poll() is None, log.read_text()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


@asynccontextmanager
async def people_and_sites(settings: HubSettings) -> AsyncIterator[tuple[dict[str, str], str]]:
    """Device tokens by site, and a link that lets pages in."""
    store = Store(settings.database)
    await store.open()
    async with store.write() as session:
        tokens = {f"site-{n:02}": await add_site(session, f"site-{n:02}") for n in range(SITES)}
        city = await add_person(session, "city", Role.CITY)
        link = await make_link(session, city.id, now_ms() + 86_400_000, uses=PAGES)
    yield tokens, link
    await store.close()


async def one_site(port: int, site: str, token: str, rate: float, load: Load, end: float) -> None:
    line = Line(port, f"Authorization: Bearer {token}\r\n")
    sent, happens = 0, time.monotonic() + random.random() / rate
    born: list[float] = []
    while time.monotonic() < end:
        while happens < time.monotonic():
            born.append(happens)
            happens += random.uniform(0.5, 1.5) / rate
        if len(born) == sent:
            await asyncio.sleep(max(0.0, happens - time.monotonic()))
            continue
        batch = [event(site, n) for n in range(sent + 1, min(len(born), sent + 200) + 1)]
        body = canonical_json({"stream": "s", "messages": batch}).encode()
        asked = time.monotonic()
        status, _ = await line.ask("POST", "/api/v1/ingest", body)
        now = time.monotonic()
        load.refused += status != 200
        load.requests.append(now - asked)
        load.stored += [now - t for t in born[sent : sent + len(batch)]]
        sent += len(batch)
    line.close()


def event(site: str, n: int) -> dict[str, object]:
    """Mostly passages as they grow and close; every tenth event a finding."""
    of = passage(n // 10 * 10 + n % 3, f"晋A{n // 10:05}", site=site, end_ms=now_ms(), start_ms=now_ms() - 1000)
    record = finding(n, Severity.SERIOUS, of=of, id=f"{of.id}/r{n}", rule=f"rule{n % 20}") if n % 10 == 0 else of
    kind = "finding" if n % 10 == 0 else "passage"
    return {"id": f"{site}-{n}", "seq": n, "kind": kind, "body": to_plain(record)}


async def signed_in(port: int, link: str) -> str:
    """A page's cookie."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"token": link}).encode()
    writer.write(
        b"POST /api/v1/session/link HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    said = (await reader.read()).decode()
    writer.close()
    return next(h for h in said.split("\r\n") if h.lower().startswith(f"set-cookie: {COOKIE}"))[12:].split(";")[0]


async def one_page(port: int, link: str, load: Load, end: float) -> None:
    """Hears the news, and loads its lists again after them, once in a while at most."""
    head = f"Cookie: {await signed_in(port, link)}\r\n"
    line, news = Line(port, head), asyncio.Event()

    hearing = asyncio.create_task(line.listen(news.set))
    try:
        while time.monotonic() < end:
            news.clear()
            for path in LISTS:
                asked = time.monotonic()
                status, _ = await line.ask("GET", path)
                load.reads.append(time.monotonic() - asked)
                load.refused += status != 200
            await asyncio.sleep(PAGE_EVERY_S * random.uniform(0.75, 1.25))
            await news.wait()
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        line.close()


async def run_load(settings: HubSettings, rate: float, log: Path) -> Load:
    load = Load()
    async with people_and_sites(settings) as (tokens, link):
        with hub_process(settings, log) as (port, process):
            end = time.monotonic() + SETTLE_S + SECONDS
            pages = [asyncio.create_task(one_page(port, link, load, end)) for _ in range(PAGES)]
            await asyncio.sleep(SETTLE_S)
            before, own_before = sum(process.cpu_times()[:2]), time.process_time()
            await asyncio.gather(*(one_site(port, s, t, rate / SITES, load, end) for s, t in tokens.items()))
            load.hub_cpu_s = sum(process.cpu_times()[:2]) - before
            load.own_cpu_s = time.process_time() - own_before
            for page in pages:
                page.cancel()
            await asyncio.gather(*pages, return_exceptions=True)
    return load


def told(load: Load, name: str, capsys: pytest.CaptureFixture[str]) -> tuple[float, float]:
    """Print the figures; events stored a second, and the 95th percentile of a request in ms."""
    rate = len(load.stored) / SECONDS
    figures = {
        "events_per_s": round(rate, 1),
        **{
            f"{what}_{q}_ms": round(1000 * statistics.quantiles(values, n=100)[at - 1], 1)
            for what, values in (("event", load.stored), ("request", load.requests), ("read", load.reads))
            for q, at in (("p50", 50), ("p95", 95))
        },
        "requests": len(load.requests),
        "reads": len(load.reads),
        "refused": load.refused,
        "hub_cpu_share": round(load.hub_cpu_s / SECONDS, 2),
        "load_cpu_share": round(load.own_cpu_s / SECONDS, 2),
    }
    with capsys.disabled():
        print(f"\n{name}: {json.dumps(figures)}")
    return rate, 1000 * statistics.quantiles(load.requests, n=100)[94]


async def test_sqlite_takes_200_events_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = HubSettings(data_dir=tmp_path / "hub").prepared()
    load = await run_load(settings, 200, tmp_path / "log")
    rate, p95_ms = told(load, "sqlite", capsys)
    assert load.refused == 0
    assert rate > 195
    assert p95_ms < 100


@pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL: name postgres in GATEWARDEN_POSTGRES")
async def test_postgres_takes_500_events_a_second(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_postgres(durable=True) as address:
        settings = HubSettings(data_dir=tmp_path / "hub", database_url=f"{address}/postgres").prepared()
        load = await run_load(settings, 500, tmp_path / "log")
    rate, p95_ms = told(load, "postgresql", capsys)
    assert load.refused == 0
    assert rate > 490
    assert p95_ms < 100
