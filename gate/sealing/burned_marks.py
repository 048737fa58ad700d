"""Boxes and zones in the clips that are sealed, of cameras whose `marks` ask for them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from gate.facts import Fact
from gate.site.cameras import zone_outlines
from gate.site.model import Site
from vision.facts import Sighting
from vision.overlay import OverlayState, vehicle_mark, zone_marks
from vision.source import Frame

NEAR_MS = 150  # a box is drawn this long before and after the picture it was found in

StateAt = Callable[[Frame], OverlayState]


def with_marks(words: StateAt, facts: Sequence[Fact], site: Site, camera_id: str) -> StateAt:
    """The words of one camera's clip and, where the site file asks for it, its boxes and zones."""
    camera = next(c for c in site.cameras if c.id == camera_id)
    if "evidence" not in camera.marks:
        return words
    zones = zone_marks(zone_outlines(site, camera))
    seen: dict[str, list[Sighting]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, Sighting) and fact.camera == camera_id:
            seen[fact.vehicle].append(fact)

    def state_at(frame: Frame) -> OverlayState:
        near = (_nearest(sightings, frame.t_ms) for sightings in seen.values())
        boxes = (vehicle_mark(s.box, s.kind, [p.text for p in s.plates], site.language) for s in near if s is not None)
        return replace(words(frame), marks=(*zones, *boxes))

    return state_at


def _nearest(sightings: Sequence[Sighting], t_ms: int) -> Sighting | None:
    """Where a vehicle was at an instant, None where nothing near it says so. sightings: in order of time."""
    at = bisect_left(sightings, t_ms, key=lambda s: s.t_ms)
    around = sightings[max(0, at - 1) : at + 1]
    best = min(around, key=lambda s: abs(s.t_ms - t_ms), default=None)
    return best if best is not None and abs(best.t_ms - t_ms) <= NEAR_MS else None
