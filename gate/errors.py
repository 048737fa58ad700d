"""Every error the gate raises on purpose.

GatewardenError
├── SiteError        the site file is wrong: file, line, field, what was expected
├── FactError        a line of a fact log is no fact
├── LineError        the address of a device's line is wrong, or the line cannot be opened
├── ScaleError       an indicator's address, settings or format is wrong
├── TicketError      a ticket or register cannot be used as asked
├── BrokerError      a message broker refuses, is gone, or does not answer
└── EvidenceError    a bundle cannot be sealed, read or verified

What vision raises (a model, a camera, a picture) has a tree of its own in vision/errors.py and is given on here.
"""

from vision.errors import ModelError, SourceError, VisionError


class GatewardenError(Exception):
    """Root of the gate's own errors; its text is meant for the person who can mend the cause."""


class SiteError(GatewardenError):
    """The site file is wrong: its text names file, line, field and what was expected."""


class FactError(GatewardenError):
    """A line of a fact log is no fact."""


class LineError(GatewardenError):
    """The address of a device's line is wrong, or the line cannot be opened."""


class ScaleError(GatewardenError):
    """An indicator's address, settings or format is wrong."""


class TicketError(GatewardenError):
    """A ticket or register cannot be used as asked."""


class BrokerError(GatewardenError):
    """A message broker refuses, is gone, or does not answer."""


class EvidenceError(GatewardenError):
    """A bundle cannot be sealed, read or verified."""


__all__ = [
    "BrokerError",
    "EvidenceError",
    "FactError",
    "GatewardenError",
    "LineError",
    "ModelError",
    "ScaleError",
    "SiteError",
    "SourceError",
    "TicketError",
    "VisionError",
]
