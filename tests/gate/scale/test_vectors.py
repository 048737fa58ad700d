"""Frames as other sources state them, kept apart from the project; rows against the makers' manuals are named."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gate.scale.indicators.registry import indicator
from gate.scale.reading import Reading

DATA = Path(os.environ.get("GATEWARDEN_DATA", Path(__file__).parents[4] / "shared" / "data")) / "serial"
VECTORS = DATA / "vectors.json"
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="the recorded frames are not on this machine")
ROWS: list[dict[str, Any]] = json.loads(VECTORS.read_text()) if VECTORS.exists() else []
NAMES = {
    "yaohua_xk3190_12byte": "yaohua",
    "yaohua_command_mode": "yaohua-command",
    "yaohua_d2": "yaohua-reversed",
    "mettler_toledo": "toledo",
    "mt_sics": "mt-sics",
    "dingsong": "dingsong",
    "ascii": "ascii",
}
# A source that says otherwise than the maker: why the row is refused under the maker's settings.
CONTRADICTING = {
    "02 2B 30 30 30 30 30 30 31 42 03": "a digit is missing; with length 11 it reads 0",
    "02 04 10 00 20 34 35 30 30 30 20 31 35 30 30 30 0D 0A": "status bytes lack bit 5",
    "02 04 14 00 20 39 39 39 39 39 20 30 30 30 30 30 0D 0A": "status bytes lack bit 5",
    "3D 33 2E 30 30 30 30 30": "says neither its order nor its unit; as reversed text it is 0.3",
    "35 31 2E 30 37 30 3D 35 31 2E 30 37 30 3D": "the mark stands behind: mark 'after', length 6",
}


def read(name: str, data: bytes, settings: dict[str, Any] | None = None) -> tuple[list[Reading], int]:
    parser = indicator(name, settings)
    return [*parser.feed(data), *parser.finish()], parser.rejected


def expected_kg(row: dict[str, Any]) -> float | None:
    if "expected_kg" in row:
        return row["expected_kg"]  # type: ignore[no-any-return]
    stated = row["expected"] if isinstance(row["expected"], dict) else {"kg": 0.0}
    if isinstance(stated.get("kg"), bool):
        return stated["weight"]  # type: ignore[no-any-return]
    return next((stated[k] for k in ("kg", "weight", "lb") if k in stated), None)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["hex"])
def test_a_recorded_frame_reads_as_the_maker_says(row: dict[str, Any]) -> None:
    name = next(n for p, n in NAMES.items() if row["protocol"].startswith(p))
    readings, rejected = read(name, bytes.fromhex(row["hex"]))
    if row["hex"] in CONTRADICTING or row.get("checksum_ok") is False:
        assert readings == []
        assert rejected >= 1
        return
    (reading,) = readings
    assert rejected == 0
    kg = expected_kg(row)
    assert kg is None or reading.kg == pytest.approx(kg)
    stated = row.get("expected") if isinstance(row.get("expected"), dict) else {}
    for key in ("stable", "net", "motion", "overload"):
        if key in stated:
            assert getattr(reading, key) == stated[key]


def test_rows_against_the_maker_read_under_the_settings_named() -> None:
    frames = list(CONTRADICTING)
    assert read("yaohua", bytes.fromhex(frames[0]), {"length": 11})[0][0].kg == 0
    assert read("yaohua-reversed", bytes.fromhex(frames[3]))[0][0].kg == 0.3
    after = {"mark": "after", "length": 6}
    assert [r.kg for r in read("yaohua-reversed", bytes.fromhex(frames[4]), after)[0]] == [70.15, 70.15]
    as_shown = after | {"order": "high-first"}
    assert [r.kg for r in read("yaohua-reversed", bytes.fromhex(frames[4]), as_shown)[0]] == [51.07, 51.07]


def test_the_recorded_stream_gives_its_intact_frames() -> None:
    readings, rejected = read("toledo", (DATA / "toledo_7e1_stream.bin").read_bytes())
    assert [r.kg for r in readings] == [0, 5, 5.67, 7.1, 38.45, 70.94, 5.1, -0.89, 3.67]
    assert rejected == 2
