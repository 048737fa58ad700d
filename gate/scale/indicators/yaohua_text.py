"""Yaohua's text outputs: digits in reverse behind "=" (D2, D10 and others), and the A12's `wn000.000kg`."""

import re
from typing import Literal

from gate.scale.framing import BAD, WAIT, Found, FrameParser, Match
from gate.scale.patterns import FixedParser
from gate.scale.reading import Reading
from gate.scale.settings import Settings, UnitSettings
from gate.scale.units import to_kg

_MARK = re.compile(rb"=")
_DIGIT = re.compile(rb"[0-9]")
_DIGITS = re.compile(rb"[0-9]+(?:\.[0-9]+)?")
_A12 = re.compile(rb"w([wgnt])([+ -]?)([0-9]+(?:\.[0-9]+)?)(kg|lb)")
_T1 = re.compile(rb"=([+ -]?)([0-9]+(?:\.[0-9]+)?)\((kg|lb)\)")


class ReversedSettings(UnitSettings):
    """length: digits and point of one weight (7; 6 on the D2+). mark: whether "=" comes before or after them.

    order: "low-first" (maker) or "high-first", for indicators that send what they show.
    """

    length: Literal[6, 7] = 7
    mark: Literal["before", "after"] = "before"
    order: Literal["low-first", "high-first"] = "low-first"


class YaohuaReversed(FrameParser):
    """`=00.1000-` is −1.00: low digit first, sign last and only when negative.

    A frame without sign ends where the next begins. A byte that is neither is taken for a damaged sign, and refuses
    the frame, when a mark follows at once; else for a damaged mark, which takes nothing from the frame before it.
    """

    max_length = 9
    filler = b"\r\n "

    def __init__(self, settings: ReversedSettings) -> None:
        super().__init__()
        self._settings = settings
        self.max_length = settings.length + 2

    def _next_start(self, buffer: bytes, at: int) -> int:
        found = (_DIGIT if self._settings.mark == "after" else _MARK).search(buffer, at)
        return found.start() if found else len(buffer)

    def _refuse_start(self, refused: bytes) -> None:
        if self._settings.mark == "after":
            self._refuse(refused)
        else:
            super()._refuse_start(refused)

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        if self._settings.mark == "after":
            return self._match_after(buffer, at)
        end = at + 1 + self._settings.length
        digits, rest = buffer[at + 1 : end], buffer[end : end + 2]
        if len(digits) < self._settings.length:
            return WAIT
        if not _DIGITS.fullmatch(digits):
            return BAD
        if not rest:
            return self._found(buffer[at:end], digits) if final else WAIT
        if rest[:1] == b"-":
            return self._found(buffer[at : end + 1], digits, "-")
        if rest[:1] in b"0123456789.":
            return BAD
        if rest[:1] in b"=\r\n ":
            return self._found(buffer[at:end], digits)
        if len(rest) < 2 and not final:
            return WAIT
        return BAD if rest[1:] == b"=" else self._found(buffer[at:end], digits)

    def _match_after(self, buffer: bytes, at: int) -> Match:
        end = at + self._settings.length
        digits, rest = buffer[at:end], buffer[end : end + 2]
        if len(digits) < self._settings.length or not rest or rest == b"-":
            return WAIT
        if not _DIGITS.fullmatch(digits):
            return BAD
        if rest[:1] == b"=":
            return self._found(buffer[at : end + 1], digits)
        return self._found(buffer[at : end + 2], digits, "-") if rest == b"-=" else BAD

    def _found(self, raw: bytes, digits: bytes, sign: str = "") -> Found:
        text = digits.decode()
        number = sign + (text[::-1] if self._settings.order == "low-first" else text)
        return Found(len(raw), Reading(to_kg(number, self._settings.unit), raw=raw))


class TextSettings(Settings):
    """These formats carry all they need: no settings."""


class YaohuaA12(FixedParser):
    """`wn000.000kg`: w, then n for net, w or g for gross, t for tare, seven characters, unit; a line's end or none."""

    length = 11
    filler = b"\r\n"
    starts = re.compile(rb"w")

    def __init__(self, _: TextSettings) -> None:
        super().__init__()

    def _read(self, frame: bytes) -> Reading | None:
        fields = _A12.fullmatch(frame)
        if fields is None:
            return None
        kg = to_kg(fields[2].decode().strip() + fields[3].decode(), fields[4].decode())
        what = fields[1].decode()
        if what == "t":
            return Reading(None, status=what, tare_kg=kg, raw=frame)
        return Reading(kg, net=what == "n", status=what, raw=frame)


class YaohuaT1(FixedParser):
    """XK3118T1: `=00004.8(kg)`."""

    length = 12
    filler = b"\r\n"
    starts = re.compile(rb"=")

    def __init__(self, _: TextSettings) -> None:
        super().__init__()

    def _read(self, frame: bytes) -> Reading | None:
        fields = _T1.fullmatch(frame)
        if fields is None:
            return None
        return Reading(to_kg(fields[1].decode().strip() + fields[2].decode(), fields[3].decode()), raw=frame)
