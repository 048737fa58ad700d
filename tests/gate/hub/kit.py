"""What hub tests are made of: a real hub on a real port, people of every role, records."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from gate.facts import to_plain
from gate.hub.context import CSRF_HEADER, Hub
from gate.hub.people_book import add_person
from gate.hub.roles import Role
from gate.hub.serve import running_hub
from gate.hub.settings import HubSettings
from gate.hub.sign_in import make_link
from gate.hub.sites import add_site
from gate.hub.tokens import now_ms
from gate.records import Finding, Passage, Severity
from vision.facts import PlateColour, PlateReading, VehicleClass

SITE = "gate-1"
SILENCE_S = 3600.0  # sites of tests speak rarely
T0 = 1_790_000_000_000


@dataclass
class Rig:
    """A hub to try things on."""

    url: str
    hub: Hub
    token: str
    open: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, **headers: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)
        self.open.append(client)
        return client

    @property
    def site(self) -> httpx.AsyncClient:
        return self.client(Authorization=f"Bearer {self.token}")

    async def person(self, role: Role, sites: list[str] | None = None, name: str = "") -> httpx.AsyncClient:
        """A client signed in as a new person of a role."""
        async with self.hub.store.write() as session:
            user = await add_person(session, name or f"{role.value}-{len(self.open)}", role, sites)
            token = await make_link(session, user.id, now_ms() + 60_000)
        client = self.client()
        me = await client.post("/api/v1/session/link", json={"token": token})
        assert me.status_code == 200, me.text
        client.headers[CSRF_HEADER] = me.json()["csrf"]
        return client

    async def add_site(self, site: str) -> httpx.AsyncClient:
        async with self.hub.store.write() as session:
            token = await add_site(session, site)
        return self.client(Authorization=f"Bearer {token}")

    async def send(self, *messages: dict[str, Any], stream: str = "s1") -> dict[str, Any]:
        body = json.dumps({"stream": stream, "messages": messages})  # ASCII: carries even what is no text
        answer = await self.site.post("/api/v1/ingest", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt


def message(seq: int, record: Any, message_id: str = "") -> dict[str, Any]:
    kind = {Passage: "passage", Finding: "finding"}.get(type(record), "device")
    return {"id": message_id or f"m{seq}", "seq": seq, "kind": kind, "body": to_plain(record)}


def passage(number: int = 1, plate: str = "晋A12345", site: str = SITE, **changes: Any) -> Passage:
    start_ms = T0 + number * 60_000
    values: dict[str, Any] = {
        "id": f"{site}-20260922T000000-{number}",
        "site": site,
        "start_ms": start_ms,
        "end_ms": start_ms + 30_000,
        "vehicles": (f"exit:{number}",),
        "kind": VehicleClass.TRUCK,
        "plates": (PlateReading(plate, PlateColour.YELLOW, 1, 0.97),) if plate else (),
    }
    return Passage(**{**values, **changes})


def finding(number: int = 1, severity: Severity = Severity.SERIOUS, **changes: Any) -> Finding:
    of = changes.pop("of", passage(number))
    values: dict[str, Any] = {
        "id": f"{of.id}/bypass",
        "t_ms": of.end_ms,
        "site": of.site,
        "rule": "bypass",
        "severity": severity,
        "confidence": 0.9,
        "zh": f"{of.plate} 未过磅离场。",
        "en": f"{of.plate} left unweighed.",
        "passage": of.id,
        "plate": of.plate,
    }
    return Finding(**{**values, **changes})


@asynccontextmanager
async def rig_with(settings: HubSettings) -> AsyncIterator[Rig]:
    async with running_hub(settings) as (url, hub):
        async with hub.store.write() as session:
            token = await add_site(session, SITE)
        rig = Rig(url, hub, token)
        yield rig
        for client in rig.open:
            await client.aclose()


def token_of(link: str) -> str:
    found = re.search(r"#enter=([\w-]+)$", link)
    assert found is not None
    return found.group(1)
