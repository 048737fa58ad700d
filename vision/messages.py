"""What a site and its camera workers say to each other. Frames never travel, only these."""

from dataclasses import dataclass

from vision.facts import DeviceState, PlateColour, Sighting
from vision.live import Fragment
from vision.overlay import WeightAt


@dataclass(frozen=True, slots=True)
class Weights:
    """To a worker: readings of the scale this camera shows."""

    samples: tuple[WeightAt, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """To a worker: what is written beside the weight from now on, until the next caption."""

    plate: str = ""
    plate_colour: PlateColour = PlateColour.YELLOW
    ticket: str = ""
    gross_kg: float | None = None
    tare_kg: float | None = None
    net_kg: float | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """To a worker: encode the live stream or not; marks: draw boxes and zones."""

    on: bool
    marks: bool = True


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    """To a worker: send the next picture as JPEG."""


@dataclass(frozen=True, slots=True)
class Stop:
    """To a worker: finish what is open and end."""


@dataclass(frozen=True, slots=True)
class Facts:
    """From a worker: what was seen, in order of time."""

    facts: tuple[Sighting | DeviceState, ...]


@dataclass(frozen=True, slots=True)
class Crops:
    """From a worker, after a vehicle's final sighting: (text, t_ms, PNG) of each of its plates."""

    vehicle: str
    plates: tuple[tuple[str, int, bytes], ...]


@dataclass(frozen=True, slots=True)
class LiveBegin:
    """From a worker: an encoder started."""

    mime: str
    init: bytes


@dataclass(frozen=True, slots=True)
class LiveFragment:
    """From a worker: the next piece of the live stream."""

    fragment: Fragment


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """From a worker: the encoder stopped."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """From a worker: a picture with its overlay, JPEG."""

    t_ms: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Beat:
    """From a worker, every second: it is alive, and how its camera does."""

    t_ms: int
    numbers: dict[str, float]


ToWorker = Weights | Caption | Watch | TakeSnapshot | Stop
FromWorker = Facts | Crops | LiveBegin | LiveFragment | LiveEnd | Snapshot | Beat
