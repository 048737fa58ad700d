"""Every error the geofence raises on purpose.

GeofenceError
├── ShapeError      a shape is no shape: its text names the shape's id, the field and what was expected
└── PlaneError      surveyed points give no ground plane
"""


class GeofenceError(ValueError):
    """Root of the geofence's errors; its text is meant for the person who drew the shape."""


class ShapeError(GeofenceError):
    """A shape is no shape: shape id, field and what was expected."""

    def __init__(self, shape: str, field: str, expected: str) -> None:
        super().__init__(f"{shape!r}: {field}: {expected}")
        self.shape = shape
        self.field = field
        self.expected = expected


class PlaneError(GeofenceError):
    """Surveyed points give no ground plane."""
