"""What the gate's registers say in a scenario: listed vehicles, lift tickets, earlier visits."""

from collections.abc import Sequence
from dataclasses import replace

from calibration_rigs.scenario import Actor, Scenario, TicketIn, Visit
from calibration_rigs.take import Take
from calibration_rigs.vehicle import Vehicle
from gate.facts import TicketUse, Weighing
from gate.fraud.history import History
from gate.records import Passage
from gate.tickets.vehicles import Vehicle as Listed
from gate.tickets.vehicles import VehicleRegister
from geofence.movement import Movement, MovementKind
from vision.facts import PlateColour, PlateReading, VehicleClass

GOODS = (VehicleClass.TRUCK, VehicleClass.TANKER, VehicleClass.DUMP_TRUCK)


class StagedTickets:
    """The ticket register of a scenario; a ticket used once is used."""

    def __init__(self, take: Take) -> None:
        self._by_plate = tickets_of(take.scenario, take.vehicles, take.layout.site.id)
        self._used: dict[str, str] = {}

    def check_plate(self, t_ms: int, plate: str, site: str) -> list[TicketUse]:
        """What a plate's driver shows at an instant."""
        use = self._by_plate.get(plate)
        if use is None:
            return []
        by = self._used.get(use.ticket)
        shown = replace(use, t_ms=t_ms)
        return [shown if by is None else replace(shown, state="used", detail=by)]

    def check(self, t_ms: int, plate: str, site: str, token: str) -> TicketUse:
        """A code held up says the ticket's id."""
        shown = next((u for u in self._by_plate.values() if u.ticket == token), None)
        if shown is None:
            return TicketUse(t_ms, "", "", "", "", 0.0, "unknown", "no ticket")
        by = self._used.get(token)
        return replace(shown, t_ms=t_ms) if by is None else replace(shown, t_ms=t_ms, state="used", detail=by)

    def use(self, ticket: str, t_ms: int, passage: str) -> None:
        """A ticket carried its load."""
        self._used.setdefault(ticket, passage)

    def give_back(self, ticket: str, passage: str) -> None:
        """A ticket did not carry this passage's load."""
        if self._used.get(ticket) == passage:
            del self._used[ticket]


def tickets_of(scenario: Scenario, vehicles: Sequence[Vehicle], site: str) -> dict[str, TicketUse]:
    """The ticket each plate's driver carries, and what it is worth; t_ms is 0."""
    tickets = {}
    for actor, vehicle in zip(scenario.actors, vehicles, strict=True):
        ticket = actor.ticket
        if ticket == "none" or not actor.plates.front or vehicle.kind not in GOODS:
            continue
        told = ticket if isinstance(ticket, TicketIn) else TicketIn()
        tickets[actor.plates.front] = TicketUse(
            0,
            told.id or f"T-{actor.plates.front}",
            told.plate or actor.plates.front,
            "other" if told.state == "other_site" else site,
            told.product,
            told.tonnes if told.tonnes is not None else max(actor.cargo_t, 1.0),
            told.state,
        )
    return tickets


def vehicle_register(take: Take) -> VehicleRegister:
    """Every listed actor's plates with its model's kind, tare and axles."""
    return VehicleRegister(listed_of(take.scenario, take.vehicles))


def listed_of(scenario: Scenario, vehicles: Sequence[Vehicle]) -> list[Listed]:
    """What a register says of every listed actor."""
    listed = []
    for actor, vehicle in zip(scenario.actors, vehicles, strict=True):
        if not actor.listed or not actor.plates.front:
            continue
        tare = actor.tare_kg if actor.tare_kg is not None else sum(u.tare_kg for u in vehicle.units)
        axles = vehicle.axle_count if vehicle.kind in GOODS else None
        colour = _colour(actor, vehicle.plates[0].colour if vehicle.plates else None)
        listed.append(Listed(actor.plates.front, vehicle.kind.value, "", tare, "", axles, colour))
    return listed


def _colour(actor: Actor, worn: PlateColour | None) -> str:
    told = actor.listed_colour or worn
    return told.value if told is not None else ""


def history_of(scenario: Scenario, site: str, scale: str, start_ms: int) -> History:
    """The earlier visits a scenario names, oldest first."""
    history = History()
    for number, visit in enumerate(sorted(scenario.history, key=lambda v: -v.hours_ago)):
        history.note(_passage(visit, number, site, scale, start_ms), None)
    return history


def _passage(visit: Visit, number: int, site: str, scale: str, start_ms: int) -> Passage:
    begin = start_ms - round(visit.hours_ago * 3_600_000)
    end = begin + round(visit.minutes * 60_000)
    reading = PlateReading(visit.plate, PlateColour.YELLOW, 1, 0.99, frames=20)
    weighing = Weighing(end, scale, number, begin, visit.kg, end, visit.kg or 0.0, (), ())
    out = Movement(end, "", MovementKind.CROSSED, "fence", "out", "way_out")
    return Passage(
        f"{site}-earlier-{number}",
        site,
        begin,
        end,
        (f"earlier:{number}",),
        VehicleClass(visit.kind),
        (reading,),
        (out,) if visit.left else (),
        (weighing,) if visit.kg is not None else (),
        closed=True,
    )
