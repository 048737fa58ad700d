"""How a site begins: on live devices only, and on record."""

import hashlib
from pathlib import Path

from gate.errors import SiteError
from gate.facts import Operation
from gate.site.model import Site


def refuse_recordings(site: Site) -> None:
    """Raises SiteError for a site whose inputs are recordings."""
    addresses = {c.id: c.address for c in site.cameras} | {s.id: s.address for s in site.scales}
    addresses |= {b.id: b.address for b in site.beams}
    addresses |= {"positions": site.positions.address} if site.positions else {}
    for device, address in addresses.items():
        if address.startswith(("file:", "replay:")):
            raise SiteError(f"{device}: {address} is a recording; `gatewarden replay` plays it")


def start_notes(directory: Path, site_text: str, now_ms: int) -> list[Operation]:
    """That the site was started, and whether its file changed meanwhile. directory: where the site keeps its data."""
    notes = [Operation(now_ms, "system", "started")]
    digest_file = directory / "site.sha256"
    digest = hashlib.sha256(site_text.encode()).hexdigest()
    before = digest_file.read_text() if digest_file.exists() else digest
    if before != digest:
        detail = f"{before[:12]} -> {digest[:12]}"
        notes.append(Operation(now_ms, "system", "configuration_changed", "site.yaml", detail))
    digest_file.write_text(digest)
    return notes
