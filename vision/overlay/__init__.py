"""Burn-in: plate, ticket, weights and time drawn into the picture of their own instant."""

from vision.overlay.marks import Zones, vehicle_mark, zone_marks
from vision.overlay.overlay import Mark, Overlay, OverlayState
from vision.overlay.timeline import WeightAt, WeightTimeline
from vision.overlay.words import kilograms, local_time, plate_text

__all__ = [
    "Mark",
    "Overlay",
    "OverlayState",
    "WeightAt",
    "WeightTimeline",
    "Zones",
    "kilograms",
    "local_time",
    "plate_text",
    "vehicle_mark",
    "zone_marks",
]
