"""The demo: a virtual site with hub and pages on this machine. No hardware, no network.

clip ──played as live──► camera worker ─┐
weights ──bytes over a real pty──► scale ┴─► site process ─► outbox ─► hub ─► page
a mine's office issues the honest truck a ticket each round
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.facts import canonical_json
from gate.hub.people_book import administrator_link
from gate.hub.serve import running_hub
from gate.hub.settings import HubSettings
from gate.hub.sites import add_site
from gate.running.played_indicator import PlayedIndicator
from gate.running.process import SiteProcess
from gate.site import parse_site
from gate.tickets.ticket import Ticket, seal
from vision.source import SystemClock, clip_duration_ms

ASSETS = Path(__file__).parents[2] / "calibration_rigs" / "demo"
HONEST_PLATE = "皖K6A812"  # the truck of calibration_rigs/demo/demo.yaml that is weighed
TICKET_KG = 34_000
EVIDENCE_DAYS = 0.02  # half an hour of evidence and footage: the demo may run for days


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. page: opens signed in, once. process: the site."""

    page: str
    hub_url: str
    process: SiteProcess


@asynccontextmanager
async def demo(directory: Path, *, hub_port: int = 8430, api_port: int = 8420) -> AsyncIterator[Demo]:
    """The demo, running while the context is open. directory: where it keeps everything it writes.

    Raises OSError when a port is taken, SiteError or SourceError when the demo's clip is missing.
    """
    clock = SystemClock()
    epoch_ms = clock.now_ms()
    round_ms = clip_duration_ms(str(ASSETS / "clip.mp4"))
    settings = HubSettings(data_dir=directory / "hub").prepared()
    async with running_hub(settings, port=hub_port) as (url, hub):
        async with hub.store.write() as session:
            token = await add_site(session, "demo")
        (directory / "hub.token").write_text(token)
        with closing(PlayedIndicator(ASSETS / "weights.csv", round_ms, clock)) as indicator:
            office = TicketOffice(directory / "tickets.jsonl")
            text = site_text(indicator.port, url, office.issuer, epoch_ms, api_port)
            (directory / "site.yaml").write_text(text, encoding="utf-8")
            process = SiteProcess(parse_site(text, "demo site.yaml"), directory)
            page = await administrator_link(hub.store, url)
            indicator.start(epoch_ms)
            issuing = asyncio.create_task(office.issue_each(round_ms, clock))
            running = asyncio.create_task(process.run())
            try:
                yield Demo(page, url, process)
                if running.done():
                    await running
            finally:
                for task in (issuing, running):
                    task.cancel()
                await asyncio.gather(issuing, running, return_exceptions=True)


def site_text(port: str, hub_url: str, issuer: str, epoch_ms: int, api_port: int) -> str:
    """The demo's site file: the one of the recordings, its inputs exchanged for live ones."""
    site = yaml.safe_load((ASSETS / "site.yaml").read_text(encoding="utf-8"))
    site["recording"] = {"start": datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat()}
    for camera in site["cameras"]:
        camera["address"] = f"play:{ASSETS / camera['address'].partition(':')[2]}"
    for scale in site["scales"]:
        scale["address"] = f"serial:{port}?baud=9600"
    site["registers"] = {
        "tickets": "tickets.jsonl",
        "issuers": [issuer],
        "vehicles": str(ASSETS / site["registers"]["vehicles"]),
    }
    site["hub"] = {"url": hub_url, "token_file": "hub.token"}
    site["store"] = {
        "directory": "site",
        "footage_days": EVIDENCE_DAYS,
        "footage_gb": 1,
        "evidence_days": EVIDENCE_DAYS,
    }
    site["api"] = {"port": api_port}
    return yaml.safe_dump(site, allow_unicode=True, sort_keys=False)


class TicketOffice:
    """A mine's office: gives the honest truck a new signed ticket for every round."""

    def __init__(self, register: Path) -> None:
        self._register = register
        self._key = Ed25519PrivateKey.generate()
        register.write_text("")

    @property
    def issuer(self) -> str:
        """The public key whose tickets count, hex."""
        return self._key.public_key().public_bytes_raw().hex()

    async def issue_each(self, round_ms: int, clock: SystemClock) -> None:
        """Issue one ticket at the beginning of every round."""
        while True:
            self.issue(clock.now_ms(), round_ms)
            await asyncio.sleep(round_ms / 1000)

    def issue(self, now_ms: int, valid_ms: int) -> None:
        """Issue one ticket, valid for a round and a little longer."""
        number = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("TM%Y%m%d-%H%M%S")
        ticket = Ticket(number, "demo", HONEST_PLATE, "煤", TICKET_KG, now_ms, now_ms - 60_000, now_ms + 2 * valid_ms)
        with self._register.open("a", encoding="utf-8") as file:
            file.write(canonical_json({"token": seal(ticket, self._key)}) + "\n")
