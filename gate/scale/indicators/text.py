"""Text lines of several makers that say by themselves what they are.

Comma lines of any width (`ST,GS,+ 000080kg`, `ST,GS,+3.015t`, decimal comma too), Jinzhong XK3102DS, `W1  38220 kg`,
sign and eight digits, `= +2380`, A12 and T1 texts, and Rinstrum's FMT_2 and FMT_3 without STX and ETX.
"""

import re

from gate.scale.framing import BAD, WAIT, Found, Match
from gate.scale.indicators.yaohua_text import TextSettings
from gate.scale.patterns import TextParser, signed_kg
from gate.scale.reading import Reading

_UNIT = rb"kg|t|g|lb"
_COMMA = re.compile(rb"(ST|US|OL),(GS|NT),([+-]?) *([0-9]{1,8}(?:[.,][0-9]{0,4})?) ?(%b)" % _UNIT)
_WEIGHBRIDGE = re.compile(rb"W[0-9] +(-?)([0-9]{1,7}(?:\.[0-9]{1,3})?) (%b)" % _UNIT)
_A12 = re.compile(rb"w([wgn])([+ -]?)([0-9]{1,6}(?:\.[0-9]{1,3})?)(kg|lb)")
_T1 = re.compile(rb"=([+ -]?)([0-9]{1,6}(?:\.[0-9]{1,3})?)\((kg|lb)\)")
_EIGHT = re.compile(rb"([+-])([0-9]{8})")
_EQUALS = re.compile(rb"= ?([+-])([0-9]{1,7}(?:\.[0-9]{1,3})?)")
_FORMAT_2 = re.compile(rb"([ -])( *[0-9]+(?:\.[0-9]*)?)([GN])([M ])([Z ])([12-])( kg|  t| lb|  g)")
_FORMAT_3 = re.compile(rb"([ -]?)( *[0-9]+(?:\.[0-9]*)?)([GN])([MS])([IOU])([Z ]) {0,2}")
_ENDS = re.compile(rb"[\r\n\x03]")
_STARTS = re.compile(rb"[SUOWw=+\-0-9 ]")
_LINE_BREAKS = b"\r\n\x02\x03"


class TextLines(TextParser):
    """Lines ended by CR, LF or ETX, or by the end of the stream; STX may stand in front.

    Forms that open with letters may follow garbage; the bare numbers must be a line of their own.
    """

    max_length = 32
    filler = _LINE_BREAKS

    def __init__(self, _: TextSettings) -> None:
        super().__init__()
        self._fresh_line = True  # nothing but line breaks since the last line's end

    def _skip(self, skipped: bytes) -> None:
        self._fresh_line = skipped[-1:] in (b"\r", b"\n", b"\x02", b"\x03")
        super()._skip(skipped)

    def _refuse_start(self, refused: bytes) -> None:
        self._fresh_line = False
        super()._refuse_start(refused)

    def _next_start(self, buffer: bytes, at: int) -> int:
        found = _STARTS.search(buffer, at)
        return found.start() if found else len(buffer)

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        ending = _ENDS.search(buffer, at, at + self.max_length)
        if ending is None and not (final and len(buffer) - at <= self.max_length):
            return WAIT if len(buffer) - at < self.max_length else BAD
        end = ending.start() if ending else len(buffer)
        line = buffer[at:end]
        reading = _named(line) or (_bare(line) if self._fresh_line else None)
        if reading is None:
            return BAD
        self._fresh_line = False
        return Found(end - at, reading)


def _named(line: bytes) -> Reading | None:
    """Forms whose opening says what they are."""
    comma = _COMMA.fullmatch(line)
    if comma:
        out_of_range = comma[1] == b"OL"
        return Reading(
            signed_kg(comma[3], comma[4].replace(b",", b"."), comma[5]),
            net=comma[2] == b"NT",
            stable=comma[1] == b"ST",
            motion=None if out_of_range else comma[1] == b"US",
            overload=out_of_range,
            status=f"{comma[1].decode()},{comma[2].decode()}",
            raw=line,
        )
    bridge = _WEIGHBRIDGE.fullmatch(line)
    if bridge:
        return Reading(signed_kg(bridge[1], bridge[2], bridge[3]), raw=line)
    a12 = _A12.fullmatch(line)
    if a12:
        kg = signed_kg(a12[2], a12[3], a12[4])
        return Reading(kg, net=a12[1] == b"n", status=a12[1].decode(), raw=line)
    t1 = _T1.fullmatch(line)
    return Reading(signed_kg(t1[1], t1[2], t1[3]), raw=line) if t1 else None


def _bare(line: bytes) -> Reading | None:
    """Numbers, with or without status letters behind them; without a unit they are kilograms."""
    plain = _EIGHT.fullmatch(line) or _EQUALS.fullmatch(line)
    if plain:
        return Reading(signed_kg(plain[1], plain[2], b"kg"), raw=line)
    if len(line) == 15:
        f2 = _FORMAT_2.fullmatch(line)
        if f2:
            kg, moving = signed_kg(f2[1], f2[2], f2[7]), f2[4] == b"M"
            return Reading(kg, f2[3] == b"N", not moving, moving, overload=False, status=f2[3].decode(), raw=line)
    if 12 <= len(line) <= 14:
        f3 = _FORMAT_3.fullmatch(line)
        if f3 and len(f3[1]) + len(f3[2]) == 8:
            kg, moving, out = signed_kg(f3[1], f3[2], b"kg"), f3[4] == b"M", f3[5] != b"I"
            status = f3[3].decode() if not out else f3[5].decode()
            told = None if out else moving
            stable = not out and not moving
            return Reading(kg, f3[3] == b"N", stable, told, overload=f3[5] == b"O", status=status, raw=line)
    return None
