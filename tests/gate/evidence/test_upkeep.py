"""The site's upkeep against a real hub and a real time server, there and not there."""

from pathlib import Path

import httpx
from structlog.testing import capture_logs

from gate.evidence.report import Standing
from gate.evidence.upkeep import Upkeep
from gate.evidence.verify import verify
from tests.gate.evidence.scene import START_MS, clips_of, draft, new_store
from tests.gate.evidence.test_hub import running
from tests.gate.evidence.time_server import make_authority, time_server

DAY_MS = 86_400_000


def kinds(directory: Path) -> list[str]:
    return [e.body["kind"] for e in new_store(directory).entries()]


def test_evidence_is_stamped_counter_signed_and_let_go(tmp_path: Path, clip: Path) -> None:
    make_authority(tmp_path / "authority")
    store = new_store(tmp_path)
    with running(tmp_path) as hub, time_server(tmp_path / "authority") as url, hub.client() as client:
        upkeep = Upkeep(store, keep_days=30, hub=client, time_server=url)
        upkeep.run(START_MS)
        assert not (tmp_path / "evidence" / "chain.jsonl").exists()
        store.seal(draft(0, clips_of(0, clip)), START_MS)
        for minute in range(3):
            upkeep.run(START_MS + minute * 60_000)
        assert kinds(tmp_path) == ["key", "bundle", "time", "receipt"], "once, not at every run"
        upkeep.run(START_MS + 31 * DAY_MS)
        assert kinds(tmp_path)[4:] == ["tombstone", "time", "receipt"]
        upkeep.run(START_MS + 32 * DAY_MS)
        assert len(kinds(tmp_path)) == 7, "nothing new, nothing asked"
    report = verify(tmp_path / "evidence", store.fingerprint)
    assert (report.standing, report.counter_signed, report.bundles) == (Standing.VALID, 6, 0)
    assert report.time_stamped_ms is not None


def test_who_cannot_be_reached_is_named_once_and_asked_again(tmp_path: Path, clip: Path) -> None:
    make_authority(tmp_path / "authority")
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), START_MS)
    with httpx.Client(base_url="http://127.0.0.1:9") as nobody, capture_logs() as logs:
        upkeep = Upkeep(store, keep_days=30, hub=nobody, time_server="http://127.0.0.1:9/")
        upkeep.run(START_MS)
        upkeep.run(START_MS + 60_000)
        with time_server(tmp_path / "authority") as url:
            upkeep.time_server = url
            upkeep.run(START_MS + 120_000)
    assert [(entry["log_level"], entry["party"]) for entry in logs] == [
        ("warning", "hub"),
        ("warning", "time server"),
        ("debug", "hub"),
        ("debug", "hub"),
        ("debug", "time server"),
        ("debug", "hub"),
        ("debug", "hub"),
        ("debug", "hub"),
    ]
    assert kinds(tmp_path) == ["key", "bundle", "time"]


def test_a_token_missed_is_asked_for_again(tmp_path: Path, clip: Path) -> None:
    make_authority(tmp_path / "authority")
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), START_MS)
    with running(tmp_path) as hub, hub.client() as client, time_server(tmp_path / "authority") as url:
        upkeep = Upkeep(store, keep_days=30, hub=client, time_server="http://127.0.0.1:9/")
        upkeep.run(START_MS)
        upkeep.time_server = url
        upkeep.run(START_MS + 60_000)
    assert kinds(tmp_path) == ["key", "bundle", "receipt", "time", "receipt"]
