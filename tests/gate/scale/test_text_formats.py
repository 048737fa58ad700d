"""What each text format tells of a frame, by the makers' manuals; None where it does not tell."""

import pytest

from gate.scale.indicators.registry import FORMATS, find_format, indicator

# format, settings, bytes, (kg, net, stable, motion, overload)
TABLE = [
    ("mt-sics", {}, b"S S   48620 kg\r\n", (48620, None, True, False, False)),
    ("mt-sics", {}, b"S D    -20.5 kg\r\n", (-20.5, None, False, True, False)),
    ("mt-sics", {}, b"S S   48.62 t\r\n", (48620, None, True, False, False)),
    ("mt-sics", {}, b"S I\r\n", (None, None, None, None, None)),
    ("mt-sics", {}, b"S +\r\n", (None, None, False, None, True)),
    ("mt-sics", {}, b"S -\r\n", (None, None, False, None, False)),
    ("mt-sics", {}, b"Z A\r\n", (None, None, None, None, None)),
    ("mt-sics", {}, b'I4 A "B021002593"\r\n', (None, None, None, None, None)),
    ("cas", {}, b"ST,GS,1\xe4,   48620 kg\r\n", (48620, False, True, False, False)),
    ("cas", {}, b"US,NT,1\xa0,-    140 kg\r\n", (-140, True, False, True, False)),
    ("cas", {}, b"OL,GS,1\xa0,         kg\r\n", (None, False, False, None, True)),
    ("cas", {}, b"ST,GS,1\xe4,   48.62  t\r\n", (48620, False, True, False, False)),
    ("cas", {}, b"ST,GS,+   48620.0 kg\r\n", (48620, False, True, False, False)),
    ("and", {}, b"ST,GS,+0012.34kg\r\n", (12.34, False, True, False, False)),
    ("and", {}, b"US,NT,-0012.34kg\r\n", (-12.34, True, False, True, False)),
    ("and", {}, b"OL,GS,+9999999kg\r\n", (9999999, False, False, None, True)),
    ("dini-argeo", {}, b"ST,GS,   48620,kg\r\n", (48620, False, True, False, False)),
    ("dini-argeo", {}, b"01US,NT,    -140,kg\r\n", (-140, True, False, True, False)),
    ("dini-argeo", {}, b"UL,GS,--------,kg\n", (None, False, False, None, False)),
    ("avery", {}, b" G +  48620 kg\r\n", (48620, False, None, None, None)),
    ("avery", {}, b" N -  12.34 kg", (-12.34, True, None, None, None)),
    ("rinstrum", {}, b"\x02   48620G\x03", (48620, False, True, False, False)),
    ("rinstrum", {}, b"\x02-  12.34N\x03", (-12.34, True, True, False, False)),
    ("rinstrum", {}, b"\x02   48620M\x03", (48620, None, False, True, False)),
    ("rinstrum", {}, b"\x02   99999O\x03", (99999, None, False, None, True)),
    ("rinstrum", {}, b"\x02 -------U\x03", (None, None, False, None, False)),
    ("rinstrum", {}, b"\x02 -------E\x03", (None, None, False, None, None)),
    ("rinstrum", {"format": 2}, b"\x02   48620GM -   \x03", (48620, False, False, True, False)),
    ("rinstrum", {"format": 3}, b"\x0200048620NSI   \x03", (48620, True, True, False, False)),
    ("yaohua-reversed", {}, b"=00.1000-=", (-1, None, None, None, None)),
    ("yaohua-a12", {}, b"wn-0000.1kg\r\n", (-0.1, True, None, None, None)),
    ("modbus", {}, bytes.fromhex("0103040000bdec8aee"), (48620, False, None, None, None)),
    ("modbus", {}, bytes.fromhex("018302c0f1"), (None, None, None, None, None)),
]


@pytest.mark.parametrize(("name", "settings", "data", "told"), TABLE, ids=lambda v: str(v)[:40])
def test_what_a_frame_tells(name: str, settings: dict[str, object], data: bytes, told: tuple[object, ...]) -> None:
    parser = indicator(name, settings)
    (reading,) = [*parser.feed(data), *parser.finish()]
    assert (reading.kg, reading.net, reading.stable, reading.motion, reading.overload) == told


REFUSED = [
    ("mt-sics", b"S S   48620kg\r\n"),
    ("mt-sics", b"S S   4862O kg\r\n"),
    ("mt-sics", b"S S   48620 kg\n"),
    ("mt-sics", b"S S   48620 kg"),
    ("mt-sics", b"SS   48620 kg\r\n"),
    ("cas", b"ST,GS,1\xe4,   4862O kg\r\n"),
    ("cas", b"ST,XS,1\xe4,   48620 kg\r\n"),
    ("cas", b"ST,GS,1\xe4,   48620 kg\n"),
    ("cas", b"ST,GS,1\xe4,48 620   kg\r\n"),
    ("and", b"ST,GS,+0012.3.kg\r\n"),
    ("and", b"ST,GS,+012.34kg\r\n"),
    ("and", b"ST,GS,+0012.34kg\n\r"),
    ("dini-argeo", b"ST,GS,  48620,kg\r\n"),
    ("dini-argeo", b"ST,GS,        ,kg\r\n"),
    ("avery", b" X +  48620 kg\r\n"),
    ("avery", b" G +  48 20 kg\r\n"),
    ("rinstrum", b"\x02   48620X\x03"),
    ("rinstrum", b"\x02   4 620G\x03"),
    ("rinstrum", b"\x02   48620G\x04"),
    ("modbus", bytes.fromhex("0103040000bded8aee")),
    ("yaohua-reversed", b"=00.10.00="),
    ("yaohua-a12", b"wx0000.1kg"),
    ("ascii", b"ST,GS,+3.015\r\n"),
    ("ascii", b"XX-00000020\r\n"),
]


@pytest.mark.parametrize(("name", "data"), REFUSED, ids=lambda v: str(v)[:40])
def test_what_a_manual_does_not_allow_is_refused(name: str, data: bytes) -> None:
    parser = indicator(name)
    assert [*parser.feed(data), *parser.finish()] == []
    assert parser.rejected >= 1


def test_every_name_and_alias_is_one_formats_own() -> None:
    assert all(find_format(n.upper()).name == f.name for f in FORMATS for n in (f.name, *f.aliases))
