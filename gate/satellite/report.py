"""One reported position: a JSON object on a line.

    {"plate": "晋A12345", "t_ms": 1761955200000, "lon": 112.5489, "lat": 37.8706, "datum": "gcj02"}

`time`, an instant with its offset in ISO 8601, may stand for t_ms; datum may be left out where the site file says it.
Anything else in the object is ignored: platforms send speed, heading and much besides.
"""

import json
import math
from datetime import datetime
from typing import Any

from gate.errors import FactError
from gate.facts import Position
from gate.tickets.ticket import normal_plate
from geofence.coordinates import Datum

DATUMS = tuple(d.value for d in Datum)


def read_report(line: str | bytes, datum: str) -> Position:
    """The position a line reports. datum: of positions that do not say. Raises FactError saying what was expected."""
    try:
        told = json.loads(line)
    except ValueError as error:
        raise FactError(f"position: expected a JSON object, got {line[:60]!r}") from error
    if not isinstance(told, dict):
        raise FactError(f"position: expected a JSON object, got {line[:60]!r}")
    plate = told.get("plate")
    if not isinstance(plate, str) or not plate.strip():
        raise FactError("position: plate: expected the vehicle's number plate")
    lon, lat = _degrees(told, "lon", 180), _degrees(told, "lat", 90)
    said = told.get("datum", datum)
    if said not in DATUMS:
        raise FactError(f"position: datum: expected one of {', '.join(DATUMS)}, got {said!r}")
    return Position(_when_ms(told), normal_plate(plate), lon, lat, said)


def _degrees(told: dict[str, Any], name: str, most: float) -> float:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > most:
        raise FactError(f"position: {name}: expected degrees from -{most:g} to {most:g}, got {value!r}")
    return float(value)


def _when_ms(told: dict[str, Any]) -> int:
    t_ms, time = told.get("t_ms"), told.get("time")
    if isinstance(t_ms, int) and not isinstance(t_ms, bool) and t_ms > 0:
        return t_ms
    try:
        instant = datetime.fromisoformat(time) if isinstance(time, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise FactError("position: expected t_ms (UTC milliseconds), or time (ISO 8601 with its offset)")
    return round(instant.timestamp() * 1000)
