"""Time tokens from a real server of RFC 3161."""

import base64
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import EvidenceError
from gate.evidence.report import Standing
from gate.evidence.timestamp import check_token, load_roots, request_token
from gate.evidence.verify import verify
from tests.gate.evidence.scene import START_MS, clips_of, draft, new_store
from tests.gate.evidence.time_server import make_authority, time_server


def test_a_token_binds_the_chain_to_a_time(tmp_path: Path, clip: Path) -> None:
    root = make_authority(tmp_path / "authority")
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), START_MS)
    with time_server(tmp_path / "authority") as url:
        stamped_ms = request_token(store, url, START_MS + 1)
    assert abs(stamped_ms / 1000 - time.time()) < 60
    report = verify(tmp_path / "evidence", store.fingerprint, roots=load_roots(root))
    assert (report.standing, report.time_stamped_ms) == (Standing.VALID, stamped_ms)
    stranger = make_authority(tmp_path / "stranger")
    report = verify(tmp_path / "evidence", store.fingerprint, roots=load_roots(stranger))
    assert report.standing is Standing.TAMPERED
    assert [(p.code, p.file) for p in report.problems if p.level == "tampered"] == [("token_wrong", "chain.jsonl:3")]


def test_a_token_holds_for_its_entry_only(tmp_path: Path, clip: Path) -> None:
    root = load_roots(make_authority(tmp_path / "authority"))
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), START_MS)
    digest = bytes.fromhex(store.head().body["last"])
    with time_server(tmp_path / "authority") as url:
        request_token(store, url, START_MS)
    response = json.loads((tmp_path / "evidence" / "chain.jsonl").read_bytes().splitlines()[-1])["body"]["response"]
    check_token(response, digest, root)
    with pytest.raises(EvidenceError, match="Mismatch"):
        check_token(response, bytes(32), root)
    raw = base64.b64decode(response)
    for at in range(len(raw) - 60, len(raw), 7):  # inside the signature
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(EvidenceError):
            check_token(base64.b64encode(changed).decode(), digest, root)


def test_a_server_that_fails_leaves_the_chain_alone(tmp_path: Path, clip: Path) -> None:
    make_authority(tmp_path / "authority")
    store = new_store(tmp_path)
    store.seal(draft(0, clips_of(0, clip)), START_MS)
    before = (tmp_path / "evidence" / "chain.jsonl").read_bytes()
    with time_server(tmp_path / "authority", refuses=True) as url, pytest.raises(EvidenceError, match="500"):
        request_token(store, url, START_MS)
    with pytest.raises(EvidenceError, match="time server"):
        request_token(store, url, START_MS)  # nobody listens there any more
    assert (tmp_path / "evidence" / "chain.jsonl").read_bytes() == before
    with time_server(tmp_path / "authority", repeats=True) as url:
        request_token(store, url, START_MS)
        with pytest.raises(EvidenceError):
            request_token(store, url, START_MS)


@given(st.binary(max_size=200), st.booleans())
def test_no_answer_upsets_the_reader(noise: bytes, looks_like_one: bool) -> None:
    answer = b"\x30\x82" + len(noise).to_bytes(2) + noise if looks_like_one else noise
    with pytest.raises(EvidenceError):
        check_token(base64.b64encode(answer).decode(), bytes(32))
