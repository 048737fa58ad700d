"""Whether the camera itself can be believed."""

from vision.tamper.watch import TamperWatch

__all__ = ["TamperWatch"]
