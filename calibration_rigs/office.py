"""The office's files of a scenario: signed lift tickets and the register of vehicles, as a running site reads them."""

import csv
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from calibration_rigs.register import listed_of, tickets_of
from calibration_rigs.scenario import Scenario
from calibration_rigs.vehicle import Vehicle
from gate.facts import TicketUse, canonical_json
from gate.tickets.ticket import Ticket, Void, seal

TICKETS, VEHICLES = "tickets.jsonl", "vehicles.csv"
VALID_MS = 24 * 3_600_000
_HOUR_MS = 3_600_000


def write_registers(folder: Path, scenario: Scenario, vehicles: Sequence[Vehicle], site: str, now_ms: int) -> str:
    """Write the two files with tickets that are worth from `now_ms` on what the scenario says of them.

    Returns the public key (hex) the tickets are signed with. "used" cannot be written: only the gate knows of it.
    """
    key = Ed25519PrivateKey.generate()
    lines = []
    for use in tickets_of(scenario, vehicles, site).values():
        lines += [canonical_json({"token": seal(content, key)}) for content in _papers(use, now_ms)]
    (folder / TICKETS).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    with (folder / VEHICLES).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["plate", "kind", "tare_kg", "axles", "colour"])
        for one in listed_of(scenario, vehicles):
            rows.writerow([one.plate, one.kind, one.tare_kg or "", one.axles or "", one.colour])
    return key.public_key().public_bytes_raw().hex()


def _papers(use: TicketUse, now_ms: int) -> list[Ticket | Void]:
    """A ticket, and the notice that voids it where the scenario says so."""
    until_ms = now_ms - _HOUR_MS if use.state == "expired" else now_ms + VALID_MS
    issued_ms = until_ms - 2 * VALID_MS
    ticket = Ticket(
        use.ticket, use.site, use.plate, use.product, round(use.tonnes * 1000), issued_ms, issued_ms, until_ms
    )
    return [ticket, Void(use.ticket, now_ms - _HOUR_MS)] if use.state == "void" else [ticket]
