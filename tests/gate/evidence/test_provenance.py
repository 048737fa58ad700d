"""The C2PA manifest in a burned-in clip, read by the reference implementation."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from cryptography import x509

from gate.errors import EvidenceError
from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.keys import fingerprint
from gate.evidence.provenance import certificates, certify
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from gate.sealing.dossier import Dossier, seal
from tests.gate.evidence.scene import SITE, START_MS, draft
from tests.gate.fraud.scene import site

c2pa = pytest.importorskip("c2pa", reason="needs the extra c2pa")


def read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        told: dict[str, Any] = json.loads(c2pa.Reader("video/mp4", file).json())
    return told


def test_the_file_is_valid_until_a_bit_changes(tmp_path: Path, clip: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    (name,) = ring.fingerprints
    certify(clip, tmp_path / "out.mp4", ring, name, "gatewarden 0.1.0", START_MS)
    told = read(tmp_path / "out.mp4")
    assert told["validation_state"] == "Valid"
    signature = told["manifests"][told["active_manifest"]]["signature_info"]
    assert (signature["alg"], signature["common_name"]) == ("Ed25519", name)
    assert {s["code"] for s in told["validation_status"]} == {"signingCredential.untrusted"}
    assert pictures(tmp_path / "out.mp4") == pictures(clip)
    data = bytearray((tmp_path / "out.mp4").read_bytes())
    data[data.index(b"mdat") + 900] ^= 1
    (tmp_path / "out.mp4").write_bytes(data)
    assert read(tmp_path / "out.mp4")["validation_state"] == "Invalid"


def test_the_certificate_carries_the_evidence_key(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    (name,) = ring.fingerprints
    leaf, root = x509.load_pem_x509_certificates(certificates(ring.public_key(name), name, START_MS))
    assert fingerprint(leaf.public_key().public_bytes_raw()) == name  # type: ignore[union-attr]
    leaf.verify_directly_issued_by(root)


def test_the_key_signs_nothing_else_by_this_way(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    with pytest.raises(EvidenceError, match="COSE"):
        ring.sign_cose(b'{"body":{}}', ring.fingerprints[0])


def test_a_bundle_with_manifests_is_sealed_and_verified(tmp_path: Path, clip: Path) -> None:
    made = draft(1).passage
    assert made is not None
    passage = replace(made, vehicles=("cam:4",))
    footage = tmp_path / "footage"
    footage.mkdir()
    (footage / f"{passage.start_ms}-{passage.start_ms + 1900}.mp4").write_bytes(clip.read_bytes())
    where = site()
    where = where.model_copy(update={"store": where.store.model_copy(update={"c2pa": True})})
    store = EvidenceStore(tmp_path / "evidence", KeyRing(tmp_path / "keys"), SITE)
    dossier = Dossier(passage, (), ())
    sealed = seal(dossier, where, footage={"cam": footage}, models={}, store=store, sealed_ms=passage.end_ms)
    (burned,) = (sealed.path / "burned").iterdir()
    assert re.fullmatch(r"cam-\d+\.mp4", burned.name)
    assert read(burned)["validation_state"] == "Valid"
    assert verify(tmp_path / "evidence", store.fingerprint).standing is Standing.VALID


def pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))
