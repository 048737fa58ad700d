"""Vehicles as physics and truth know them: units on axles, masses, plates. Metres, kilograms.

A unit's frame: x forward, y left, z up, the origin on the ground under its front axle (a trailer's: under its kingpin).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vision.facts import PlateColour, VehicleClass

GRAVITY = 9.81
TYRE_RADIUS_M = 0.52


@dataclass(frozen=True, slots=True)
class PlateOn:
    """A number plate and where it hangs: unit index and the centre of its face; facing +1 forward, -1 backward."""

    text: str
    colour: PlateColour
    rows: int
    unit: int
    x: float
    y: float
    z: float
    facing: int

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height, GA 36-2018."""
        if self.colour in (PlateColour.GREEN, PlateColour.YELLOW_GREEN):
            return 0.48, 0.14
        return 0.44, 0.22 if self.rows == 2 else 0.14


@dataclass(frozen=True, slots=True)
class Unit:
    """One rigid part of a vehicle.

    body: the bodywork drawn on it. axles: x of each axle. front, back: x of its ends. tare_kg: empty, with its axles.
    centre: (x, z) of the empty mass; cargo_centre: of the cargo. kingpin: x of the coupling for the next unit.
    """

    body: str
    axles: tuple[float, ...]
    front: float
    back: float
    width: float
    height: float
    tare_kg: float
    centre: tuple[float, float]
    cargo_centre: tuple[float, float]
    track: float = 1.95
    tyre_radius: float = TYRE_RADIUS_M
    kingpin: float | None = None
    unsprung_kg: float = 650.0
    stiffness: float = 1.1e6  # of one axle's springs, N/m

    @property
    def clearance_m(self) -> float:
        """Height of its body's underside."""
        if self.body == "person":
            return 0.0
        return 0.38 if self.tyre_radius > 0.45 else 0.25

    @property
    def box(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Lowest and highest corner of its body, in its own frame."""
        half = self.width / 2
        return (self.back, -half, self.clearance_m), (self.front, half, self.height)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle ready to drive. cargo_kg: what the last unit that can carry holds."""

    id: str
    model: str
    kind: VehicleClass
    units: tuple[Unit, ...]
    cargo_kg: float = 0.0
    colours: dict[str, tuple[float, float, float]] = field(default_factory=dict)  # material: 0..1 RGB
    plates: tuple[PlateOn, ...] = ()
    cargo: str = ""  # what is drawn as the load: "coal", "" for none
    dirt: float = 0.35
    placard: str = ""
    grime: float = 0.08  # of its plates, 0 clean to 1 unreadable

    @property
    def mass_kg(self) -> float:
        return sum(u.tare_kg for u in self.units) + self.cargo_kg

    @property
    def axle_count(self) -> int:
        return sum(len(u.axles) for u in self.units)

    @property
    def length_m(self) -> float:
        """From the front of the first unit to the back of the last, drawn straight."""
        offset = 0.0
        for unit in self.units[:-1]:
            offset += unit.kingpin or 0.0
        return self.units[0].front - (offset + self.units[-1].back)

    def sprung(self, index: int) -> tuple[float, float, float]:
        """Mass carried by one unit's springs, and the x and z of its centre."""
        unit = self.units[index]
        empty = unit.tare_kg - unit.unsprung_kg * len(unit.axles)
        cargo = self.cargo_kg if index == len(self.units) - 1 else 0.0
        # The axles' own share of the tare hangs below: the rest keeps the centre it was given.
        x = (empty * unit.centre[0] + cargo * unit.cargo_centre[0]) / (empty + cargo)
        z = (empty * unit.centre[1] + cargo * unit.cargo_centre[1]) / (empty + cargo)
        return empty + cargo, x, z

    def spring_loads_n(self) -> tuple[tuple[float, ...], ...]:
        """Force in each axle's springs at rest, per unit: what keeps every unit level."""
        loads: list[tuple[float, ...]] = []
        behind: float | None = None  # force the following trailer puts on the kingpin
        for index in range(len(self.units) - 1, -1, -1):
            unit = self.units[index]
            mass, x, _ = self.sprung(index)
            weight, moment = mass * GRAVITY, mass * GRAVITY * x
            if behind is not None and unit.kingpin is not None:
                weight, moment = weight + behind, moment + behind * unit.kingpin
            if index > 0:  # carried by its kingpin at x = 0 and its axles, which share alike
                mean = sum(unit.axles) / len(unit.axles)
                rear = moment / mean
                loads.append((rear / len(unit.axles),) * len(unit.axles))
                behind = weight - rear
            else:
                loads.append(_beam(unit.axles, weight, moment))
        return tuple(reversed(loads))


def plate_corners(plate: PlateOn) -> NDArray[np.float64]:
    """Top left, top right, bottom right, bottom left of a plate as a reader sees it, (4, 3), in its unit's frame."""
    width, height = plate.size_m
    left = -plate.facing * width / 2
    return np.array(
        [
            (plate.x, plate.y + left, plate.z + height / 2),
            (plate.x, plate.y - left, plate.z + height / 2),
            (plate.x, plate.y - left, plate.z - height / 2),
            (plate.x, plate.y + left, plate.z - height / 2),
        ]
    )


def _beam(axles: tuple[float, ...], weight: float, moment: float) -> tuple[float, ...]:
    """Loads on equal springs under a rigid beam."""
    n, s1, s2 = len(axles), sum(axles), sum(x * x for x in axles)
    slope = (n * moment - s1 * weight) / (n * s2 - s1 * s1)
    level = (weight - slope * s1) / n
    return tuple(level + slope * x for x in axles)
