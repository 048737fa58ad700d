"""Weighing slips of the running site: made of a passage that was weighed, proved by its evidence, printed from it."""

import json
from pathlib import Path
from typing import Any

from gate.errors import EvidenceError
from gate.evidence.bundle import MANIFEST_FILE
from gate.evidence.statement import sha256
from gate.facts import from_plain, to_plain
from gate.fraud.passage_facts import valid_ticket, weighed
from gate.records import Passage
from gate.tickets.slip import Slip, slip_pdf

SLIP_RECORD = "record/slip.json"


def slip_of(passage: Passage) -> Slip | None:
    """The slip a closed passage is due, None without a plate, gross, tare or net weight.

    Its number is the passage's id: one visit, one load, one slip.
    """
    weights, weighing = passage.weights, weighed(passage)
    if weights is None or weighing is None or weighing.stable_ms is None or not passage.plate:
        return None
    if weights.gross_kg is None or weights.tare_kg is None or weights.gross_kg <= weights.tare_kg:
        return None
    ticket = valid_ticket(passage)
    return Slip(
        number=passage.id,
        site=passage.site,
        plate=passage.plate,
        product=ticket.product if ticket else "",
        ticket=ticket.ticket if ticket else "",
        scale=weighing.scale,
        gross_kg=weights.gross_kg,
        gross_ms=weighing.stable_ms,
        tare_kg=weights.tare_kg,
        tare_ms=weights.tare_ms,
    )


def slip_record(slip: Slip) -> dict[str, Any]:
    """A slip as its bundle holds it: every field but the digest of the evidence, which follows from the bundle."""
    return {**to_plain(slip), "net_kg": slip.net_kg}


def slip_of_bundle(bundle: Path) -> Slip:
    """The slip a bundle proves, with the digest that names the bundle. Raises EvidenceError where it holds none."""
    try:
        record = json.loads((bundle / SLIP_RECORD).read_bytes())
        manifest = (bundle / MANIFEST_FILE).read_bytes()
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{bundle}: holds no weighing slip") from error
    record.pop("net_kg", None)
    return from_plain(Slip, {"tare_ms": None, **record, "evidence": sha256(manifest)})


def print_slip(bundle: Path, timezone: str, out: Path) -> Path:
    """Write a bundle's slip as PDF. Raises EvidenceError where it holds none, TicketError for weights of no net."""
    pdf = slip_pdf(slip_of_bundle(bundle), timezone)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(pdf)
    return out
