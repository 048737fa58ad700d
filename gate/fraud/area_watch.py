"""Registered vehicles against the areas and routes they must keep to, or keep out of, by their satellite positions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gate.facts import Fact, Position, ReceiverState
from gate.fraud.rule import Context, Vehicles, Verdict
from gate.records import Passage
from gate.site.areas import SatelliteZone
from gate.site.model import Site
from geofence.movement import Movement, MovementKind

VEHICLES_LIMIT = 20_000  # followed at once; the longest unheard is forgotten first


@dataclass(slots=True)
class _Followed:
    """One vehicle. astray_ms: since when it has been where it must not be; sure: its last position was believed."""

    first_ms: int
    place: Position
    inside: set[str] = field(default_factory=set)
    sure: bool = True
    astray_ms: int | None = None
    told: bool = False


class AreaWatch:
    """Speaks when a vehicle has been outside its areas, or in a forbidden one, for long enough.

    A vehicle whose signal is lost or jumps is not judged until it is heard again. A finding stands when the vehicle
    comes back: it was outside. Its next time outside is another finding.
    """

    def __init__(self) -> None:
        self._vehicles: dict[str, _Followed] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        areas = {a.id for a in context.site.satellite}
        heard = [f for f in facts if isinstance(f, Position)] if areas else []
        for fact in heard:
            vehicle = self._vehicles.pop(fact.vehicle, None) or _Followed(fact.t_ms, fact)
            vehicle.place = fact
            self._vehicles[fact.vehicle] = vehicle
        for name in list(self._vehicles)[: max(len(self._vehicles) - VEHICLES_LIMIT, 0)]:
            del self._vehicles[name]
        for other in facts:
            if isinstance(other, Movement) and other.shape in areas:
                self._move(other)
            elif isinstance(other, ReceiverState) and other.vehicle in self._vehicles:
                self._vehicles[other.vehicle].sure = other.state == "ok"
        told = (self._judge(self._vehicles[f.vehicle], context) for f in heard if f.vehicle in self._vehicles)
        return [t for t in told if t is not None]

    def _move(self, movement: Movement) -> None:
        vehicle = self._vehicles.get(movement.vehicle)
        if vehicle is not None and movement.kind is MovementKind.ENTERED:
            vehicle.inside.add(movement.shape)
        elif vehicle is not None:
            vehicle.inside.discard(movement.shape)

    @staticmethod
    def _judge(vehicle: _Followed, context: Context) -> tuple[str, Verdict] | None:
        place = vehicle.place
        if not vehicle.sure or place.t_ms == vehicle.first_ms:
            return None
        bound = bound_areas(context.site, context.vehicles, place.vehicle)
        keep_in = [a.id for a in bound if a.use == "keep_in"]
        forbidden = sorted(a.id for a in bound if a.use == "keep_out" and a.id in vehicle.inside)
        if not forbidden and (not keep_in or vehicle.inside & set(keep_in)):
            vehicle.astray_ms, vehicle.told = None, False
            return None
        if vehicle.astray_ms is None:
            vehicle.astray_ms = place.t_ms
        astray_s = (place.t_ms - vehicle.astray_ms) / 1000
        if vehicle.told or astray_s < context.thresholds["astray_s"]:
            return None
        vehicle.told = True
        about = f"{place.vehicle}@{vehicle.astray_ms}"
        return about, _verdict(place, forbidden[0] if forbidden else "", keep_in, astray_s)


def bound_areas(site: Site, vehicles: Vehicles, plate: str) -> list[SatelliteZone]:
    """The satellite areas a plate is bound to: named with it, or for a kind the register lists it as."""
    return [a for a in site.satellite if plate in a.plates or any(vehicles.lists(plate, k) for k in a.kinds)]


def _verdict(place: Position, forbidden: str, keep_in: Sequence[str], astray_s: float) -> Verdict:
    plate, minutes = place.vehicle, astray_s / 60
    where = f"{place.lon:.5f}, {place.lat:.5f}"
    if forbidden:
        zh = f"{plate} 驶入禁行区域“{forbidden}”已 {minutes:.0f} 分钟({where}),请核查。"
        en = f"{plate} has been in forbidden area {forbidden} for {minutes:.0f} min, at {where}; check on it."
    else:
        names = "、".join(keep_in)
        zh = f"{plate} 离开登记的区域或时段({names})已 {minutes:.0f} 分钟({where}),请核查。"
        en = (
            f"{plate} has been outside its areas or hours ({', '.join(keep_in)}) for {minutes:.0f} min, at {where}; "
            "check on it."
        )
    numbers = {"astray_s": round(astray_s, 1), "lon": round(place.lon, 6), "lat": round(place.lat, 6)}
    return Verdict(confidence=0.85, zh=zh, en=en, numbers=numbers, evidence=(plate,))
