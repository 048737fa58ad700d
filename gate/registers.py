"""The registers a site names in its file, loaded as a whole; every line that could not be taken is told."""

from dataclasses import dataclass
from pathlib import Path

from gate.site.model import Site
from gate.tickets.book import TicketBook, load_book
from gate.tickets.vehicles import VehicleRegister, load_vehicles


@dataclass(frozen=True, slots=True)
class Registers:
    """Tickets and vehicles. faults: file and line of every entry that could not be taken, and why."""

    tickets: TicketBook
    vehicles: VehicleRegister
    faults: tuple[str, ...]


def load_registers(site: Site, base: Path) -> Registers:
    """The site's registers; paths are relative to `base`. Raises TicketError when a file cannot be read at all."""
    named = site.registers
    ticket_file = base / named.tickets if named.tickets else None
    vehicle_file = base / named.vehicles if named.vehicles else None
    tickets, line_faults = load_book(ticket_file, named.issuers)
    vehicles, row_faults = load_vehicles(vehicle_file)
    faults = [f"{ticket_file}:{f.line}: {f.reason}" for f in line_faults] + [f"{vehicle_file}: {f}" for f in row_faults]
    return Registers(tickets, vehicles, tuple(faults))
