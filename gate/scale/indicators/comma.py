"""Comma formats of fixed length: CAS 22 bytes, A&D 18 bytes, Dini Argeo standard string.

Sources: CAS CI-400 owner's manual, appendix 1; A&D AD-4400 series; Dini Argeo DFW technical manual.
"""

import re

from gate.scale.patterns import ANY_END, NUMBER, UNIT, FixedParser, LineParser, signed_kg
from gate.scale.reading import Reading
from gate.scale.settings import Settings

_SIGNED = re.compile(rb" *([+-]?)(%b)" % NUMBER)
_BLANK = re.compile(rb"[+-]?[ _^-]*")
_START = re.compile(rb"[SUO]")
_CAS = re.compile(
    rb"(ST|US|OL),(GS|NT),(?:[^\r\n,][\x20-\x3f\x60-\x7f\xa0-\xbf\xe0-\xff],(.{8}) |(.{12}))(%b)\r\n" % UNIT
)
_AND = re.compile(rb"(ST|US|OL),(GS|NT),([+ -].{7})(%b)\r\n" % UNIT)
_DINI = re.compile(rb"(?:[0-9]{2})?(ST|US|OL|UL),(GS|NT),(.{8}),(%b|[tg])" % UNIT)


class CommaSettings(Settings):
    """These formats carry all they need: no settings."""


class Cas(FixedParser):
    """`ST,GS,<id><lamps>,<weight 8> kg` CR LF; weight as wide as id and lamps together where those are not sent.

    Of the lamp byte only bit 5, always set, is checked: bit 7 is parity on a seven-bit line.
    """

    length = 22
    starts = _START

    def __init__(self, _: CommaSettings) -> None:
        super().__init__()

    def _read(self, frame: bytes) -> Reading | None:
        fields = _CAS.fullmatch(frame)
        if fields is None:
            return None
        return comma_reading(fields[1], fields[2], fields[3] or fields[4].removesuffix(b" "), fields[5], frame)


class And(FixedParser):
    """`ST,GS,+0012.34kg` CR LF."""

    length = 18
    starts = _START

    def __init__(self, _: CommaSettings) -> None:
        super().__init__()

    def _read(self, frame: bytes) -> Reading | None:
        fields = _AND.fullmatch(frame)
        return None if fields is None else comma_reading(fields[1], fields[2], fields[3], fields[4], frame)


class DiniArgeo(LineParser):
    """`[cc]ST,GS,PPPPPPPP,kg` and a line's end; cc is the address on an RS-485 line. UL is under range."""

    max_length = 21
    filler = b"\r\n"
    starts = re.compile(rb"[SUO0-9]")
    ends = ANY_END

    def __init__(self, _: CommaSettings) -> None:
        super().__init__()

    def _read(self, line: bytes, raw: bytes) -> Reading | None:
        fields = _DINI.fullmatch(line)
        return None if fields is None else comma_reading(fields[1], fields[2], fields[3], fields[4], raw)


def comma_reading(state: bytes, mode: bytes, field: bytes, unit: bytes, raw: bytes) -> Reading | None:
    """The reading of the fields; None where the weight is no number and the state is not out of range."""
    out_of_range = state in (b"OL", b"UL")
    number = _SIGNED.fullmatch(field)
    if number is None and not (out_of_range and _BLANK.fullmatch(field)):
        return None
    return Reading(
        signed_kg(number[1], number[2], unit) if number else None,
        net=mode == b"NT",
        stable=state == b"ST",
        motion=None if out_of_range else state == b"US",
        overload=state == b"OL",
        status=f"{state.decode()},{mode.decode()}",
        raw=raw,
    )
