"""Footage: original packets on disk, clips cut from them, and burned-in copies."""

from vision.record.burned import BurnedInWriter, burn_in
from vision.record.cut import Clip, cut
from vision.record.recorder import Recorder
from vision.record.retention import Retention, Swept, free_bytes, keep, sweep
from vision.record.segment import Segment, segments

__all__ = [
    "BurnedInWriter",
    "Clip",
    "Recorder",
    "Retention",
    "Segment",
    "Swept",
    "burn_in",
    "cut",
    "free_bytes",
    "keep",
    "segments",
    "sweep",
]
