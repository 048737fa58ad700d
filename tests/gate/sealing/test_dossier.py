"""What the running site seals: everything of a passage, its slip, its clock and its gaps."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import EvidenceError
from gate.evidence import ClockOffset, EvidenceStore, Gap, KeyRing
from gate.evidence.report import Standing
from gate.evidence.statement import sha256
from gate.evidence.verify import verify
from gate.records import Passage, WeightsTaken
from gate.sealing.dossier import PRE_ROLL_MS, Dossier, device_gaps, seal, signed_tickets
from gate.sealing.occasions import POST_ROLL_MS
from gate.sealing.slips import print_slip, slip_of, slip_of_bundle
from gate.tickets.book import TicketBook
from gate.tickets.ticket import Ticket
from gate.tickets.ticket import seal as seal_ticket
from tests.gate.evidence.scene import SITE, START_MS, draft
from tests.gate.fraud.scene import site
from vision.facts import DeviceState


def weighed_passage(**changes: object) -> Passage:
    made = draft(1).passage
    assert made is not None
    weights = WeightsTaken(48_620.0, 15_140.0, "two_weighings", START_MS - 3_600_000)
    return replace(made, vehicles=("cam:4",), weights=weights, **changes)


def sealed(directory: Path, passage: Passage) -> tuple[EvidenceStore, Path]:
    store = EvidenceStore(directory / "evidence", KeyRing(directory / "keys"), SITE)
    clock = ClockOffset("unsynchronised", None, None, passage.end_ms)
    facts = (DeviceState(passage.start_ms, "bridge", "lost", "cable"),)
    dossier = Dossier(passage, (), facts, clock=clock)
    made = seal(dossier, site(), footage={}, models={"reader": "ab" * 32}, store=store, sealed_ms=passage.end_ms)
    return store, made.path


def test_a_weighed_passage_is_sealed_with_its_slip(tmp_path: Path) -> None:
    passage = weighed_passage()
    store, path = sealed(tmp_path, passage)
    manifest = json.loads((path / "manifest.json").read_bytes())
    assert manifest["subject"] == {
        "kind": "slip",
        "id": passage.id,
        "passage": passage.id,
        "plate": passage.plate,
        "start_ms": passage.start_ms,
        "end_ms": passage.end_ms,
    }
    assert (manifest["clock"]["source"], manifest["clock"]["offset_ms"]) == ("unsynchronised", None)
    assert {"cam", "bridge"} == {g["device"] for g in manifest["gaps"]}
    slip = slip_of_bundle(path)
    assert (slip.gross_kg, slip.tare_kg, slip.net_kg) == (48_620.0, 15_140.0, 33_480.0)
    assert (slip.ticket, slip.product) == ("T00001", "coal")
    assert slip.evidence == sha256((path / "manifest.json").read_bytes()) == store.bundles()[0].manifest
    pdf = print_slip(path, "Asia/Shanghai", tmp_path / "slips" / "1.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert verify(tmp_path / "evidence", store.fingerprint).standing is Standing.VALID


@pytest.mark.parametrize(
    "weights",
    [
        None,
        WeightsTaken(48_620.0),  # no tare known
        WeightsTaken(None, 15_140.0, "weighed"),  # on its way in
        WeightsTaken(15_000.0, 15_140.0, "register"),  # makes no net
    ],
)
def test_no_slip_without_a_net_weight(tmp_path: Path, weights: WeightsTaken | None) -> None:
    passage = replace(weighed_passage(), weights=weights)
    assert slip_of(passage) is None
    _, path = sealed(tmp_path, passage)
    assert json.loads((path / "manifest.json").read_bytes())["subject"]["kind"] == "passage"
    with pytest.raises(EvidenceError, match="no weighing slip"):
        slip_of_bundle(path)


def test_no_slip_without_a_plate() -> None:
    assert slip_of(weighed_passage(plates=())) is None


def test_a_tare_of_unknown_date_is_printed_as_one(tmp_path: Path) -> None:
    _, path = sealed(tmp_path, replace(weighed_passage(), weights=WeightsTaken(48_620.0, 15_000.0, "register")))
    assert slip_of_bundle(path).tare_ms is None
    assert print_slip(path, "Asia/Shanghai", tmp_path / "slip.pdf").read_bytes().startswith(b"%PDF-")


def test_tickets_are_kept_as_they_were_signed(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    ticket = Ticket("T00001", SITE, "晋Z0A8D4", "coal", 32_500, START_MS, START_MS, START_MS + 86_400_000)
    book = TicketBook(issuers=[key.public_key().public_bytes_raw().hex()])
    book.add(seal_ticket(ticket, key))
    passage = weighed_passage()
    tokens = signed_tickets(passage, book.token)
    store = EvidenceStore(tmp_path / "evidence", KeyRing(tmp_path / "keys"), SITE)
    dossier = Dossier(passage, (), (), tokens=tokens)
    made = seal(dossier, site(), footage={}, models={}, store=store, sealed_ms=passage.end_ms)
    kept = (made.path / "attachments" / "ticket-01-T00001.txt").read_text()
    assert book.check(START_MS + 1, "晋Z0A8D4", SITE, kept).state == "valid"
    assert signed_tickets(passage, TicketBook().token) == (), "one known by its content alone"


def test_gaps_of_devices_are_what_they_said() -> None:
    span = (1_000, 60_000)
    facts = (
        DeviceState(1_500, "cam", "ok", "camera process is back", {"gap_ms": 4_000.0}),  # began before the span
        DeviceState(5_000, "bridge", "stalled", "no frames", {"gap_ms": 2_000.0}),
        DeviceState(6_000, "bridge", "lost", "line gone"),
        DeviceState(8_000, "bridge", "ok", "", {"gap_ms": 3_000.0}),
        DeviceState(9_000, "cam", "damaged", "pictures could not be decoded"),
        DeviceState(9_500, "cam/footage", "lost"),
        DeviceState(50_000, "cam", "fault", "process died"),
    )
    assert device_gaps(facts, span) == [
        Gap("cam", 1_000, 1_500, "ok: camera process is back"),
        Gap("bridge", 3_000, 8_000, "stalled: no frames"),
        Gap("cam", 50_000, 60_000, "fault: process died"),
    ]


def test_the_span_has_pre_and_post_roll() -> None:
    passage = weighed_passage()
    assert Dossier(passage, (), ()).span_ms == (passage.start_ms - PRE_ROLL_MS, passage.end_ms + POST_ROLL_MS)
