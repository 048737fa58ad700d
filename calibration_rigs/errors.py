"""Every error the virtual site and the calibrations raise on purpose.

RigError
├── SiteImpossible    a site that cannot be built: the deck outside the yard, a camera below the ground
├── ScenarioError     a scenario file is wrong: file, field and what was expected
├── RenderError       this machine cannot draw pictures, or a picture cannot be drawn as asked
└── CalibrationError  a measurement does not determine what was to be calibrated
"""

from gate.errors import GatewardenError


class RigError(GatewardenError):
    """Root of the rig's errors; its text is meant for the person who can mend the cause."""


class SiteImpossible(RigError):  # noqa: N818 - the name says what is wrong with the site
    """A site that cannot be built."""


class ScenarioError(RigError):
    """A scenario file is wrong."""


class RenderError(RigError):
    """This machine cannot draw pictures, or a picture cannot be drawn as asked."""


class CalibrationError(RigError):
    """A measurement does not determine what was to be calibrated."""
