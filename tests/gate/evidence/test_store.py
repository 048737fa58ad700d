"""Sealing, keeping and giving up evidence."""

import csv
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gate.errors import EvidenceError
from gate.evidence import BundleDraft, EvidenceStore, KeyRing
from gate.evidence.case import CaseDraft, export_case
from gate.evidence.keys import from_paper, on_paper
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from gate.facts import from_plain, read_fact
from gate.records import Finding, Passage
from tests.gate.evidence.scene import SITE, START_MS, clips_of, draft, new_store

NOW_MS = START_MS + 3_600_000


def tree(directory: Path) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def codes(path: Path, fingerprint: str | None = None) -> tuple[Standing, set[str]]:
    report = verify(path, fingerprint)
    return report.standing, {p.code for p in report.problems if p.level != "note"}


def test_a_bundle_holds_everything(tmp_path: Path, clip: Path) -> None:
    wanted = draft(0, clips_of(0, clip))
    sealed = new_store(tmp_path).seal(wanted, NOW_MS)
    files = tree(sealed.path)
    name = f"north-{START_MS}.mp4"
    assert files[f"clips/{name}"] == files[f"burned/{name}"] == clip.read_bytes()
    assert from_plain(Passage, json.loads(files["record/passage.json"])) == wanted.passage
    assert from_plain(Finding, json.loads(files["record/findings.jsonl"])) == wanted.findings[0]
    assert wanted.passage is not None
    assert read_fact(files["record/tickets.jsonl"].decode()) == wanted.passage.tickets[0]
    assert read_fact(files["record/facts.jsonl"].decode()) == wanted.facts[0]
    curve = list(csv.reader(files["weight/scale-1-7.curve.csv"].decode().splitlines()))
    assert curve[0] == ["t_ms", "kg"]
    assert [(int(t), float(kg)) for t, kg in curve[1:]] == list(wanted.passage.weighings[0].curve)
    frames = list(csv.DictReader(files["weight/scale-1.frames.csv"].decode().splitlines()))
    assert [f["raw_hex"] for f in frames] == [f.raw for f in wanted.frames]
    manifest = json.loads(files["manifest.json"])
    assert manifest["rules"][0] == {"rule": "bridging", "thresholds": {"share": 0.5}, "version": 1}
    assert manifest["findings"][0]["thresholds"] == {"seconds": 3.0, "share": 0.5}
    assert manifest["clock"]["offset_ms"] == 1.5
    assert manifest["models"] == [{"name": "plates.onnx", "sha256": "ab" * 32}]
    assert manifest["gaps"][0]["device"] == "south"
    assert {f["path"] for f in manifest["files"]} == files.keys() - {"manifest.json", "seal.json", "entry.json"}
    assert codes(sealed.path) == (Standing.VALID, set())


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, clip: Path) -> None:
    keys = KeyRing(tmp_path / "keys")
    for name in ("one", "two"):
        store = EvidenceStore(tmp_path / name, keys, SITE)
        for number in range(3):
            store.seal(draft(number, clips_of(number, clip)), NOW_MS + number)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_camera_needs_a_clip_or_a_reason(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with pytest.raises(EvidenceError, match="camera north"):
        store.seal(draft(0), NOW_MS)
    with pytest.raises(EvidenceError, match=r"gone\.mp4"):
        store.seal(draft(0, clips_of(0, tmp_path / "gone.mp4")), NOW_MS)
    with pytest.raises(EvidenceError, match="needs a passage"):
        store.seal(BundleDraft("gatewarden"), NOW_MS)
    assert tree(tmp_path / "evidence").keys() == {"lock"}
    assert not list((tmp_path / "evidence" / "staging").iterdir())


def test_a_finding_or_a_slip_can_stand_alone(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    finding = draft(0).findings[0]
    alone = store.seal(BundleDraft("gatewarden", findings=(finding,)), NOW_MS)
    slip = {"number": "B-7", "t_ms": START_MS, "gross_kg": 48620.0, "tare_kg": 16000.0, "net_kg": 32620.0}
    slipped = store.seal(BundleDraft("gatewarden", slip=slip), NOW_MS)
    assert [b.id for b in store.bundles()] == [f"{finding.id}@{finding.t_ms}", "B-7"]
    assert "_bridging" in alone.path.name
    assert json.loads((slipped.path / "record/slip.json").read_bytes()) == slip
    assert codes(tmp_path / "evidence", store.fingerprint) == (Standing.VALID, set())


def test_two_processes_share_one_chain(tmp_path: Path, clip: Path) -> None:
    one, two = new_store(tmp_path), new_store(tmp_path)
    numbers = [store.seal(draft(n, clips_of(n, clip)), NOW_MS).number for n, store in enumerate([one, two, two, one])]
    assert numbers == [1, 2, 3, 4]
    assert codes(tmp_path / "evidence", one.fingerprint) == (Standing.VALID, set())


def test_opening_spares_what_another_is_writing(tmp_path: Path) -> None:
    """A command that opens the store while the site's process copies a long clip leaves that copy alone."""
    store = new_store(tmp_path)
    slow = tmp_path / "slow.mp4"
    os.mkfifo(slow)
    sealing = threading.Thread(target=store.seal, args=(draft(0, clips_of(0, slow)[:1]), NOW_MS))
    sealing.start()
    with slow.open("wb") as clip_being_copied:
        clip_being_copied.write(b"first half, ")
        clip_being_copied.flush()
        new_store(tmp_path)
        clip_being_copied.write(b"second half")
    sealing.join()
    (bundle,) = store.bundles()
    assert next((store.bundle_path(bundle.number) / "clips").iterdir()).read_bytes() == b"first half, second half"


def test_a_store_at_work_is_not_called_tampered_with(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), NOW_MS)
    stop = threading.Event()

    def work() -> None:
        number = 1
        while not stop.is_set():
            store.seal(draft(number % 50, clips_of(number % 50, clip)), NOW_MS + number)
            store.log_access("officer", "review", [1], NOW_MS + number)
            number += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        standings = []
        while len(store.bundles()) < 4:
            standings.append(codes(tmp_path / "evidence", store.fingerprint))
    finally:
        stop.set()
        worker.join()
    assert set(map(str, standings)) == {str((Standing.VALID, set()))}


def test_keys_are_private_and_never_leave(tmp_path: Path, clip: Path) -> None:
    with capture_logs() as logs:
        store = new_store(tmp_path)
        store.seal(draft(0, clips_of(0, clip)), NOW_MS)
        store.rotate_key(NOW_MS, 0)
        export_case(store, CaseDraft("c", "officer", "test", (1,)), tmp_path / "case.zip", NOW_MS)
        ring = KeyRing(tmp_path / "keys")
    files = sorted((tmp_path / "keys").iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    everything = b"".join(tree(tmp_path / "evidence").values()) + (tmp_path / "case.zip").read_bytes()
    everything += (repr(logs) + repr(ring) + repr(vars(store))).encode()
    assert b"PRIVATE" not in everything
    for file in files:
        body = file.read_text().splitlines()[1]
        assert body.encode() not in everything
    files[0].chmod(0o644)
    with pytest.raises(EvidenceError, match="0600"):
        KeyRing(tmp_path / "keys")


def test_fingerprint_survives_paper(tmp_path: Path) -> None:
    name = new_store(tmp_path).fingerprint
    assert from_paper(on_paper(name)) == from_paper(f" {name.upper()}\n") == name
    with pytest.raises(EvidenceError, match="64 hex digits"):
        from_paper(name[:-1])


def test_rotation_and_revocation(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), NOW_MS)
    first = store.fingerprint
    second = store.rotate_key(NOW_MS + 1000, overlap_ms=5000)
    store.with_chain(lambda c: c.append("access", NOW_MS + 6000, {"who": "a", "purpose": "b", "bundles": [1]}, first))
    with pytest.raises(EvidenceError, match="overlap"):
        store.with_chain(
            lambda c: c.append("access", NOW_MS + 6001, {"who": "a", "purpose": "b", "bundles": [1]}, first)
        )
    later = store.seal(draft(1, clips_of(1, clip)), NOW_MS + 7000)
    assert store.fingerprint == second
    for paper in (first, second):
        assert codes(tmp_path / "evidence", paper) == (Standing.VALID, set())
        assert codes(later.path, paper) == (Standing.VALID, set())
    store.revoke_key(second, NOW_MS + 6500, "laptop stolen", NOW_MS + 8000)
    third = store.fingerprint
    assert third not in {first, second}
    assert not (tmp_path / "keys" / f"{second}.key").exists()
    store.seal(draft(2, clips_of(2, clip)), NOW_MS + 9000)
    report = verify(tmp_path / "evidence", first)
    assert report.standing is Standing.INCOMPLETE
    assert {(p.code, p.file) for p in report.problems if p.level != "note"} == {
        ("doubtful", "chain.jsonl:5"),
        ("doubtful", "chain.jsonl:6"),
    }
    with pytest.raises(EvidenceError, match="expected another key"):
        store.revoke_key("ab" * 32, NOW_MS, "no such key", NOW_MS + 9000)


def test_another_process_learns_of_a_new_key(tmp_path: Path, clip: Path) -> None:
    running, command = new_store(tmp_path), new_store(tmp_path)
    running.seal(draft(0, clips_of(0, clip)), NOW_MS)
    command.rotate_key(NOW_MS, 0)
    running.seal(draft(1, clips_of(1, clip)), NOW_MS + 1)
    assert codes(tmp_path / "evidence", running.fingerprint) == (Standing.VALID, set())


def test_retention_leaves_tombstones_and_spares_locked_bundles(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    sealed = [store.seal(draft(n, clips_of(n, clip)), NOW_MS) for n in range(4)]
    store.lock_case("2026-17", "officer", [sealed[1].number], NOW_MS)
    gone = store.retain(START_MS + 2 * 60_000 + 1, NOW_MS, "30 days")
    assert [b.number for b in gone] == [sealed[0].number]
    assert not sealed[0].path.exists()
    assert codes(tmp_path / "evidence", store.fingerprint) == (Standing.VALID, set())
    with pytest.raises(EvidenceError, match="tombstone"):
        store.bundle_path(sealed[0].number)
    with pytest.raises(EvidenceError, match="lock"):
        store.record("tombstone", NOW_MS, {"bundle_entry": 2, "manifest": sealed[1].digest, "reason": "", "id": ""})
    with pytest.raises(EvidenceError, match="locks nothing"):
        store.unlock_case("other", "officer", "", NOW_MS)
    store.unlock_case("2026-17", "officer", "closed", NOW_MS)
    assert [b.number for b in store.retain(NOW_MS, NOW_MS, "30 days")] == [2, 3, 4]
    assert new_store(tmp_path).bundles() == []
    assert codes(tmp_path / "evidence", store.fingerprint) == (Standing.VALID, set())


def test_access_and_export_are_in_the_chain(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), NOW_MS)
    store.log_access("inspector", "review", [1], NOW_MS + 1)
    export_case(store, CaseDraft("c-1", "inspector", "court", (1,)), tmp_path / "case.zip", NOW_MS + 2)
    acts = [(e.body["kind"], e.body["who"], e.body["bundles"]) for e in store.entries(frozenset({"access", "export"}))]
    assert acts == [("access", "inspector", [1]), ("export", "inspector", [1])]
    with pytest.raises(EvidenceError, match="no bundle"):
        store.log_access("inspector", "review", [9], NOW_MS + 3)


# What a power cut may leave, and what verification says before the store is opened again.
DAMAGED = [
    ("entry without newline", "entry_unfinished", Standing.INCOMPLETE),
    ("head one behind", "head_behind", Standing.INCOMPLETE),
    ("renamed, not appended", "seal_unfinished", Standing.INCOMPLETE),
    ("staged", "", Standing.VALID),
    ("tombstone, not deleted", "", Standing.VALID),
]


@pytest.mark.parametrize(("what", "code", "standing"), DAMAGED)
def test_opening_mends_what_a_power_cut_left(
    tmp_path: Path, clip: Path, what: str, code: str, standing: Standing
) -> None:
    store = new_store(tmp_path)
    evidence = tmp_path / "evidence"
    first = store.seal(draft(0, clips_of(0, clip)), NOW_MS)
    before = tree(evidence)
    second = store.seal(draft(1, clips_of(1, clip)), NOW_MS)
    if what == "entry without newline":
        (evidence / "chain.jsonl").write_bytes((evidence / "chain.jsonl").read_bytes() + b'{"body":{"bun')
    elif what == "head one behind":
        (evidence / "head.json").write_bytes(before["head.json"])
    elif what == "renamed, not appended":
        for name in ("chain.jsonl", "head.json"):
            (evidence / name).write_bytes(before[name])
    elif what == "staged":
        (evidence / "staging" / "half" / "clips").mkdir(parents=True)
        (evidence / "staging" / "half" / "clips" / "a.mp4").write_bytes(b"half")
    else:
        copy = tree(first.path)
        store.retain(NOW_MS, NOW_MS, "30 days")
        for name, data in copy.items():
            (first.path / name).parent.mkdir(parents=True, exist_ok=True)
            (first.path / name).write_bytes(data)
    assert codes(evidence, store.fingerprint) == (standing, {code} - {""})
    again = new_store(tmp_path)
    assert codes(evidence, store.fingerprint) == (Standing.VALID, set())
    assert not list((evidence / "staging").iterdir())
    third = again.seal(draft(2, clips_of(2, clip)), NOW_MS)
    assert third.number > second.number
    assert codes(evidence, store.fingerprint) == (Standing.VALID, set())


def test_a_chain_that_does_not_hold_is_refused(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    for number in range(2):
        store.seal(draft(number, clips_of(number, clip)), NOW_MS)
    path = tmp_path / "evidence" / "chain.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(EvidenceError, match="line 2"):
        new_store(tmp_path)
