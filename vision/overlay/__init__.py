"""Burn-in: plate, ticket, weights and time drawn into the picture of their own instant."""

from vision.overlay.overlay import Mark, Overlay, OverlayState
from vision.overlay.timeline import WeightAt, WeightTimeline
from vision.overlay.words import kilograms, local_time, plate_text

__all__ = ["Mark", "Overlay", "OverlayState", "WeightAt", "WeightTimeline", "kilograms", "local_time", "plate_text"]
