"""The overlay's words in both languages, and how numbers and times are written."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ABSENT = "—"

WORDS = {
    "zh": {
        "weight": "重量",
        "gross": "毛重",
        "tare": "皮重",
        "net": "净重",
        "stable": "稳定",
        "moving": "不稳",
        "ticket": "煤票",
        "no_plate": "未识别",
        "no_vehicle": "无车辆",
    },
    "en": {
        "weight": "Weight",
        "gross": "Gross",
        "tare": "Tare",
        "net": "Net",
        "stable": "stable",
        "moving": "moving",
        "ticket": "Ticket",
        "no_plate": "no plate",
        "no_vehicle": "no vehicle",
    },
}


def kilograms(kg: float | None) -> str:
    """48620.0 → "48,620 kg"; nothing known → "—"."""
    return ABSENT if kg is None else f"{kg:,.0f} kg"


def local_time(t_ms: int, zone: str) -> str:
    """UTC milliseconds as local wall time with tenths of a second."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=t_ms)
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000}"


def plate_text(text: str) -> str:
    """皖AC0234 → 皖A·C0234, as on the plate itself."""
    return f"{text[:2]}·{text[2:]}" if len(text) > 4 else text
