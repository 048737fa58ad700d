"""Every error vision raises on purpose.

VisionError
├── ModelError       a model file is missing, altered or of the wrong shape
├── SourceError      a camera address or recorded input cannot be opened
└── PictureError     a picture cannot be read, or is not one vision can work on
"""


class VisionError(Exception):
    """Root of vision's errors; its text names the file or address and what was expected."""


class ModelError(VisionError):
    """A model file is missing, altered or of the wrong shape."""


class SourceError(VisionError):
    """A camera address or recorded input cannot be opened."""


class PictureError(VisionError):
    """A picture cannot be read, or is not one vision can work on."""
