"""Counter-signing by a real hub process's routes, and a site that tries to rewrite what was counter-signed."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Header, HTTPException
from playwright.sync_api import Browser

from gate.errors import EvidenceError
from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.heads import head_for_hub, inclusion_for_hub, send_head
from gate.evidence.hub_memory import HubHeads
from gate.evidence.hub_routes import evidence_router
from gate.evidence.receipt import ForkError, SentHead
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from tests.gate.evidence.scene import SITE, START_MS, clips_of, draft, new_store

TOKENS = {"token-of-mine-1": "mine-1", "token-of-mine-2": "mine-2"}


def site_of(authorization: Annotated[str, Header()] = "") -> str:
    try:
        return TOKENS[authorization.removeprefix("Bearer ")]
    except KeyError:
        raise HTTPException(401) from None


@dataclass
class Hub:
    heads: HubHeads
    forks: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def client(self, site: str = SITE) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer token-of-{site}"})


@contextmanager
def running(directory: Path) -> Iterator[Hub]:
    hub = Hub(HubHeads(directory / "heads", KeyRing(directory / "hub-keys")))
    app = FastAPI()
    app.include_router(
        evidence_router(
            hub.heads,
            site_of=site_of,
            reader_of=site_of,
            clock=lambda: START_MS + 5000,
            on_fork=lambda site, why: hub.forks.append((site, why)),
        )
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    hub.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield hub
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running(tmp_path) as started:
        yield started


def seal(store: EvidenceStore, clip: Path, *numbers: int) -> None:
    for number in numbers:
        store.seal(draft(number, clips_of(number, clip)), START_MS + number)


def test_heads_are_counter_signed_and_kept(tmp_path: Path, clip: Path, hub: Hub) -> None:
    store = new_store(tmp_path)
    with hub.client() as client:
        for number in range(4):
            seal(store, clip, number)
            if number == 1:
                store.rotate_key(START_MS + 100, 1000)
            size = send_head(store, client, START_MS + 200 + number)
        assert send_head(store, client, START_MS + 300) == size, "nothing new, nothing sent"
        state = client.get(f"/evidence/sites/{SITE}").json()
        receipts = [r["receipt"] for r in client.get(f"/evidence/receipts/{SITE}").json()]
    assert (state["size"], len(receipts)) == (size, 4)
    report = verify(tmp_path / "evidence", state["site_fingerprint"], receipts)
    assert report.standing is Standing.VALID
    assert report.counter_signed == size
    assert state["hub_fingerprint"] in {p.detail for p in report.problems if p.code == "unknown_hub"}
    assert not hub.forks


def test_a_site_cannot_rewrite_yesterday(tmp_path: Path, clip: Path, hub: Hub) -> None:
    store = new_store(tmp_path)
    seal(store, clip, 0)
    shutil.copytree(tmp_path / "evidence", tmp_path / "yesterday")
    seal(store, clip, 1, 2)
    with hub.client() as client:
        send_head(store, client, START_MS + 100)
        receipts = hub.heads.receipts(SITE)
        shutil.rmtree(tmp_path / "evidence")
        (tmp_path / "yesterday").rename(tmp_path / "evidence")
        rewritten = new_store(tmp_path)
        assert verify(tmp_path / "evidence", store.fingerprint).standing is Standing.VALID, "its own key signed it"
        cut = verify(tmp_path / "evidence", store.fingerprint, receipts)
        assert [p.code for p in cut.problems if p.level == "tampered"] == ["chain_cut"]
        with pytest.raises(EvidenceError, match="it was cut"):
            send_head(rewritten, client, START_MS + 101)
        seal(rewritten, clip, 5, 6, 7)
        with pytest.raises(EvidenceError, match="refuses this chain"):
            send_head(rewritten, client, START_MS + 102)
    assert hub.forks == [(SITE, f"site {SITE}: the first 4 entries are not those that were counter-signed")]
    other = verify(tmp_path / "evidence", store.fingerprint, receipts)
    assert [p.code for p in other.problems if p.level == "tampered"] == ["receipt_wrong"]


def test_a_head_must_be_right_in_itself(tmp_path: Path, clip: Path, hub: Hub) -> None:
    store = new_store(tmp_path)
    seal(store, clip, 0)
    sent = head_for_hub(store, 0)
    good = {"keys": list(sent.keys), "head": sent.head, "proof": []}
    with hub.client() as client, hub.client("mine-2") as stranger, httpx.Client(base_url=hub.url) as nobody:
        assert nobody.post(f"/evidence/heads/{SITE}", json=good).status_code == 401
        assert stranger.post(f"/evidence/heads/{SITE}", json=good).status_code == 403
        assert stranger.post("/evidence/heads/mine-2", json=good).status_code == 422
        for wrong in (
            {**good, "head": sent.head.replace('"size":2', '"size":3')},
            {**good, "head": "{}"},
            {**good, "keys": []},
            {**good, "keys": ["{}"]},
            {**good, "proof": ["zz"]},
        ):
            assert client.post(f"/evidence/heads/{SITE}", json=wrong).status_code == 422
        assert client.get(f"/evidence/heads/{SITE}").json()["size"] == 0
        assert client.post(f"/evidence/heads/{SITE}", json=good).status_code == 200
    assert not hub.forks


def test_the_hub_finds_an_entry_in_what_it_signed(tmp_path: Path, clip: Path, hub: Hub) -> None:
    store = new_store(tmp_path)
    seal(store, clip, 0, 1)
    with hub.client() as client:
        send_head(store, client, START_MS + 100)
        size = client.get(f"/evidence/heads/{SITE}").json()["size"]
        entry, proof = inclusion_for_hub(store, 2, size)
        found = client.post(f"/evidence/inclusion/{SITE}", json={"entry": entry, "proof": proof})
        assert (found.status_code, found.json()["manifest"]) == (200, store.bundles()[1].manifest)
        wrong = (
            {"entry": entry, "proof": proof[:-1]},
            {"entry": entry, "proof": ["00" * 32, *proof[1:]]},
            {"entry": entry.replace('"t_ms":1', '"t_ms":2'), "proof": proof},
            {"entry": "{}", "proof": []},
        )
        for body in wrong:
            assert client.post(f"/evidence/inclusion/{SITE}", json=body).status_code == 422
        assert client.post("/evidence/inclusion/mine-2", json={"entry": entry, "proof": proof}).status_code == 422
    with pytest.raises(EvidenceError, match="not among"):
        inclusion_for_hub(store, 3, size)


def test_a_hub_remembers_over_restarts(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    seal(store, clip, 0)
    keys = KeyRing(tmp_path / "hub-keys")
    HubHeads(tmp_path / "heads", keys).accept(head_for_hub(store, 0), START_MS)
    path = tmp_path / "heads" / f"{SITE}.jsonl"
    path.write_bytes(path.read_bytes() + b'{"keys":["cut by a power fail')
    again = HubHeads(tmp_path / "heads", keys)
    seal(store, clip, 1)
    again.accept(head_for_hub(store, 2), START_MS + 1)
    assert len(again.receipts(SITE)) == 2
    stranger = EvidenceStore(tmp_path / "s", KeyRing(tmp_path / "stranger"), SITE)
    seal(stranger, clip, 0, 1, 2)
    with pytest.raises(ForkError, match="key entries differ"):
        again.accept(head_for_hub(stranger, 3), START_MS + 2)
    with pytest.raises(EvidenceError, match="letters"):
        again.accept(SentHead("../etc", (), ""), START_MS)


def test_the_hubs_page_verifies_and_can_send_nothing(tmp_path: Path, clip: Path, hub: Hub, browser: Browser) -> None:
    store = new_store(tmp_path)
    seal(store, clip, 0)
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{hub.url}/evidence/verify")
    page.fill(".fingerprint", store.fingerprint)
    page.set_input_files(".folder", str(tmp_path / "evidence"))
    page.wait_for_selector(".result h3")
    assert page.locator(".result h3").get_attribute("class") == "valid"
    assert page.evaluate("fetch('/evidence/heads/x').then(() => 'sent', () => 'refused')") == "refused"
    assert {url for url in requests if url.startswith("http")} == {f"{hub.url}/evidence/verify"}
    page.close()
