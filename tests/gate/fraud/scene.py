"""A small site and its passages, written down for the rules' tests."""

from dataclasses import dataclass, field, replace

from gate.facts import Fact, TicketUse, Weighing, WeightSample
from gate.fraud.history import History
from gate.fraud.judge import Judge
from gate.fraud.net import weights_taken
from gate.records import Finding, Passage
from gate.site import parse_site
from gate.site.model import Site
from geofence.movement import Movement, MovementKind
from vision.facts import PlateColour, PlateReading, Sighting, VehicleClass

T0 = 1_700_000_000_000
PLATE = "晋A31567"

SITE = """
id: east
name: {zh: 东门, en: East gate}
cameras:
  - id: cam
    name: {zh: 磅房}
    address: file:clip.mp4
    size: [1280, 720]
    points:
      - {image: [0, 700], ground: [0, 0]}
      - {image: [1280, 700], ground: [10, 0]}
      - {image: [1000, 200], ground: [10, 30]}
      - {image: [280, 200], ground: [0, 30]}
zones:
  - {id: deck, kind: deck, ground: [[2, 5], [6, 5], [6, 23], [2, 23]]}
  - {id: store, kind: forbidden, name: {zh: 炸药库, en: Magazine}, ground: [[7, 12], [9, 12], [9, 15], [7, 15]]}
  - {id: pump, kind: refuel, ground: [[7, 5], [9, 5], [9, 9], [7, 9]]}
boundaries:
  - id: fence
    ground: [[20, 28], [-10, 28]]
    gates:
      - {id: exit, use: exit, from: [2, 28], to: [6, 28]}
      - {id: entrance, use: entrance, from: [8, 28], to: [12, 28]}
scales:
  - {id: s1, deck: deck, address: "replay:weights.csv"}
registers: {tickets: tickets.jsonl}
"""


@dataclass
class Register:
    """Vehicles on the register by plate."""

    vehicles: dict[str, dict[str, object]] = field(default_factory=dict)

    def lists(self, plate: str, kind: str | None = None) -> bool:
        return plate in self.vehicles and (kind is None or self.vehicles[plate].get("kind") == kind)

    def tare_kg(self, plate: str) -> float | None:
        return self.vehicles.get(plate, {}).get("tare_kg")  # type: ignore[return-value]

    def body(self, plate: str) -> str | None:
        return self.vehicles.get(plate, {}).get("body")  # type: ignore[return-value]

    def kind(self, plate: str) -> str | None:
        return self.vehicles.get(plate, {}).get("kind")  # type: ignore[return-value]

    def axles(self, plate: str) -> int | None:
        return self.vehicles.get(plate, {}).get("axles")  # type: ignore[return-value]

    def colour(self, plate: str) -> str | None:
        return self.vehicles.get(plate, {}).get("colour")  # type: ignore[return-value]


def site() -> Site:
    return parse_site(SITE)


def judge(register: Register | None = None, where: Site | None = None) -> Judge:
    return Judge(where or site(), register or Register())


def plate(text: str = PLATE, confidence: float = 0.97, colour: PlateColour = PlateColour.YELLOW) -> PlateReading:
    return PlateReading(text, colour, 1, confidence, frames=6)


def crossed(direction: str = "out", gate: str | None = "exit", t_s: float = 50) -> Movement:
    return Movement(at(t_s), "cam:1", MovementKind.CROSSED, "fence", direction, gate)


def weighing(kg: float | None = 40_000, t_s: float = 20) -> Weighing:
    return Weighing(at(t_s + 10), "s1", 1, at(t_s - 10), kg, None if kg is None else at(t_s), kg or 0.0, (), ())


def ticket(state: str = "valid", of: str = PLATE, tonnes: float = 30.0, where: str = "east") -> TicketUse:
    return TicketUse(at(15), "T-1", of, where, "煤", tonnes, state)


def passage(**fields: object) -> Passage:
    """A weighed, ticketed truck that has left through the exit gate, with some fields changed."""
    honest = Passage(
        "east-1",
        "east",
        at(0),
        at(55),
        ("cam:1",),
        VehicleClass.TRUCK,
        (plate(),),
        (crossed(),),
        (weighing(),),
        (ticket(),),
    )
    changed = replace(honest, **fields)  # type: ignore[arg-type]
    return replace(changed, weights=weights_taken(changed, History(), Register({PLATE: {"tare_kg": 15_000.0}})))


def at(t_s: float) -> int:
    return T0 + round(t_s * 1000)


def rules_found(findings: list[Finding], state: str = "raised") -> set[str]:
    return {f.rule for f in findings if f.state == state}


def say(of: Judge, *passages: Passage, facts: tuple[Fact, ...] = (), t_s: float = 60) -> list[Finding]:
    return of.take(list(facts), list(passages), at(t_s))


def seen(vehicle: str, kind: VehicleClass, t_s: float) -> Sighting:
    return Sighting(at(t_s), "cam", vehicle, kind, 0.9, (0, 0, 10, 10), (4.0, 10.0))


def deck(vehicle: str, kind: MovementKind, t_s: float) -> Movement:
    return Movement(at(t_s), vehicle, kind, "deck")


def sample(t_s: float, kg: float) -> WeightSample:
    return WeightSample(at(t_s), "s1", kg)
