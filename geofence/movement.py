"""Movement: one thing a vehicle did relative to the shapes of the site."""

from dataclasses import dataclass
from enum import StrEnum


class MovementKind(StrEnum):
    """What a movement says; the meaning for the gate is decided elsewhere."""

    ENTERED = "entered"  # came into a zone: into a forbidden area with any part, into others with its ground point
    LEFT = "left"  # left a zone
    CROSSED = "crossed"  # passed a boundary's whole corridor; direction and gate say how
    TURNED_BACK = "turned_back"  # entered a boundary's corridor and left it on the side it came from
    AGAINST_LANE = "against_lane"  # progress against a lane's direction, past its thresholds
    ALONG_LANE = "along_lane"  # a wrong-way movement ended: along the lane again, or out of it
    STOPPED = "stopped"
    MOVED_OFF = "moved_off"


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of one vehicle.

    vehicle: key of the vehicle, stable over track ids ("<camera>:<number>").
    shape: id of the zone, boundary or lane in the site file; "" for STOPPED and MOVED_OFF.
    direction: for CROSSED "in" (towards the inside, left of the line as drawn) or "out".
    gate: id of the gate crossed through, None where the boundary has none there.
    distance_m, duration_ms: extent of the movement so far (metres against the lane, time standing).
    """

    t_ms: int
    vehicle: str
    kind: MovementKind
    shape: str = ""
    direction: str | None = None
    gate: str | None = None
    distance_m: float | None = None
    duration_ms: int | None = None
