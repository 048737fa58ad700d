"""Yaohua XK3190 continuous output and its command mode.

Frame: 02 · sign · six digits · decimal places · XOR high · XOR low · 03. Source: XK3190-A9 and Keli D2008 manuals.
"""

import re
from functools import reduce
from operator import xor
from typing import Literal

from gate.scale.framing import BAD, WAIT, Found, FrameParser, Match
from gate.scale.reading import Reading
from gate.scale.settings import UnitSettings
from gate.scale.units import to_kg

STX = 0x02


class YaohuaSettings(UnitSettings):
    """last_digit: what the digit after the six is, the count of decimal places (maker) or tenths (some clones).

    length: 12, or 11 for the variant that leaves that digit out; checksum then says whether the XOR is over the
    bytes sent, or still over the '0' left out.
    """

    last_digit: Literal["decimals", "tenths"] = "decimals"
    length: Literal[11, 12] = 12
    checksum: Literal["sent", "implied-zero"] = "implied-zero"


class Yaohua(FrameParser):
    """Continuous output (tF=0). Tells neither stability nor net: those are None."""

    max_length = 12

    def __init__(self, settings: YaohuaSettings) -> None:
        super().__init__()
        self._settings = settings
        self.max_length = settings.length
        last = "" if settings.length == 11 else "[0-9]" if settings.last_digit == "tenths" else "[0-4]"
        pattern = rf"\x02([+-])([0-9]{{6}})({last})([0-9A-F]{{2}})\x03"
        self._pattern = re.compile(pattern.encode())

    def _next_start(self, buffer: bytes, at: int) -> int:
        start = buffer.find(STX, at)
        return len(buffer) if start < 0 else start

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        frame = buffer[at : at + self.max_length]
        if len(frame) < self.max_length:
            return WAIT
        fields = self._pattern.fullmatch(frame)
        if fields is None or self._checksum(frame[1:-3]) != fields[4]:
            return BAD
        sign, digits, last = fields[1].decode(), fields[2].decode(), fields[3].decode()
        places = int(last or "0")
        if self._settings.last_digit == "tenths":
            digits, places = digits + (last or "0"), 1
        number = f"{sign}{digits}E-{places}"
        return Found(len(frame), Reading(to_kg(number, self._settings.unit), raw=frame))

    def _checksum(self, body: bytes) -> bytes:
        if self._settings.length == 11 and self._settings.checksum == "implied-zero":
            body += b"0"
        return b"%02X" % reduce(xor, body)


class YaohuaCommand(FrameParser):
    """Command mode (tF=1): gross, tare or net when asked for.

    Requests and hand-shakes seen on the line are valid and say nothing of weight.
    """

    max_length = 14
    _ANSWER = re.compile(rb"\x02([A-Z])([BCD])([+-])([0-9]{6})([0-4])([0-9A-F]{2})\x03")
    _SHORT = re.compile(rb"\x02([A-Z])([A-D])([0-9A-F]{2})\x03")

    def __init__(self, settings: "YaohuaCommandSettings") -> None:
        super().__init__()
        self._settings = settings
        ask = settings.address.encode() + {"gross": b"B", "net": b"D"}[settings.ask]
        self.poll = b"\x02" + ask + b"%02X" % reduce(xor, ask) + b"\x03"

    def _next_start(self, buffer: bytes, at: int) -> int:
        start = buffer.find(STX, at)
        return len(buffer) if start < 0 else start

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        short = self._SHORT.fullmatch(buffer, at, min(at + 6, len(buffer)))
        if short is not None and short[3] == b"%02X" % (short[1][0] ^ short[2][0]):
            return Found(6, None)
        frame = buffer[at : at + self.max_length]
        if len(frame) < self.max_length:
            return WAIT
        fields = self._ANSWER.fullmatch(frame)
        if fields is None or fields[6] != b"%02X" % reduce(xor, frame[1:-3]):
            return BAD
        if fields[1] != self._settings.address.encode():
            return Found(len(frame), None)
        kg = to_kg(f"{fields[3].decode()}{fields[4].decode()}E-{fields[5].decode()}", self._settings.unit)
        what = fields[2].decode()
        if what == "C":
            return Found(len(frame), Reading(None, status=what, tare_kg=kg, raw=frame))
        return Found(len(frame), Reading(kg, net=what == "D", status=what, raw=frame))


class YaohuaCommandSettings(UnitSettings):
    """address: the indicator's letter. ask: what a live line asks it for."""

    address: str = "A"
    ask: Literal["gross", "net"] = "gross"
