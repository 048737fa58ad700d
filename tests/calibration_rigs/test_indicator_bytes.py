"""What the rig's indicators send, the gate reads: the same weight and stability in every format."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration_rigs.indicator_bytes import speech_of
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import Trick, load_scenario
from calibration_rigs.shelf import SHELF
from calibration_rigs.take import film
from gate.facts import WeightSample
from gate.scale.indicators.registry import FORMATS, indicator
from gate.scale.replay import replay_scale
from gate.site.devices import Scale

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("yaohua", {}),
    ("yaohua", {"last_digit": "tenths"}),
    ("yaohua", {"length": 11}),
    ("yaohua", {"length": 11, "checksum": "sent"}),
    ("yaohua", {"unit": "t"}),
    ("yaohua-command", {}),
    ("yaohua-command", {"address": "C", "ask": "net"}),
    ("yaohua-reversed", {}),
    ("yaohua-reversed", {"mark": "after", "order": "high-first"}),
    ("yaohua-reversed", {"length": 6, "unit": "t"}),
    ("yaohua-a12", {}),
    ("yaohua-t1", {}),
    ("toledo", {}),
    ("toledo", {"checksum": False}),
    ("toledo", {"checksum": True, "parity": "even"}),
    ("toledo", {"parity": "odd"}),
    ("toledo", {"parity": "mark"}),
    ("mt-sics", {}),
    ("mt-sics", {"ask": ""}),
    ("cas", {}),
    ("and", {}),
    ("dini-argeo", {}),
    ("avery", {}),
    ("rinstrum", {}),
    ("rinstrum", {"format": 2, "unit": "t"}),
    ("rinstrum", {"format": 3}),
    ("modbus", {}),
    ("modbus", {"type": "int32", "decimals": 1, "words": "low-first", "stable_register": 9, "stable_bit": 3}),
    ("modbus-tcp", {"type": "float32", "table": "input"}),
    ("dingsong", {}),
    ("ascii", {}),
]
UNTOLD = {"yaohua", "yaohua-command", "yaohua-reversed", "yaohua-a12", "yaohua-t1", "avery", "dingsong"}  # stability


def scale_of(name: str, settings: dict[str, Any], e_kg: float = 20.0) -> Scale:
    return Scale(id="s", deck="d", address="replay:w.csv", indicator=name, settings=settings, e_kg=e_kg)


def test_every_format_the_gate_reads_is_spoken() -> None:
    assert {name for name, _ in VARIANTS} == {f.name for f in FORMATS}


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@given(divisions=st.lists(st.tuples(st.integers(-200, 4_999), st.booleans()), min_size=1, max_size=8))
def test_the_gate_reads_weight_and_stability_of_what_is_sent(
    variant: tuple[str, dict[str, Any]], divisions: list[tuple[int, bool]]
) -> None:
    name, settings = variant
    speech = speech_of(scale_of(name, settings))
    said = [(20.0 * d, stable) for d, stable in divisions]
    frames = [speech.frame(kg, stable) for kg, stable in said]
    if name == "dingsong":  # it has no sign
        said = [s for s, f in zip(said, frames, strict=True) if f]
        assert all(kg >= 0 for kg, _ in said)
    else:
        assert all(frames)
    parser = indicator(name, settings)
    read = [*parser.feed(b"".join(frames)), *parser.finish()]
    assert parser.rejected == 0
    assert [r.kg for r in read] == [kg for kg, _ in said]
    tells = name not in UNTOLD and (not name.startswith("modbus") or "stable_register" in settings)
    assert [r.stable for r in read] == [stable if tells else None for _, stable in said]


@pytest.mark.parametrize("name", ["yaohua", "toledo", "mt-sics", "cas", "and", "dini-argeo", "ascii", "rinstrum"])
def test_a_finer_scale_sends_its_decimals(name: str) -> None:
    frame = speech_of(scale_of(name, {}, e_kg=0.05)).frame(1234.55, True)
    parser = indicator(name, {})
    assert [r.kg for r in (*parser.feed(frame), *parser.finish())] == [1234.55]


def test_what_a_format_cannot_tell_is_not_sent() -> None:
    assert speech_of(scale_of("dingsong", {})).frame(-20.0, True) == b""
    assert speech_of(scale_of("yaohua", {"unit": "g"})).frame(48_620.0, True) == b""
    assert speech_of(scale_of("modbus", {"type": "int16"})).frame(48_620.0, True) == b""
    assert speech_of(scale_of("mt-sics", {"ask": "S"})).frame(48_620.0, False) == b"S I\r\n"


@pytest.mark.parametrize(
    ("kg", "frame"),
    [
        (0, "022b30303030303030314203"),
        (1560, "022b30303135363030313903"),
        (48620, "022b30343836323030313303"),
        (-20, "022d30303030323030314603"),
    ],
)
def test_frames_are_the_makers_own(kg: float, frame: str) -> None:
    assert speech_of(scale_of("yaohua", {})).frame(kg, True).hex() == frame


@pytest.mark.parametrize("name", ["toledo", "mt-sics", "modbus", "yaohua-reversed"])
def test_a_run_recorded_in_another_format_is_weighed_the_same(tmp_path: Path, name: str) -> None:
    scenario, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    site = site.model_copy(update={"scales": (site.scales[0].model_copy(update={"indicator": name}),)})
    scenario = scenario.model_copy(
        update={"seconds": 4.0, "actors": (), "tricks": (Trick(kind="load", from_s=1.0, kg=4_000.0),)}
    )
    taken = film(scenario, layout_of(site))
    rows = [f"{r.at_ms},{r.raw}" for r in taken.readings(1)["scale"]]
    (tmp_path / "w.csv").write_text("\n".join(["at_ms,raw", *rows]) + "\n", "ascii")
    facts = [f for f in replay_scale(site.scales[0], tmp_path / "w.csv", 0) if isinstance(f, WeightSample)]
    assert facts[0].kg == 0
    assert abs(facts[-1].kg - 4_000) <= 20
