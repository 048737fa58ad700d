"""What barriers and light barriers are wired to while a scenario plays before a site: devices on this machine.

The gate's own driver pulses coils of Modbus devices; arms open and close by it, light barriers and the arms' ends set
the inputs. Light barriers that publish do so on a broker of the rig's own.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

import shapely

from calibration_rigs.layout import Arm, Layout
from calibration_rigs.modbus_device import ModbusDevice, Unit
from calibration_rigs.topics import Topics, broker_program
from gate.lines.address import broker, split_address
from gate.site.areas import Zone
from gate.site.devices import Barrier, Beam

ENDS = {"opened": 0.99, "closed": 0.01}  # how far an arm is open where it says so
_NONE_WIRED = "the rig's own"


class Plant:
    """Answers from the beginning on, until closed; a site without barriers and light barriers has nothing here.

    wiring: for each barrier and light barrier, by id, the fields of the site file that lead here. A device stands for
    each address the site file names, so that units and numbers stay as they are. Light barriers that publish keep their
    topics where this machine has a Mosquitto, and get inputs of the rig's own where not. Raises OSError where nothing
    can listen.
    """

    def __init__(self, layout: Layout) -> None:
        self._arms_of = arms_of(layout)
        self._barriers = {b.id: b for b in layout.site.barriers}
        program = broker_program()
        publishing = {b.id: b for b in layout.site.beams if program and b.address.startswith("mqtt")}
        self._beams = {b.id: b for b in _wired(b for b in layout.site.beams if b.id not in publishing)}
        self._ordered: dict[str, bool] = {}
        self._held: dict[tuple[str, int, int], bool] = {}
        self._stack = ExitStack()
        self._devices: dict[str, ModbusDevice] = {}
        parts: list[Barrier | Beam] = [*self._barriers.values(), *self._beams.values()]
        for address in dict.fromkeys(p.address for p in parts):
            self._devices[address] = ModbusDevice(self._units([p for p in parts if p.address == address]))
            self._stack.callback(self._devices[address].close)
        self.wiring = {p.id: self._fields(p) for p in parts}
        self._publishing = {name: (_topic(beam), beam.broken_when == "on") for name, beam in publishing.items()}
        self._said: dict[str, bool] = {}
        if program and publishing:
            self._topics = Topics(program)
            self._stack.callback(self._topics.close)
            for name, (topic, _) in self._publishing.items():
                self.wiring[name] = {"address": f"mqtt:127.0.0.1:{self._topics.port}/{topic}"}

    def ordered(self) -> Mapping[str, bool]:
        """By arm, for those that barriers of the site move: whether it is to be open."""
        return {arm: self._ordered.get(b, False) for b, arms in self._arms_of.items() for arm in arms}

    def show(self, arms: Mapping[str, float], broken: Mapping[str, bool]) -> None:
        """Set the inputs: where each arm is, 0 closed to 1 upright, and which light barriers are broken."""
        for name, barrier in self._barriers.items():
            shares = [arms[arm] for arm in self._arms_of[name]]
            if not shares:
                continue
            is_at = {"opened": min(shares) >= ENDS["opened"], "closed": max(shares) <= ENDS["closed"]}
            for end, number in barrier.inputs.items():
                self._set(barrier.address, barrier.unit_id, number, is_on=is_at[end])
        for name, beam in self._beams.items():
            self._set(beam.address, beam.unit_id, beam.input, is_on=broken[name] is (beam.broken_when == "on"))
        for name, (topic, on_when_broken) in self._publishing.items():
            if self._said.get(name) is not broken[name]:
                self._said[name] = broken[name]
                self._topics.say(topic, "1" if broken[name] is on_when_broken else "0")

    def close(self) -> None:
        """The lines are cut."""
        self._stack.close()

    def _set(self, address: str, unit: int, number: int, *, is_on: bool) -> None:
        if self._held.get((address, unit, number)) is not is_on:
            self._held[address, unit, number] = is_on
            self._devices[address].set_input(unit, number, is_on=is_on)

    def _units(self, parts: list[Barrier | Beam]) -> dict[int, Unit]:
        units = {}
        for number in {p.unit_id for p in parts}:
            here = [p for p in parts if p.unit_id == number]
            barriers, beams = [p for p in here if isinstance(p, Barrier)], [p for p in here if isinstance(p, Beam)]
            inputs = {i for b in barriers for i in b.inputs.values()} | {b.input for b in beams}
            coils = {c for b in barriers for c in b.outputs.values()}
            units[number] = Unit(frozenset(inputs), frozenset(coils), on_coil=partial(self._written, barriers))
        return units

    def _written(self, barriers: list[Barrier], coil: int, is_on: bool) -> None:
        """A pulse tells an arm where to go; its lights are no concern of ours."""
        for barrier in barriers:
            for name in ("open", "close"):
                if is_on and barrier.outputs.get(name) == coil:
                    self._ordered[barrier.id] = name == "open"

    def _fields(self, part: Barrier | Beam) -> dict[str, Any]:
        fields: dict[str, Any] = {"address": f"modbus-tcp:127.0.0.1:{self._devices[part.address].port}"}
        if isinstance(part, Beam):
            fields |= {"unit_id": part.unit_id, "input": part.input, "broken_when": part.broken_when}
        return fields


def arms_of(layout: Layout) -> dict[str, tuple[str, ...]]:
    """The arms each barrier of the site moves: those of the gate of its name, else of the gate nearest to its zone."""
    gates: dict[str, list[Arm]] = {}
    for arm in layout.arms:
        gates.setdefault(arm.gate, []).append(arm)
    found = {b.id: b.id for b in layout.site.barriers if b.id in gates}
    for barrier in layout.site.barriers:
        free = [g for g in gates if g not in found.values()]
        if barrier.id not in found and free:
            zone = layout.zones[barrier.zone]
            found[barrier.id] = min(free, key=lambda gate: _away_m(zone, gates[gate]))
    return {b.id: tuple(a.id for a in gates.get(found.get(b.id, ""), ())) for b in layout.site.barriers}


def _away_m(zone: Zone, arms: Iterable[Arm]) -> float:
    area = shapely.Polygon(zone.ground) if zone.ground else shapely.Point(0, 0)
    return min(float(area.distance(shapely.LineString([arm.pivot, arm.tip]))) for arm in arms)


def _topic(beam: Beam) -> str:
    kind, place, options = split_address(beam.address)
    return broker(kind, place, options, beam.address).topic


def _wired(beams: Iterable[Beam]) -> list[Beam]:
    """Light barriers with their inputs; those of which the site file names none get one, in their order."""
    out, number = [], 0
    for beam in beams:
        if beam.address.startswith("modbus"):
            out.append(beam)
        else:
            changes = {"address": _NONE_WIRED, "unit_id": 1, "input": number, "broken_when": "on"}
            out.append(beam.model_copy(update=changes))
            number += 1
    return out
