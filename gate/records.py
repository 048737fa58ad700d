"""Records in which meaning begins: the passage, and the findings rules draw from it."""

from dataclasses import dataclass, field
from enum import IntEnum

from gate.facts import TicketUse, Weighing
from geofence.movement import Movement
from vision.facts import PlateReading, VehicleClass, VehicleLook


class Severity(IntEnum):
    """Grade of alert, as officials know it."""

    NOTICE = 1
    WARNING = 2
    SERIOUS = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True)
class WeightsTaken:
    """Gross, tare and net of a visit, kg, as far as they are known.

    tare_source: "weighed" on this visit, "two_weighings" (empty on the way in) or "register". tare_ms: when it was
    weighed, None where that is not known.
    """

    gross_kg: float | None = None
    tare_kg: float | None = None
    tare_source: str = ""
    tare_ms: int | None = None

    @property
    def net_kg(self) -> float | None:
        return None if self.gross_kg is None or self.tare_kg is None else self.gross_kg - self.tare_kg


@dataclass(frozen=True, slots=True)
class Passage:
    """One vehicle's visit to the gate.

    id: "<site>-<UTC yyyymmddThhmmss>-<number>", deterministic. vehicles: the camera keys joined into this visit.
    plates: best reading per plate, the one it is known by first. joins: why camera keys were taken for one vehicle.
    unsure: what about that may be wrong; empty where it is sure. taken_for: the plate it is taken for where the one
    read is thought to be misread in a character. alike: plates one character off that it may be as well. read_by: how
    many cameras read its plate surely. gravest: of the findings that stood when it closed.
    closed: no further fact will join it. look: colour and axles as its cameras saw them, None where none looked.
    """

    id: str
    site: str
    start_ms: int
    end_ms: int
    vehicles: tuple[str, ...]
    kind: VehicleClass
    plates: tuple[PlateReading, ...] = ()
    movements: tuple[Movement, ...] = ()
    weighings: tuple[Weighing, ...] = ()
    tickets: tuple[TicketUse, ...] = ()
    joins: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    weights: WeightsTaken | None = None
    closed: bool = False
    look: VehicleLook | None = None
    taken_for: str = ""
    alike: tuple[str, ...] = ()
    read_by: int = 0
    gravest: Severity | None = None

    @property
    def plate(self) -> str:
        """The text of the plate the vehicle is known by, "" while unread."""
        return self.plates[0].text if self.plates else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a passage, or of a stretch of time without one.

    id: "<passage or device>/<rule>", one per passage and rule. state: "raised", "upgraded" or "withdrawn".
    zh, en: one sentence a person can act on. numbers: what decided it, with units in the names.
    evidence: ids the finding rests on (vehicles, weighings, tickets, devices).
    version, thresholds: of the rule as it judged. place: ground point (x, y) in metres where the vehicle was, for maps.
    """

    id: str
    t_ms: int
    site: str
    rule: str
    severity: Severity
    confidence: float
    zh: str
    en: str
    passage: str | None = None
    plate: str = ""
    state: str = "raised"
    numbers: dict[str, float] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    version: int = 1
    thresholds: dict[str, float] = field(default_factory=dict)
    place: tuple[float, float] | None = None
