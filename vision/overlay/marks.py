"""Boxes and zones as people see them: outlined, with what they are."""

from collections.abc import Sequence
from typing import Literal

from vision.facts import VehicleClass
from vision.overlay.overlay import Mark
from vision.overlay.words import plate_text

Zones = tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
_AMBER = (60, 190, 255)
_CLASS_ZH = {
    VehicleClass.CAR: "轿车",
    VehicleClass.VAN: "面包车",
    VehicleClass.BUS: "客车",
    VehicleClass.TRUCK: "货车",
    VehicleClass.TANKER: "罐车",
    VehicleClass.DUMP_TRUCK: "自卸车",
    VehicleClass.PERSON: "人",
}


def zone_marks(zones: Zones) -> tuple[Mark, ...]:
    """Zones by name and outline in pixels of the full frame."""
    return tuple(Mark(outline, name, _AMBER) for name, outline in zones)


def vehicle_mark(
    box: Sequence[float], kind: VehicleClass, plates: Sequence[str], language: Literal["zh", "en"]
) -> Mark:
    """A vehicle's box, x0 y0 x1 y1 in pixels of the full frame, with its class and plates."""
    x0, y0, x1, y1 = (float(v) for v in box)
    name = _CLASS_ZH[kind] if language == "zh" else kind.replace("_", " ")
    return Mark(((x0, y0), (x1, y1)), " ".join([name, *map(plate_text, plates)]))
