"""The vehicles the rig knows: true axles, masses and measures of common Chinese types."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration_rigs.errors import ScenarioError
from calibration_rigs.vehicle import PlateOn, Unit, Vehicle
from vision.facts import PlateColour, VehicleClass

Rgb = tuple[float, float, float]

PAINTS: dict[str, Rgb] = {
    "red": (0.62, 0.07, 0.06),
    "white": (0.86, 0.86, 0.84),
    "blue": (0.08, 0.20, 0.50),
    "yellow": (0.85, 0.58, 0.06),
    "green": (0.10, 0.36, 0.20),
    "orange": (0.82, 0.32, 0.05),
    "silver": (0.62, 0.64, 0.66),
    "black": (0.06, 0.06, 0.07),
    "grey": (0.34, 0.35, 0.37),
}

_TRACTOR_6X4 = Unit("tractor", (0.0, -3.30, -4.65), 1.46, -5.55, 2.50, 3.20, 8_800, (-1.35, 1.0), (0, 0), kingpin=-3.85)
_TRACTOR_4X2 = Unit("tractor", (0.0, -3.50), 1.46, -4.35, 2.50, 3.15, 6_900, (-1.2, 1.0), (0, 0), kingpin=-3.15)
_COAL_TRAILER = Unit(
    "coal_trailer", (-6.90, -8.20, -9.50), 1.25, -11.40, 2.50, 2.95, 6_700, (-5.9, 1.2), (-4.75, 2.1), stiffness=1.4e6
)
_TANK_TRAILER = Unit(
    "tank_trailer", (-6.60, -7.90, -9.20), 1.10, -10.60, 2.45, 3.35, 7_200, (-5.4, 1.6), (-4.70, 2.2), stiffness=1.4e6
)


def _semi(tractor: Unit, trailer: Unit, kind: VehicleClass, cargo: str) -> Vehicle:
    return Vehicle("", "", kind, (tractor, trailer), cargo=cargo)


def _rigid(body: str, axles: tuple[float, ...], back: float, tare: float, height: float) -> Vehicle:
    span = axles[-1]
    kinds = {"dumper": VehicleClass.DUMP_TRUCK, "tank_truck": VehicleClass.TANKER, "box_truck": VehicleClass.TRUCK}
    unit = Unit(
        body, axles, 1.46, back, 2.48, height, tare, (0.42 * span, 1.1), (0.5 * (back - 0.9), 2.0), stiffness=1.3e6
    )
    return Vehicle("", "", kinds[body], (unit,), cargo="coal" if body == "dumper" else "")


def _light(body: str, wheelbase: float, ends: tuple[float, float], size: tuple[float, float], tare: float) -> Vehicle:
    """ends: x of front and back; size: width and height."""
    kinds = {"car": VehicleClass.CAR, "suv": VehicleClass.CAR, "van": VehicleClass.VAN, "bus": VehicleClass.BUS}
    unit = Unit(
        body,
        (0.0, -wheelbase),
        *ends,
        *size,
        tare,
        (-0.48 * wheelbase, 0.6),
        (-0.6 * wheelbase, 0.8),
        track=size[0] - 0.28,
        tyre_radius=0.34,
        unsprung_kg=70,
        stiffness=22.0 * tare,
    )
    return Vehicle("", "", kinds[body], (unit,), dirt=0.15)


# Feet stand wider than they look: springs under a high, narrow body would let it fall over.
_PERSON = Unit(
    "person",
    (0.25, -0.25),
    0.25,
    -0.25,
    0.55,
    1.75,
    75,
    (0.0, 0.95),
    (0.0, 1.0),
    track=0.5,
    tyre_radius=0.1,
    unsprung_kg=10,
    stiffness=2e4,
)

MODELS: dict[str, Callable[[], Vehicle]] = {
    "coal_semi_6": lambda: _semi(_TRACTOR_6X4, _COAL_TRAILER, VehicleClass.TRUCK, "coal"),
    "coal_semi_5": lambda: _semi(_TRACTOR_4X2, _COAL_TRAILER, VehicleClass.TRUCK, "coal"),
    "tank_semi_6": lambda: _semi(_TRACTOR_6X4, _TANK_TRAILER, VehicleClass.TANKER, ""),
    "tank_semi_5": lambda: _semi(_TRACTOR_4X2, _TANK_TRAILER, VehicleClass.TANKER, ""),
    "dumper_2": lambda: _rigid("dumper", (0.0, -3.8), -5.6, 7_200, 2.75),
    "dumper_3": lambda: _rigid("dumper", (0.0, -3.8, -5.15), -6.9, 11_800, 2.95),
    "dumper_4": lambda: _rigid("dumper", (0.0, -1.95, -5.0, -6.35), -8.3, 14_800, 3.0),
    "tank_truck_2": lambda: _rigid("tank_truck", (0.0, -4.2), -6.3, 6_800, 2.85),
    "tank_truck_3": lambda: _rigid("tank_truck", (0.0, -4.6, -5.95), -8.2, 10_500, 3.1),
    "box_truck_2": lambda: _rigid("box_truck", (0.0, -4.5), -7.2, 5_600, 3.3),
    "person": lambda: Vehicle("", "", VehicleClass.PERSON, (_PERSON,), dirt=0.0),
    "car": lambda: _light("car", 2.7, (0.90, -3.75), (1.82, 1.46), 1_450),
    "suv": lambda: _light("suv", 2.75, (0.90, -3.75), (1.90, 1.72), 1_750),
    "van": lambda: _light("van", 3.0, (0.85, -4.3), (1.90, 2.05), 1_850),
    "bus": lambda: _light("bus", 5.6, (2.4, -8.9), (2.50, 3.15), 11_500),
}


def vehicle(model: str, vehicle_id: str, cargo_kg: float = 0.0) -> Vehicle:
    """A vehicle of the catalogue, without plates. Raises ScenarioError for a model it does not hold."""
    if model not in MODELS:
        raise ScenarioError(f"no vehicle model {model!r}; there are {', '.join(sorted(MODELS))}")
    made = MODELS[model]()
    cargo = made.cargo if cargo_kg > 0 else ""
    if model == "bus":
        made = replace(made, units=(replace(made.units[0], tyre_radius=0.48, unsprung_kg=500, stiffness=5e5),))
    return replace(made, id=vehicle_id, model=model, cargo_kg=cargo_kg, cargo=cargo)


def painted(made: Vehicle, cab: Rgb, body: Rgb, bumper: Rgb | None = None) -> Vehicle:
    """The same vehicle in other colours."""
    return replace(made, colours={"paint": cab, "body": body, "bumper": bumper or cab})


def plated(
    made: Vehicle,
    front: str,
    trailer: str = "",
    *,
    colour: PlateColour | None = None,
    rear: str = "",
    grime: float = 0.08,
    placard: str = "",
) -> Vehicle:
    """The same vehicle with plates: `front` on the first unit front and rear, `trailer` at the trailer's rear.

    rear: another text at the rear of the first unit; colour: None for yellow on heavy vehicles and blue on light ones.
    """
    heavy = made.units[0].tyre_radius > 0.45
    tint = colour or (PlateColour.YELLOW if heavy else PlateColour.BLUE)
    first, plates = made.units[0], []
    low = 0.84 if heavy else 0.52
    if front:
        face = first.front + (0.012 if heavy else 0.02)
        plates.append(PlateOn(front, tint, 1, 0, face, 0.0, low, 1))
    if len(made.units) == 1 and (rear or front):
        rows = 2 if heavy and tint is PlateColour.YELLOW else 1
        plates.append(PlateOn(rear or front, tint, rows, 0, first.back - 0.03, 0.0, low if heavy else 0.85, -1))
    if trailer:
        last = len(made.units) - 1
        plates.append(PlateOn(trailer, PlateColour.YELLOW, 2, last, made.units[last].back + 0.03, 0.35, 0.80, -1))
    return replace(made, plates=tuple(plates), grime=grime, placard=placard)


def any_paint(rng: np.random.Generator) -> Rgb:
    """A colour of the table, slightly changed."""
    return named_paint(rng)[1]


def named_paint(rng: np.random.Generator) -> tuple[str, Rgb]:
    """A colour's name, and the colour slightly changed."""
    name = list(PAINTS)[int(rng.integers(len(PAINTS)))]
    base = np.array(PAINTS[name])
    r, g, b = np.clip(base * rng.uniform(0.85, 1.15) + rng.normal(0, 0.02, 3), 0.03, 0.95)
    return name, (float(r), float(g), float(b))
