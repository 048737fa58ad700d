import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ScaleError
from gate.scale.indicators.registry import indicator
from tests.gate.scale.frames import yaohua

TABLE = [
    ("02 2b 30 30 30 30 30 30 30 31 42 03", 0.0),
    ("02 2b 30 30 31 35 36 30 30 31 39 03", 1560.0),
    ("02 2b 30 34 38 36 32 30 30 31 33 03", 48620.0),
    ("02 2d 30 30 30 30 32 30 30 31 46 03", -20.0),
    ("02 2b 30 30 34 38 36 32 32 31 31 03", 48.62),
]


@pytest.mark.parametrize(("frame", "kg"), TABLE)
def test_the_makers_examples(frame: str, kg: float) -> None:
    parser = indicator("yaohua")
    (reading,) = parser.feed(bytes.fromhex(frame))
    assert reading.kg == kg
    assert (reading.net, reading.stable, reading.motion, reading.overload, reading.status) == (None,) * 5
    assert reading.raw == bytes.fromhex(frame)
    assert parser.rejected == 0


def test_the_encoder_agrees_with_the_makers_examples() -> None:
    assert [yaohua(0), yaohua(1560), yaohua(48620), yaohua(-20), yaohua(4862, 2)] == [
        bytes.fromhex(f) for f, _ in TABLE
    ]


def test_minus_zero_is_zero() -> None:
    (reading,) = indicator("yaohua").feed(bytes.fromhex("022d3030303030303031 44 03".replace(" ", "")))
    assert str(reading.kg) == "0.0"


@given(st.integers(-999_999, 999_999), st.integers(0, 11), st.integers(0, 7))
def test_every_single_flipped_bit_is_refused(kg: int, byte: int, bit: int) -> None:
    frame = bytearray(yaohua(kg))
    frame[byte] ^= 1 << bit
    parser = indicator("yaohua")
    assert [*parser.feed(bytes(frame)), *parser.finish()] == []
    assert parser.rejected >= 1


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=20), st.data())
def test_any_chunking_gives_the_same_readings(weights: list[int], data: st.DataObject) -> None:
    stream = b"\x00\x02\x02+1" + b"".join(yaohua(w) for w in weights)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    parser = indicator("yaohua")
    got = [r.kg for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) for r in parser.feed(stream[a:b])]
    assert got == weights
    whole = indicator("yaohua")
    whole.feed(stream)
    assert parser.rejected == whole.rejected == 3


def test_a_frame_that_lost_a_byte_costs_only_itself() -> None:
    parser = indicator("yaohua")
    stream = yaohua(100) + yaohua(200)[:5] + yaohua(200)[6:] + yaohua(300)
    assert [r.kg for r in parser.feed(stream)] == [100, 300]
    assert parser.rejected == 1


def test_tenths_clones_and_other_units_are_settings() -> None:
    frame = yaohua(70, 5)
    assert indicator("yaohua").feed(frame) == []
    assert [r.kg for r in indicator("keli", {"last_digit": "tenths"}).feed(frame)] == [70.5]
    assert [r.kg for r in indicator("yaohua", {"unit": "lb"}).feed(yaohua(100))] == [45.359237]
    assert [r.kg for r in indicator("yaohua", {"unit": "t"}).feed(yaohua(4862, 2))] == [48620.0]


def test_the_eleven_byte_variant_is_a_setting() -> None:
    capture = bytes.fromhex("022b30303030303031 42 03".replace(" ", ""))
    assert indicator("yaohua").feed(capture + yaohua(5))[0].kg == 5
    assert [r.kg for r in indicator("yaohua", {"length": 11}).feed(capture)] == [0.0]
    sent = b"\x02+000000" + b"2B" + b"\x03"
    assert [r.kg for r in indicator("yaohua", {"length": 11, "checksum": "sent"}).feed(sent)] == [0.0]


def test_command_mode_asks_and_reads_the_answer() -> None:
    parser = indicator("yaohua-command")
    assert parser.poll == bytes.fromhex("024142303303")
    (reading,) = parser.feed(parser.poll + bytes.fromhex("0241422b3034383632303031 30 03".replace(" ", "")))
    assert (reading.kg, reading.net, reading.status) == (48620.0, False, "B")
    assert parser.rejected == 0


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("yaohau", {}, "expected one of: yaohua"),
        ("yaohua", {"last_digit": "maybe"}, "last_digit"),
        ("yaohua", {"tenths": True}, "settings it knows: unit, last_digit, length, checksum"),
        ("yaohua", {"unit": "pood"}, "pood"),
    ],
)
def test_wrong_names_and_settings_say_what_is_expected(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ScaleError, match=message):
        indicator(name, settings)
