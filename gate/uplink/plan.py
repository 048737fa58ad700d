"""What a site tells its hub of itself: its cameras and shapes, its registers, where a finding was, sealed files."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from gate.facts import Fact, to_plain
from gate.records import Finding
from gate.site.model import Site
from gate.tickets.registers import Registers
from gate.uplink.outbox import Outbox
from vision.facts import Sighting

_ORDER = {"burned": 0, "plates": 1, "clips": 3}  # the rest of a bundle is small, and comes before its clips
_SHOWN = {"cameras", "zones", "boundaries", "lanes", "scales", "timezone"}


def site_plan(site: Site) -> dict[str, Any]:
    """A site's cameras and shapes as its file has them, without addresses."""
    hidden = {"cameras": {"__all__": {"address"}}, "scales": {"__all__": {"address", "settings"}}}
    plan: dict[str, Any] = site.model_dump(mode="json", by_alias=True, include=_SHOWN, exclude=hidden)
    return plan


def tell_plan(outbox: Outbox, site: Site) -> None:
    """Send the plan, once after each change."""
    outbox.put_list("plan", "plan", {site.id: {"id": site.id, "plan": site_plan(site)}}, whole=True)


def tell_registers(outbox: Outbox, registers: Registers) -> None:
    """Send what is new in the registers of tickets and vehicles."""
    tickets, vehicles = registers.tickets, registers.vehicles
    outbox.put_list("register", "tickets", {t.id: to_plain(t) for t in tickets.tickets()}, whole=False)
    outbox.put_list("register", "voids", {i: to_plain(v) for i, v in tickets.voids().items()}, whole=False)
    outbox.put_list("register", "vehicles", {v.plate: to_plain(v) for v in vehicles.vehicles()}, whole=True)


def placed(finding: Finding, facts: Iterable[Fact]) -> Finding:
    """The finding with the ground point where the last of its vehicles was seen up to it, if one was."""
    vehicles = set(finding.evidence)
    last = None
    for fact in facts:
        if isinstance(fact, Sighting) and fact.vehicle in vehicles and fact.ground and fact.t_ms <= finding.t_ms:
            last = fact
    return finding if last is None else replace(finding, place=last.ground)


def bundle_files(bundle: Path, *, originals: bool) -> list[tuple[str, Path]]:
    """A sealed bundle's files with their names at the hub, in the order they are wanted there.

    Burned-in clips and plates go by their own names, others by their path with "__" for "/". originals: clips as the
    cameras sent them.
    """
    files = [p.relative_to(bundle) for p in bundle.rglob("*") if p.is_file()]
    wanted = sorted((p for p in files if originals or p.parts[0] != "clips"), key=_rank)
    return [(hub_name(p), bundle / p) for p in wanted]


def hub_name(path: PurePath) -> str:
    """What a file of a bundle is called at the hub, by its path inside the bundle."""
    return path.name if path.parts[0] in ("burned", "plates") else "__".join(path.parts)


def _rank(path: Path) -> tuple[int, str]:
    return _ORDER.get(path.parts[0], 2), str(path)
