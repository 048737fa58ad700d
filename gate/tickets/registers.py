"""The registers a site names in its file, loaded as a whole; every line that could not be taken is told."""

from dataclasses import dataclass
from pathlib import Path

from gate.errors import TicketError
from gate.site.model import Site
from gate.tickets.book import TicketBook, load_book, token_of
from gate.tickets.vehicles import VehicleRegister, load_vehicles


class TicketFeed:
    """Follows a register of tickets that is being written: new lines are learnt as they come.

    Each look reads only what was appended since the last; a last line without its end waits for it. A file that
    became shorter was replaced, and is read anew: tickets known already are not learnt twice.
    """

    def __init__(self, path: Path, book: TicketBook) -> None:
        self._path, self._book = path, book
        self._read = 0  # what was loaded before is read once more: between loading and the first look nothing is lost

    def look(self) -> list[str]:
        """Learn what is new. Returns what could not be taken, and why."""
        try:
            size = self._path.stat().st_size
        except OSError:
            return []
        if size < self._read:
            self._read = 0
        if size == self._read:
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        faults = []
        for line in whole.decode("utf-8", "replace").splitlines():
            try:
                if line.strip():
                    self._book.add(token_of(line))
            except TicketError as error:
                faults.append(f"{self._path}: {error}")
        return faults


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
