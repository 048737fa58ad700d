"""Following vehicles and persons through one camera's picture, and their plates through the pass."""

from vision.track.plates import PlateCrop, PlateLook, PlateSlot, PlateSlots, Vote, plate_width
from vision.track.tracker import Tracker, TrackSettings
from vision.track.vehicle import Vehicle

__all__ = [
    "PlateCrop",
    "PlateLook",
    "PlateSlot",
    "PlateSlots",
    "TrackSettings",
    "Tracker",
    "Vehicle",
    "Vote",
    "plate_width",
]
