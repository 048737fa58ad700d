"""What people do with a site's evidence at a real hub stands in the site's own chain."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gate.errors import EvidenceError
from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.draft import BundleDraft
from gate.evidence.looks import WAIT_MS, note_looks
from gate.evidence.report import Standing
from gate.evidence.upkeep import Upkeep
from gate.evidence.verify import verify
from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from gate.hub.tokens import now_ms
from tests.gate.hub.kit import SILENCE_S, SITE, Rig, finding, message, passage, rig_with

DAY_MS = 86_400_000


def store_of(directory: Path) -> EvidenceStore:
    return EvidenceStore(directory / "evidence", KeyRing(directory / "keys"), SITE)


def seal(store: EvidenceStore, number: int) -> int:
    return store.seal(BundleDraft("gatewarden", passage=passage(number)), now_ms()).number


async def asked(rig: Rig, act: Callable[[httpx.Client], Any]) -> Any:
    """Something a site does outside the event loop, as the running site does."""
    headers = {"Authorization": f"Bearer {rig.token}"}
    with httpx.Client(base_url=rig.url, headers=headers) as client:
        return await asyncio.to_thread(act, client)


def acts(store: EvidenceStore) -> list[dict[str, Any]]:
    return [dict(e.body) for e in store.entries() if e.body["kind"] in {"access", "lock", "unlock"}]


async def test_looks_and_exports_reach_the_chain_once(tmp_path: Path) -> None:
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", silence_s=SILENCE_S)) as rig:
        store = store_of(tmp_path)
        first, second = seal(store, 1), seal(store, 2)
        await rig.send(message(1, passage(1)), message(2, passage(2)), message(3, finding(1)))
        other = await rig.add_site("gate-2")
        li = await rig.person(Role.CITY, name="li")
        for _ in range(2):
            await li.get(f"/api/v1/passages/{passage(1).id}")
        await li.get(f"/api/v1/passages/{passage(2).id}")
        await li.get("/api/v1/export/passages.csv")
        assert await asked(rig, lambda c: note_looks(store, c, now_ms())) == 1
        assert await asked(rig, lambda c: note_looks(store, c, now_ms())) == 0, "each act once"
        reopened = store_of(tmp_path)
        assert await asked(rig, lambda c: note_looks(reopened, c, now_ms())) == 0, "nor again after a restart"
        (entry,) = acts(store)
        assert (entry["who"], entry["bundles"]) == ("hub:li", [first, second])
        assert [(k["action"], k["about"], k["times"]) for k in entry["looks"]] == [
            ("look at passage", passage(1).id, 2),
            ("look at passage", passage(2).id, 1),
            ("export", "passages.csv", 1),
        ]
        assert (await other.get("/api/v1/looks")).json()["looks"] == [], "another site is told nothing of it"
        assert (await rig.client().get("/api/v1/looks")).status_code == 401
    assert verify(tmp_path / "evidence", store.fingerprint).standing is Standing.VALID


async def test_a_lock_at_the_hub_keeps_the_bundle_at_the_site(tmp_path: Path) -> None:
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", silence_s=SILENCE_S)) as rig:
        store = store_of(tmp_path)
        kept = seal(store, 1)
        seal(store, 2)
        await rig.send(message(1, passage(1)), message(2, passage(2)))
        wang = await rig.person(Role.INSPECTOR, name="wang")
        where = f"/api/v1/passages/{passage(1).id}/lock"
        assert (await wang.put(where, json={"locked": True})).status_code == 200
        late = passage(2).end_ms + 31 * DAY_MS
        await asked(rig, lambda c: Upkeep(store, keep_days=30, hub=c).run(late))
        assert [b.number for b in store.bundles()] == [kept], "locked before old bundles were let go"
        assert (await wang.put(where, json={"locked": False})).status_code == 200
        await asked(rig, lambda c: Upkeep(store, keep_days=30, hub=c).run(late + 1))
        assert store.bundles() == []
    kinds = [(a["kind"], a["who"]) for a in acts(store)]
    assert kinds == [("lock", "hub:wang"), ("unlock", "hub:wang")]
    assert verify(tmp_path / "evidence", store.fingerprint).standing is Standing.VALID


async def test_a_lock_waits_for_its_passage_to_be_sealed(tmp_path: Path) -> None:
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", silence_s=SILENCE_S)) as rig:
        store = store_of(tmp_path)
        seal(store, 1)
        await rig.send(message(1, passage(2)))
        wang = await rig.person(Role.INSPECTOR, name="wang")
        await wang.put(f"/api/v1/passages/{passage(2).id}/lock", json={"locked": True})
        assert await asked(rig, lambda c: note_looks(store, c, now_ms())) == 0
        number = seal(store, 2)
        assert await asked(rig, lambda c: note_looks(store, c, now_ms())) == 1
        assert acts(store)[-1]["bundles"] == [number]
        await rig.send(message(2, passage(3)))
        await wang.put(f"/api/v1/passages/{passage(3).id}/lock", json={"locked": True})
        assert await asked(rig, lambda c: note_looks(store, c, now_ms() + WAIT_MS)) == 1
        assert acts(store)[-1]["purpose"] == "lock passage: no bundle to keep"


async def test_without_the_hub_old_bundles_stay_a_week_longer(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    seal(store, 1)
    with httpx.Client(base_url="http://127.0.0.1:9") as nobody:
        upkeep = Upkeep(store, keep_days=30, hub=nobody)
        upkeep.run(passage(1).end_ms + 31 * DAY_MS)
        assert len(store.bundles()) == 1
        upkeep.run(passage(1).end_ms + 38 * DAY_MS)
    assert store.bundles() == []
    with httpx.Client(base_url="http://127.0.0.1:9") as nobody, pytest.raises(EvidenceError, match="hub"):
        note_looks(store, nobody, now_ms())
