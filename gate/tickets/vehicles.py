"""The register of vehicles: plates, kinds, owners, tares, axles and the products they may carry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gate.tickets.sheets import Row, RowFault, read_sheet
from gate.tickets.ticket import normal_plate
from vision.facts import PlateColour, VehicleClass, VehicleColour

HEADINGS = {
    "plate": ("车牌", "车牌号", "车牌号码", "号牌", "号牌号码"),
    "kind": ("type", "class", "车型", "车辆类型", "类型"),
    "owner": ("车主", "所有人", "所属单位", "单位"),
    "tare_kg": ("tare", "皮重", "皮重(kg)", "皮重(公斤)"),
    "tare_date": ("皮重日期",),
    "axles": ("轴数", "车轴数"),
    "colour": ("color", "号牌颜色", "车牌颜色", "颜色"),
    "body": ("body_colour", "车身颜色", "车辆颜色"),
    "products": ("product", "允许货物", "货物", "品种", "煤种"),
}
_KINDS = {
    "轿车": "car",
    "小客车": "car",
    "面包车": "van",
    "客车": "bus",
    "货车": "truck",
    "卡车": "truck",
    "牵引车": "truck",
    "油罐车": "tanker",
    "罐车": "tanker",
    "自卸车": "dump_truck",
    "翻斗车": "dump_truck",
}
_COLOURS = {
    "蓝": "blue",
    "黄": "yellow",
    "绿": "green",
    "黄绿": "yellow_green",
    "渐变绿": "green",
    "白": "white",
    "黑": "black",
}
_BODIES = {
    "白": "white",
    "灰": "grey",
    "银": "grey",
    "银灰": "grey",
    "silver": "grey",
    "黑": "black",
    "红": "red",
    "橙": "orange",
    "黄": "yellow",
    "绿": "green",
    "蓝": "blue",
    "棕": "brown",
}
TARE_LIMIT_KG = 60_000
AXLES_LIMIT = 12


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle. What is not known is "" or None; products: those it may carry, empty for any.

    colour: of its plate; body: of the vehicle itself, as `vision.facts.VehicleColour` spells it.
    """

    plate: str
    kind: str = ""
    owner: str = ""
    tare_kg: float | None = None
    tare_date: str = ""
    axles: int | None = None
    colour: str = ""
    products: tuple[str, ...] = field(default=())
    body: str = ""


class VehicleRegister:
    """Vehicles by plate; plates are compared without spaces, dots and case."""

    def __init__(self, vehicles: Iterable[Vehicle] = ()) -> None:
        self._vehicles = {normal_plate(v.plate): v for v in vehicles}

    def __len__(self) -> int:
        return len(self._vehicles)

    def vehicles(self) -> list[Vehicle]:
        """Every vehicle listed."""
        return list(self._vehicles.values())

    def vehicle(self, plate: str) -> Vehicle | None:
        """The vehicle of a plate, None where it is not listed."""
        return self._vehicles.get(normal_plate(plate))

    def lists(self, plate: str, kind: str | None = None) -> bool:
        """Whether the plate is listed, and as that kind where one is given and the register says a kind."""
        found = self.vehicle(plate)
        return found is not None and (kind is None or found.kind in ("", kind))

    def tare_kg(self, plate: str) -> float | None:
        """Its tare as registered."""
        found = self.vehicle(plate)
        return found.tare_kg if found else None

    def axles(self, plate: str) -> int | None:
        """Its axles, with the trailer it is registered with."""
        found = self.vehicle(plate)
        return found.axles if found else None

    def colour(self, plate: str) -> str:
        """The colour of its plate as `vision.facts.PlateColour` spells it, "" where not known."""
        found = self.vehicle(plate)
        return found.colour if found else ""

    def body(self, plate: str) -> str:
        """The colour of the vehicle itself as `vision.facts.VehicleColour` spells it, "" where not known."""
        found = self.vehicle(plate)
        return found.body if found else ""

    def kind(self, plate: str) -> str:
        """Its class as `vision.facts.VehicleClass` spells it, "" where not known."""
        found = self.vehicle(plate)
        return found.kind if found else ""

    def products(self, plate: str) -> tuple[str, ...]:
        """The products it may carry; empty for any."""
        found = self.vehicle(plate)
        return found.products if found else ()


def load_vehicles(path: Path | None) -> tuple[VehicleRegister, list[RowFault]]:
    """The register of a CSV or Excel file, and the rows that could not be taken.

    Raises TicketError when the file cannot be read or has no plate column. None gives an empty register.
    """
    if path is None:
        return VehicleRegister(), []
    sheet = read_sheet(path, HEADINGS, ("plate",))
    vehicles: dict[str, Vehicle] = {}
    faults: list[RowFault] = []
    for row in sheet.rows:
        try:
            vehicle = _vehicle(row)
            if vehicle.plate in vehicles:
                raise _CellError("plate", f"{vehicle.plate} is listed twice")
            vehicles[vehicle.plate] = vehicle
        except _CellError as error:
            faults.append(RowFault(row.number, sheet.columns.get(error.field, error.field), str(error)))
    return VehicleRegister(vehicles.values()), faults


class _CellError(ValueError):
    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field_name


def _vehicle(row: Row) -> Vehicle:
    cells = row.cells
    plate = normal_plate(cells.get("plate", ""))
    if not 5 <= len(plate) <= 10 or not plate.isalnum():
        raise _CellError("plate", f"expected a plate, got {cells.get('plate', '')!r}")
    kinds = {k.value for k in VehicleClass}
    colours = {c.value for c in PlateColour}
    return Vehicle(
        plate,
        _named(cells, "kind", _KINDS, kinds),
        cells.get("owner", ""),
        _number(cells, "tare_kg", TARE_LIMIT_KG),
        cells.get("tare_date", ""),
        _axles(cells),
        _named(cells, "colour", _COLOURS, colours),
        tuple(p for p in cells.get("products", "").replace("、", ";").replace(",", ";").split(";") if p.strip()),
        _named(cells, "body", _BODIES, {c.value for c in VehicleColour}),
    )


def _named(cells: Mapping[str, str], name: str, chinese: dict[str, str], known: set[str]) -> str:
    text = cells.get(name, "").strip().lower().removesuffix("牌").removesuffix("色")
    value = chinese.get(text, text)
    if value and value not in known:
        raise _CellError(name, f"expected one of {', '.join(sorted(known))} or {', '.join(chinese)}, got {text!r}")
    return value


def _number(cells: Mapping[str, str], name: str, limit: float) -> float | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= limit:
        raise _CellError(name, f"expected a number above 0 and at most {limit:g}, got {text!r}")
    return value


def _axles(cells: Mapping[str, str]) -> int | None:
    value = _number(cells, "axles", AXLES_LIMIT)
    if value is not None and (value < 2 or value != int(value)):
        raise _CellError("axles", f"expected 2 to {AXLES_LIMIT}, got {value:g}")
    return None if value is None else int(value)
