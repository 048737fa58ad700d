"""What a site says of itself to its hub, again and again."""

from collections.abc import Mapping
from typing import Any

from gate.site.model import Site


def heartbeat(site: Site, now_ms: int, devices: Mapping[str, str], barriers: Any) -> dict[str, Any]:
    """Who it is, where its pictures are, how its devices do. devices: states by id; barriers: as `Barriers` says."""
    return {
        "t_ms": now_ms,
        "name": {"zh": site.name.zh, "en": site.name.en},
        "api": f"http://{site.api.host}:{site.api.port}",
        "cameras": [{"id": c.id, "name": c.name.model_dump(), "state": devices.get(c.id, "ok")} for c in site.cameras],
        "scales": [{"id": s.id, "capacity_kg": s.capacity_kg, "e_kg": s.e_kg} for s in site.scales],
        "devices": dict(devices),
        "barriers": barriers,
        "mine": site.mine,
    }
