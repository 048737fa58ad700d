import asyncio
import json
import os
import time
import tty
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration_rigs.errors import CalibrationError
from calibration_rigs.scale_calibration import (
    Measurement,
    calibrate,
    fit_line,
    load_records,
    read_measurements,
    save_record,
)
from calibration_rigs.scale_live import stable_weight
from gate.site.devices import Scale
from tests.gate.scale.frames import yaohua

SCALE = Scale(id="s1", deck="deck", address="replay:none.csv")
DATE = datetime(2026, 11, 1, 8, tzinfo=UTC)
CORNERS = ("front left", "front right", "rear left", "rear right")


def measured(span: float = 1.0, zero_kg: float = 0.0, corner_kg: float = 0.0) -> list[Measurement]:
    """What an otherwise perfect scale shows."""

    def shown(load_kg: float) -> float:
        return load_kg * span + zero_kg

    loads = [1_000.0, 10_000, 40_000, 60_000]
    return [
        Measurement("zero", 0, zero_kg),
        *(Measurement("span", kg, shown(kg), direction="up") for kg in loads),
        *(Measurement("span", kg, shown(kg), direction="down") for kg in reversed(loads)),
        *(Measurement("eccentricity", 10_000, shown(10_000) + corner_kg * (i == 2), c) for i, c in enumerate(CORNERS)),
        *(Measurement("repeatability", 40_000, shown(40_000)) for _ in range(3)),
        Measurement("zero_return", 0, zero_kg),
    ]


def test_a_true_scale_passes() -> None:
    record = calibrate(SCALE, measured(), date=DATE, by="w")
    assert record.passed
    assert record.missing == ()
    assert record.fit.span_ppm == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ({"span": 1.002}, "span"),
        ({"zero_kg": 20.0}, "zero"),
        ({"corner_kg": 40.0}, "eccentricity"),
    ],
)
def test_each_fault_fails_its_own_test(fault: dict[str, float], test: str) -> None:
    record = calibrate(SCALE, measured(**fault), date=DATE, by="w")
    assert not record.passed
    assert test in {v.test for v in record.verdicts if not v.passed}


def test_scatter_fails_repeatability() -> None:
    scattered = [*measured(), Measurement("repeatability", 40_000, 40_060)]
    failed = [v for v in calibrate(SCALE, scattered, date=DATE, by="w").verdicts if not v.passed]
    assert [(v.test, v.value_kg, v.limit_kg) for v in failed] == [("repeatability", 60, 40)]


def test_a_first_verification_has_half_the_limits() -> None:
    off = measured(span=1.0008)
    assert calibrate(SCALE, off, date=DATE, by="w").passed
    assert not calibrate(SCALE, off, date=DATE, by="w", initial=True).passed


def test_what_was_not_measured_is_named_and_does_not_pass() -> None:
    few = [m for m in measured() if m.test in ("zero", "span") and m.load_kg <= 10_000]
    record = calibrate(SCALE, few, date=DATE, by="w")
    assert not record.passed
    assert [m.partition(":")[0] for m in record.missing] == ["eccentricity", "repeatability", "zero_return", "span"]


@given(st.floats(0.99, 1.01), st.floats(-100, 100))
def test_the_fit_recovers_span_and_zero(span: float, zero_kg: float) -> None:
    fit = fit_line(measured(span, zero_kg))
    assert fit.span_ppm == pytest.approx((span - 1) * 1e6, abs=0.1)
    assert fit.zero_kg == pytest.approx(zero_kg, abs=0.01)


def test_drift_is_told_against_each_earlier_record(tmp_path: Path) -> None:
    for days, span in ((0, 1.0), (180, 1.0001), (360, 1.0009)):
        earlier = load_records(tmp_path, "s1")
        now = calibrate(SCALE, measured(span), date=DATE + timedelta(days=days), by="w", earlier=earlier)
        save_record(now, tmp_path)
    first, second = now.drift
    assert (round(first.days), round(first.span_ppm), first.notable) == (360, 900, True)
    assert (round(second.days), round(second.span_ppm)) == (180, 800)
    assert second.worst_kg == pytest.approx(48)
    assert load_records(tmp_path, "s1")[-1] == now
    with pytest.raises(CalibrationError, match="exists"):
        save_record(now, tmp_path)
    assert load_records(tmp_path, "other") == []
    assert calibrate(replace_id(SCALE), measured(), date=DATE, by="w", earlier=[now]).drift == ()


def replace_id(scale: Scale) -> Scale:
    return scale.model_copy(update={"id": "s2"})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("weight,10,10,,", "test: expected one of zero"),
        ("span,ten,10,,", "load_kg: expected kilograms"),
        ("span,0,10,,", "span has one"),
        ("zero,5,0,,", "zero has none"),
        ("span,10,nan,,", "shown_kg"),
        ("span,10,10,,sideways", "direction"),
    ],
)
def test_faults_in_a_sheet_name_row_and_column(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"test,load_kg,shown_kg,position,direction\n{row}\n", encoding="utf-8")
    with pytest.raises(CalibrationError, match=rf"m\.csv:2: .*{message}"):
        read_measurements(path)


def test_a_sheet_is_read_and_a_record_spoilt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("test,load_kg,shown_kg,position\nzero,0,0,\neccentricity,500,,front left\n", encoding="utf-8")
    zero, planned = read_measurements(path)
    assert zero == Measurement("zero", 0, 0)
    assert planned.shown_kg is None
    with pytest.raises(CalibrationError, match="not read yet"):
        _ = planned.error_kg
    with pytest.raises(CalibrationError, match="two loads"):
        calibrate(SCALE, [zero], date=DATE, by="w")
    (tmp_path / "s1_20261101T080000Z.json").write_text(json.dumps({"scale": "s1"}), encoding="utf-8")
    with pytest.raises(CalibrationError, match="no record"):
        load_records(tmp_path, "s1")


async def test_a_reading_is_taken_from_the_line_once_stable() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    scale = SCALE.model_copy(update={"address": f"serial:{os.ttyname(slave)}"})

    async def send() -> None:
        for i in range(40):
            os.write(master, yaohua(0 if i < 5 else 20_000 + (i < 12) * 400))
            await asyncio.sleep(0.1)

    sending = asyncio.ensure_future(send())
    try:
        assert await stable_weight(scale, lambda: time.time_ns() // 1_000_000, 10) == 20_000
        with pytest.raises(CalibrationError, match="no stable weight"):
            await stable_weight(replace_id(scale).model_copy(update={"address": "tcp:127.0.0.1:1"}), lambda: 0, 0.3)
    finally:
        sending.cancel()
        os.close(master)
        os.close(slave)
