"""A scale measured with test weights: zero, span, eccentricity, repeatability against the limits, and drift over years.

Limits follow OIML R 76-1 for class III: 0.5 e up to 500 e, 1 e up to 2,000 e, 1.5 e above at verification, and twice
that in service.
"""

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from calibration_rigs.errors import CalibrationError
from gate.scale.net import error_limit_kg
from gate.site.devices import Scale

TESTS = ("zero", "span", "eccentricity", "repeatability", "zero_return")
ZERO_LIMIT_E = 0.5  # zero, and its return after unloading
LEAST_POSITIONS = 3
LEAST_REPEATS = 3
LEAST_SPAN_SHARE = 0.5  # of capacity that the largest test load should reach
DRIFT_LIMIT_E = 1.0  # a larger change of error between two records is worth a look
_ROUNDING_KG = 1e-6


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reading. load_kg: mass of the test weights; shown_kg: None while it is still to be taken.

    position: where on the deck, for eccentricity. direction: "up" or "down", for span.
    """

    test: str
    load_kg: float
    shown_kg: float | None
    position: str = ""
    direction: str = ""

    @property
    def error_kg(self) -> float:
        """shown − load."""
        if self.shown_kg is None:
            raise CalibrationError(f"{self.test} at {self.load_kg:g} kg: not read yet")
        return self.shown_kg - self.load_kg


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check: what was compared, the value found and its limit, kg."""

    test: str
    what: str
    value_kg: float
    limit_kg: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """shown = zero_kg + (1 + span_ppm · 10⁻⁶) · load, by least squares over zero and span readings."""

    zero_kg: float
    span_ppm: float
    residual_kg: float  # largest distance from the line


@dataclass(frozen=True, slots=True)
class Drift:
    """The change since an earlier record. worst_kg: of the error at loads both measured; None without one."""

    since: str
    days: float
    zero_kg: float
    span_ppm: float
    worst_kg: float | None
    notable: bool


@dataclass(frozen=True, slots=True)
class ScaleRecord:
    """A dated calibration. missing: tests not done, or not as the method wants; passed needs none missing."""

    scale: str
    date: str
    by: str
    e_kg: float
    capacity_kg: float
    initial: bool
    passed: bool
    verdicts: tuple[Verdict, ...]
    missing: tuple[str, ...]
    fit: Fit
    drift: tuple[Drift, ...]
    measurements: tuple[Measurement, ...]


def read_measurements(path: Path) -> list[Measurement]:
    """A CSV with test, load_kg, and shown_kg (empty: to be read live), position, direction.

    Raises CalibrationError naming file, row and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"test", "load_kg"} <= set(rows.fieldnames or ()):
                raise CalibrationError(f"{path}: expected columns test, load_kg, shown_kg, position, direction")
            return [_measurement(row, f"{path}:{rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CalibrationError(f"{path}: cannot be read as measurements: {error}") from error


def calibrate(
    scale: Scale,
    measurements: Sequence[Measurement],
    *,
    date: datetime,
    by: str,
    initial: bool = False,
    earlier: Iterable[ScaleRecord] = (),
) -> ScaleRecord:
    """Judge measurements of one scale. initial: by the limits of a first verification, half of those in service.

    Raises CalibrationError when zero and span readings do not determine a line.
    """
    half = 0.5 if initial else 1.0
    verdicts = (
        *_zero(measurements, scale.e_kg),
        *_span(measurements, scale.e_kg, half),
        *_eccentricity(measurements, scale.e_kg, half),
        *_repeatability(measurements, scale.e_kg, half),
    )
    missing = _missing(measurements, scale)
    record = ScaleRecord(
        scale.id,
        date.astimezone(UTC).isoformat(timespec="seconds"),
        by,
        scale.e_kg,
        scale.capacity_kg,
        initial,
        all(v.passed for v in verdicts) and not missing,
        verdicts,
        missing,
        fit_line(measurements),
        (),
        tuple(measurements),
    )
    same = sorted((r for r in earlier if r.scale == scale.id and r.date < record.date), key=lambda r: r.date)
    return replace(record, drift=tuple(drift_since(record, r) for r in same))


def fit_line(measurements: Iterable[Measurement]) -> Fit:
    """The line through zero and span readings. Raises CalibrationError with fewer than two loads."""
    points = [(m.load_kg, m.load_kg + m.error_kg) for m in measurements if m.test in ("zero", "span")]
    if len({load for load, _ in points}) < 2:
        raise CalibrationError("span: expected readings at two loads or more")
    load, shown = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    slope, zero_kg = np.polyfit(load, shown, 1)
    residual = float(np.max(np.abs(shown - (zero_kg + slope * load))))
    return Fit(float(zero_kg), float((slope - 1) * 1e6), residual)


def drift_since(now: ScaleRecord, then: ScaleRecord) -> Drift:
    """What changed between two records of one scale."""
    changes = [
        abs(a - b) for load, a in _span_errors(now).items() for at, b in _span_errors(then).items() if at == load
    ]
    worst = max(changes, default=None)
    days = (datetime.fromisoformat(now.date) - datetime.fromisoformat(then.date)).total_seconds() / 86_400
    zero_kg, span_ppm = now.fit.zero_kg - then.fit.zero_kg, now.fit.span_ppm - then.fit.span_ppm
    at_capacity_kg = zero_kg + span_ppm * 1e-6 * now.capacity_kg
    largest = max(worst or 0.0, abs(zero_kg), abs(at_capacity_kg))
    return Drift(then.date, days, zero_kg, span_ppm, worst, largest > DRIFT_LIMIT_E * now.e_kg)


def save_record(record: ScaleRecord, directory: Path) -> Path:
    """Write a record as JSON, never over another. Raises CalibrationError."""
    stamp = datetime.fromisoformat(record.date).strftime("%Y%m%dT%H%M%SZ")
    path = directory / f"{record.scale}_{stamp}.json"
    text = json.dumps(asdict(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CalibrationError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def load_records(directory: Path, scale: str) -> list[ScaleRecord]:
    """Every record of a scale in a folder, oldest first. Raises CalibrationError naming a file that is none."""
    records = [_record(path) for path in sorted(directory.glob(f"{scale}_*Z.json"))] if directory.is_dir() else []
    return sorted((r for r in records if r.scale == scale), key=lambda r: r.date)


def _measurement(row: dict[str, Any], where: str) -> Measurement:
    test = (row.get("test") or "").strip()
    if test not in TESTS:
        raise CalibrationError(f"{where}: test: expected one of {', '.join(TESTS)}, got {test!r}")
    load_kg = _kg(row.get("load_kg"), f"{where}: load_kg")
    if load_kg < 0 or (load_kg > 0) == (test in ("zero", "zero_return")):
        raise CalibrationError(f"{where}: load_kg: {test} has {'none' if 'zero' in test else 'one'}, got {load_kg:g}")
    shown = (row.get("shown_kg") or "").strip()
    shown_kg = _kg(shown, f"{where}: shown_kg") if shown else None
    direction = (row.get("direction") or "").strip()
    if direction not in ("", "up", "down"):
        raise CalibrationError(f"{where}: direction: expected up, down or nothing, got {direction!r}")
    return Measurement(test, load_kg, shown_kg, (row.get("position") or "").strip(), direction)


def _kg(text: str | None, where: str) -> float:
    try:
        kg = float(text or "")
    except ValueError:
        kg = math.nan
    if not abs(kg) < 1e7:
        raise CalibrationError(f"{where}: expected kilograms, got {text!r}")
    return kg


def _verdict(test: str, what: str, value_kg: float, limit_kg: float) -> Verdict:
    return Verdict(test, what, value_kg, limit_kg, abs(value_kg) <= limit_kg + _ROUNDING_KG)


def _zero(measurements: Sequence[Measurement], e_kg: float) -> Iterable[Verdict]:
    for m in measurements:
        if m.test in ("zero", "zero_return"):
            what = "zero of the empty deck" if m.test == "zero" else "zero after unloading"
            yield _verdict(m.test, what, m.error_kg, ZERO_LIMIT_E * e_kg)


def _span(measurements: Sequence[Measurement], e_kg: float, half: float) -> Iterable[Verdict]:
    for m in measurements:
        if m.test == "span":
            what = f"error at {m.load_kg:g} kg {m.direction}".strip()
            yield _verdict("span", what, m.error_kg, half * error_limit_kg(m.load_kg, e_kg))


def _eccentricity(measurements: Sequence[Measurement], e_kg: float, half: float) -> Iterable[Verdict]:
    for m in measurements:
        if m.test == "eccentricity":
            what = f"error of {m.load_kg:g} kg at {m.position or 'an unnamed position'}"
            yield _verdict("eccentricity", what, m.error_kg, half * error_limit_kg(m.load_kg, e_kg))


def _repeatability(measurements: Sequence[Measurement], e_kg: float, half: float) -> Iterable[Verdict]:
    for load_kg in sorted({m.load_kg for m in measurements if m.test == "repeatability"}):
        errors = [m.error_kg for m in measurements if m.test == "repeatability" and m.load_kg == load_kg]
        what = f"spread of {len(errors)} weighings of {load_kg:g} kg"
        yield _verdict("repeatability", what, max(errors) - min(errors), half * error_limit_kg(load_kg, e_kg))


def _missing(measurements: Sequence[Measurement], scale: Scale) -> tuple[str, ...]:
    done = {m.test for m in measurements}
    out = [f"{test}: not measured" for test in TESTS if test not in done]
    largest = max((m.load_kg for m in measurements if m.test == "span"), default=0.0)
    if 0 < largest < LEAST_SPAN_SHARE * scale.capacity_kg:
        out.append(f"span: largest load {largest:g} kg, expected {LEAST_SPAN_SHARE * scale.capacity_kg:g} kg or more")
    positions = {m.position for m in measurements if m.test == "eccentricity"}
    if 0 < len(positions) < LEAST_POSITIONS:
        out.append(f"eccentricity: {len(positions)} positions, expected {LEAST_POSITIONS} or more")
    repeats = [m.load_kg for m in measurements if m.test == "repeatability"]
    if repeats and max(repeats.count(load) for load in repeats) < LEAST_REPEATS:
        out.append(f"repeatability: expected {LEAST_REPEATS} weighings of one load or more")
    return tuple(out)


def _span_errors(record: ScaleRecord) -> dict[float, float]:
    """Mean error by load of a record's zero and span readings."""
    errors: dict[float, list[float]] = {}
    for m in record.measurements:
        if m.test in ("zero", "span"):
            errors.setdefault(m.load_kg, []).append(m.error_kg)
    return {load: sum(e) / len(e) for load, e in errors.items()}


def _record(path: Path) -> ScaleRecord:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["verdicts"] = tuple(Verdict(**v) for v in raw["verdicts"])
        raw["drift"] = tuple(Drift(**d) for d in raw["drift"])
        raw["measurements"] = tuple(Measurement(**m) for m in raw["measurements"])
        return ScaleRecord(**raw | {"fit": Fit(**raw["fit"]), "missing": tuple(raw["missing"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(f"{path}: no record of a scale's calibration: {error}") from error
