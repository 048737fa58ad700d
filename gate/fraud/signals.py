"""Which signals a site has, read off its site file."""

from gate.fraud.rule import Signal
from gate.site.model import Site


def site_signals(site: Site) -> frozenset[Signal]:
    """The signals this site's devices and registers give."""
    have = {Signal.VEHICLE, Signal.HISTORY, Signal.DEVICE}
    if site.scales:
        have.add(Signal.WEIGHT)
    if any(c.read_plates for c in site.cameras):
        have.add(Signal.PLATE)
    if site.zones or site.boundaries or site.lanes:
        have.add(Signal.ZONE)
    if any(b.scale and b.address for b in site.beams):
        have.add(Signal.BEAM)
    if site.satellite and site.positions:
        have.add(Signal.SATELLITE)
    if site.registers.tickets:
        have.add(Signal.TICKET)
    return frozenset(have)
