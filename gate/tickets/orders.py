"""Orders for tickets as tables: one row a ticket, checked row by row before any is issued."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gate.errors import TicketError
from gate.tickets.sheets import Row, RowFault, read_sheet
from gate.tickets.ticket import Ticket, normal_plate

HEADINGS = {
    "site": ("mine", "场站", "矿点", "煤矿"),
    "plate": ("车牌", "车牌号", "车牌号码", "号牌"),
    "product": ("品种", "煤种", "货物", "产品"),
    "tonnes": ("吨数", "吨", "数量(吨)", "重量(吨)"),
    "from": ("生效", "生效时间", "开始", "开始时间"),
    "until": ("失效", "失效时间", "截止", "结束时间"),
    "buyer": ("买方", "购货单位", "收货单位", "客户"),
}
_REQUIRED = ("site", "plate", "product", "tonnes", "from", "until")
_TONNES_LIMIT = 200.0
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2})(:.*))?")


@dataclass(frozen=True, slots=True)
class Orders:
    """Tickets to be issued and delivered (without ids), and the rows that could not be taken."""

    tickets: tuple[Ticket, ...]
    faults: tuple[RowFault, ...]


def read_orders(path: Path, issued_ms: int, timezone: str = "Asia/Shanghai") -> Orders:
    """The orders of a CSV or Excel file; times without an offset are of `timezone`. Raises TicketError."""
    sheet = read_sheet(path, HEADINGS, _REQUIRED)
    tickets: list[Ticket] = []
    faults: list[RowFault] = []
    for row in sheet.rows:
        field, outcome = _order(row, issued_ms, ZoneInfo(timezone))
        if isinstance(outcome, Ticket):
            tickets.append(outcome)
        else:
            faults.append(RowFault(row.number, sheet.columns.get(field, field), outcome))
    return Orders(tuple(tickets), tuple(faults))


def parse_time(text: str, zone: ZoneInfo, *, through: bool = False) -> int:
    """UTC milliseconds of an ISO 8601 text, or as Excel writes it (2026/11/1 8:00); without an offset it is of `zone`.

    through: a date without a time is the end of that day, not its beginning. Raises TicketError.
    """
    plain = _DATE.fullmatch(text.strip())
    try:
        at = datetime.fromisoformat(_iso(*plain.groups()) if plain else text.strip())
    except ValueError as error:
        raise TicketError(f"expected a time such as 2026-11-01 08:00, got {text!r}") from error
    if through and plain and plain[4] is None:
        at += timedelta(days=1)
    return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)


def _iso(year: str, month: str, day: str, hour: str | None, rest: str | None) -> str:
    date = f"{year}-{month:0>2}-{day:0>2}"
    return date if hour is None else f"{date}T{hour:0>2}{rest}"


def _order(row: Row, issued_ms: int, zone: ZoneInfo) -> tuple[str, Ticket | str]:
    """The ticket of a row, or the field that is wrong and why."""
    cells = row.cells
    for name in ("site", "product"):
        if not cells.get(name):
            return name, "is empty"
    plate = normal_plate(cells.get("plate", ""))
    if not 5 <= len(plate) <= 10 or not plate.isalnum():
        return "plate", f"expected a plate, got {cells.get('plate', '')!r}"
    kg = _kg(cells)
    if kg is None:
        return "tonnes", f"expected a number above 0 and at most {_TONNES_LIMIT:g}, got {cells.get('tonnes', '')!r}"
    times: list[int] = []
    for name in ("from", "until"):
        try:
            times.append(parse_time(cells.get(name, ""), zone, through=name == "until"))
        except TicketError as error:
            return name, str(error)
    if times[1] <= times[0]:
        return "until", "ends before it begins"
    product, buyer = cells["product"], cells.get("buyer", "")
    return "", Ticket("", cells["site"], plate, product, kg, issued_ms, times[0], times[1], buyer)


def _kg(cells: Mapping[str, str]) -> int | None:
    try:
        tonnes = float(cells.get("tonnes", ""))
    except ValueError:
        return None
    return round(tonnes * 1000) if 0 < tonnes <= _TONNES_LIMIT else None
