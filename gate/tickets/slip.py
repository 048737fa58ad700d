"""The weighing slip (电子磅单) as a PDF for an 80 mm printer: what was weighed, when, on which ticket, and its code.

Chinese is set in the PDF standard's own font for it (STSong-Light, Adobe-GB1), the rest in Helvetica, so no font file
is needed or shipped; viewers that substitute the Chinese font may lack its Latin letters.
"""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from gate.errors import TicketError
from gate.tickets.code import QUIET_MODULES, code

_CHINESE, _LATIN = "STSong-Light", "Helvetica"
_WIDTH_MM, _HEIGHT_MM, _MARGIN_MM = 80, 168, 5
_CODE_MM = 38
SLIP_PREFIX = "GW1S:"


@dataclass(frozen=True, slots=True)
class Slip:
    """One finished weighing of a load. Times are UTC milliseconds.

    tare_ms: None for a tare stored on the register, which says no instant. evidence: SHA-256 of the passage's evidence
    in hex, "" while it is not sealed.
    """

    number: str
    site: str
    plate: str
    product: str
    ticket: str
    scale: str
    gross_kg: float
    gross_ms: int
    tare_kg: float
    tare_ms: int | None
    operator: str = ""
    evidence: str = ""

    @property
    def net_kg(self) -> float:
        """gross − tare."""
        return self.gross_kg - self.tare_kg

    def code(self) -> str:
        """What the slip's QR code says: number, plate-free sums and the first half of the evidence digest."""
        sums = ":".join(f"{kg:g}" for kg in (self.gross_kg, self.tare_kg, self.net_kg))
        return f"{SLIP_PREFIX}{self.number}:{sums}:{self.gross_ms // 1000}:{self.evidence[:32]}".upper()


def slip_pdf(slip: Slip, timezone: str = "Asia/Shanghai") -> bytes:
    """The slip as PDF bytes, the same bytes for the same slip. Raises TicketError for weights that make no net."""
    if slip.net_kg < 0 or slip.tare_kg < 0:
        raise TicketError(f"slip {slip.number}: gross {slip.gross_kg:g} kg under tare {slip.tare_kg:g} kg")
    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(_WIDTH_MM * mm, _HEIGHT_MM * mm), invariant=True)
    canvas.setTitle(f"Weighing slip {slip.number}")
    y_mm = _head(canvas, slip)
    y_mm = _rows(canvas, slip, ZoneInfo(timezone), y_mm)
    _draw_code(canvas, slip.code(), (_WIDTH_MM - _CODE_MM) / 2, y_mm - _CODE_MM)
    proof = "证据摘要 Evidence SHA-256" if slip.evidence else "证据尚未封存 Evidence not sealed yet"
    _line(canvas, proof, y_mm - _CODE_MM - 3, 6)
    for i in range(0, len(slip.evidence), 32):
        _line(canvas, slip.evidence[i : i + 32], y_mm - _CODE_MM - 6 - i / 32 * 3, 6)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, slip: Slip) -> float:
    _line(canvas, "电 子 磅 单", _HEIGHT_MM - 11, 14)
    _line(canvas, f"Weighing slip  {slip.number}", _HEIGHT_MM - 16, 8)
    _line(canvas, slip.site, _HEIGHT_MM - 20.5, 8)
    return _HEIGHT_MM - 24


def _rows(canvas: Canvas, slip: Slip, zone: ZoneInfo, y_mm: float) -> float:
    rows = (
        ("车牌 Plate", slip.plate, 10),
        ("货物 Product", slip.product, 9),
        ("提煤单 Ticket", slip.ticket, 9),
        ("衡器 Scale", slip.scale, 9),
        ("毛重 Gross", f"{slip.gross_kg:,.0f} kg", 10),
        ("毛重时间 at", _local(slip.gross_ms, zone), 8),
        ("皮重 Tare", f"{slip.tare_kg:,.0f} kg", 10),
        ("皮重时间 at", _local(slip.tare_ms, zone) if slip.tare_ms is not None else "登记皮重 on register", 8),
        ("净重 Net", f"{slip.net_kg:,.0f} kg", 13),
        ("司磅员 Operator", slip.operator or "-", 8),
    )
    for label, value, largest in rows:
        canvas.setLineWidth(0.3)
        canvas.line(_MARGIN_MM * mm, y_mm * mm, (_WIDTH_MM - _MARGIN_MM) * mm, y_mm * mm)
        y_mm -= 6.6
        _draw(canvas, label, _MARGIN_MM, y_mm, 8)
        room_mm = _WIDTH_MM - 2 * _MARGIN_MM - _width_mm(label, 8) - 2
        size = _fitting(value, largest, room_mm)
        _draw(canvas, value, _WIDTH_MM - _MARGIN_MM - _width_mm(value, size), y_mm, size)
        y_mm -= 2.2
    return y_mm


def _line(canvas: Canvas, text: str, y_mm: float, largest: float) -> None:
    size = _fitting(text, largest, _WIDTH_MM - 2 * _MARGIN_MM)
    _draw(canvas, text, (_WIDTH_MM - _width_mm(text, size)) / 2, y_mm, size)


def _fitting(text: str, largest: float, room_mm: float) -> float:
    """The font size, in points, at which a text fits its room."""
    return min(largest, largest * room_mm / max(_width_mm(text, largest), 1e-6))


def _draw(canvas: Canvas, text: str, x_mm: float, y_mm: float, size: float) -> None:
    for font, run in _runs(text):
        canvas.setFont(font, size)
        canvas.drawString(x_mm * mm, y_mm * mm, run)
        x_mm += pdfmetrics.stringWidth(run, font, size) / mm


def _width_mm(text: str, size: float) -> float:
    return sum(pdfmetrics.stringWidth(run, font, size) for font, run in _runs(text)) / mm


def _runs(text: str) -> list[tuple[str, str]]:
    """Stretches of one font."""
    return [(_LATIN if latin else _CHINESE, "".join(run)) for latin, run in groupby(text, key=str.isascii)]


def _local(t_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _draw_code(canvas: Canvas, text: str, x_mm: float, y_mm: float) -> None:
    """The code as filled squares, quiet zone included in its size."""
    matrix = code(text).matrix
    side = len(matrix) + 2 * QUIET_MODULES
    module = _CODE_MM * mm / side
    for row, cells in enumerate(matrix):
        for column, dark in enumerate(cells):
            if dark:
                x = x_mm * mm + (column + QUIET_MODULES) * module
                y = y_mm * mm + (side - QUIET_MODULES - row - 1) * module
                canvas.rect(x, y, module, module, stroke=0, fill=1)
