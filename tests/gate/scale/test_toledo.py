from collections.abc import Callable

import pytest

from gate.scale.indicators.registry import indicator
from tests.gate.scale.frames import toledo

PARITIES: dict[str, Callable[[int], int]] = {
    "even": lambda b: b | 0x80 if b.bit_count() % 2 else b,
    "odd": lambda b: b if b.bit_count() % 2 else b | 0x80,
    "mark": lambda b: b | 0x80,
}


def test_the_makers_examples() -> None:
    parser = indicator("toledo")
    gross = bytes.fromhex("02 32 30 20 20 34 38 36 32 30 20 20 20 20 20 30 0d 7b")
    moving = bytes.fromhex("02 32 38 20 20 31 32 33 34 30 20 20 20 20 20 30 0d 7d")
    first, second = parser.feed(gross + moving)
    assert first.public() == {
        "kg": 48620,
        "net": False,
        "stable": True,
        "motion": False,
        "overload": False,
        "status": "323020",
    }
    assert (second.kg, second.stable, second.motion) == (12340, False, True)
    assert [gross, moving] == [toledo(48620), toledo(12340, swb=0x38)]


@pytest.mark.parametrize("kind", PARITIES)
def test_one_parity_throughout_is_stripped_and_a_mixed_one_refused(kind: str) -> None:
    frame = bytes(PARITIES[kind](b) for b in toledo(-1560, 200))
    (reading,) = indicator("toledo").feed(frame)
    assert (reading.kg, reading.tare_kg) == (-1560, 200)
    assert [r.kg for r in indicator("toledo", {"parity": kind}).feed(frame)] == [-1560]
    for at in range(len(frame)):
        broken = bytearray(frame)
        broken[at] ^= 0x80
        parser = indicator("toledo")
        assert [*parser.feed(bytes(broken)), *parser.finish()] == []
    other = "odd" if kind == "even" else "even"
    assert indicator("toledo", {"parity": other}).feed(frame) == []


def test_pounds_and_units_are_converted_and_expanded_data_is_no_weight() -> None:
    assert indicator("toledo").feed(toledo(1000, swb=0x20))[0].kg == 453.59237
    frame = bytearray(toledo(4862, check=False))
    for swc, kg in ((0x22, 4_862_000), (0x21, 4.862), (0x30, None), (0x24, None)):
        frame[3] = swc
        (reading,) = indicator("toledo", {"checksum": False}).feed(bytes(frame))
        assert reading.kg == kg


def test_lines_with_and_without_checksum_are_told_apart() -> None:
    weights = list(range(0, 2_000, 10))
    for check in (True, False):
        stream = b"".join(toledo(w, check=check) for w in weights)
        parser = indicator("toledo")
        assert [r.kg for r in [*parser.feed(stream), *parser.finish()]] == weights
        assert parser.rejected == 0


def test_once_checksums_were_seen_a_frame_without_one_is_refused() -> None:
    parser = indicator("toledo")
    stream = b"".join(toledo(w) for w in range(5)) + toledo(99, check=False) + toledo(7)
    assert [r.kg for r in parser.feed(stream)] == [0, 1, 2, 3, 4, 7]
    assert parser.rejected == 1


def test_a_blank_weight_is_taken_out_of_range_only() -> None:
    def blank(swb: int) -> bytes:
        body = b"\x02\x32" + bytes([swb]) + b"\x20" + b" " * 6 + b"     0\r"
        return body + bytes([-sum(body) & 0x7F])

    (reading,) = indicator("toledo").feed(blank(0x34))
    assert (reading.kg, reading.overload) == (None, True)
    assert indicator("toledo").feed(blank(0x30)) == []
