"""Following vehicles and persons through one camera's picture."""

from vision.track.tracker import Tracker, TrackSettings
from vision.track.vehicle import Vehicle

__all__ = ["TrackSettings", "Tracker", "Vehicle"]
