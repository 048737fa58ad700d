"""Facts that cameras (and any device) produce: what was seen, never what it means.

Image points are (x, y) pixels of the full frame, ground points (x, y) metres, times UTC milliseconds.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class VehicleClass(StrEnum):
    """Classes of the road-user detector, in the order of its output."""

    CAR = "car"
    VAN = "van"
    BUS = "bus"
    TRUCK = "truck"
    TANKER = "tanker"
    DUMP_TRUCK = "dump_truck"
    PERSON = "person"


class PlateColour(StrEnum):
    BLUE = "blue"
    YELLOW = "yellow"
    GREEN = "green"
    YELLOW_GREEN = "yellow_green"
    WHITE = "white"
    BLACK = "black"


class VehicleColour(StrEnum):
    """Colours of a vehicle's body as registers name them (GA 24.8; silver is grey), and orange, which they do not."""

    WHITE = "white"
    GREY = "grey"
    BLACK = "black"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    BROWN = "brown"


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Everything one detector found in one frame, vectorised.

    boxes: (N, 4) float64, x0 y0 x1 y1 in pixels of the full frame. scores: (N,) in 0..1. classes: (N,) int indices.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, pick: NDArray[np.bool_] | NDArray[np.int64] | slice) -> "Detections":
        return Detections(self.boxes[pick], self.scores[pick], self.classes[pick])


@dataclass(frozen=True, slots=True)
class PlateReading:
    """One plate as read, from one crop or voted over a pass.

    char_confidences: one probability per character of `text`. second: the runner-up text, None where there is none.
    corners: four (x, y) image points: top left, top right, bottom right, bottom left.
    frames: how many crops the reading rests on. seen_ms: instant of the frame `corners` lie in, None where unknown.
    """

    text: str
    colour: PlateColour
    rows: int
    confidence: float
    char_confidences: tuple[float, ...] = ()
    second: str | None = None
    corners: tuple[tuple[float, float], ...] = ()
    frames: int = 1
    seen_ms: int | None = None


@dataclass(frozen=True, slots=True)
class VehicleLook:
    """What a vehicle looks like, over the best looks of a pass. None: not known, as axles are from ahead or behind.

    looks: how many crops it rests on. Confidences are 0 where nothing is known.
    """

    colour: VehicleColour | None = None
    colour_confidence: float = 0.0
    axles: int | None = None
    axles_confidence: float = 0.0
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """One tracked vehicle or person at one instant of one camera.

    vehicle: "<camera>:<number>", one per vehicle and pass, unchanged by occlusion or a change of inner track id.
    box: x0 y0 x1 y1 in pixels. ground: the point on the ground under the vehicle, None without a calibrated plane.
    plates: the best readings so far, one per plate of the vehicle (front, rear, trailer).
    final: the vehicle is gone; `plates` and `look` are the last word on it. look: None before it was looked at.
    """

    t_ms: int
    camera: str
    vehicle: str
    kind: VehicleClass
    score: float
    box: tuple[float, float, float, float]
    ground: tuple[float, float] | None = None
    plates: tuple[PlateReading, ...] = ()
    final: bool = False
    look: VehicleLook | None = None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device's condition changed. device: id in the site file; state: "ok", "lost", "stalled", "ended", "fault", ...

    detail says why in plain words; numbers carries measurements (frames per second, gap in ms, ...).
    """

    t_ms: int
    device: str
    state: str
    detail: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
