"""Mettler-Toledo continuous output (IND, 8142 and others).

Frame: 02 · SWA · SWB · SWC · six weight · six tare · 0D · [checksum], 7E1 or 8N1. Source: IND560 technical manual.
"""

import re
from dataclasses import dataclass
from typing import Literal

from gate.scale.framing import BAD, WAIT, Found, FrameParser, Match
from gate.scale.reading import Reading
from gate.scale.settings import Settings
from gate.scale.units import to_kg

_START = re.compile(rb"[\x02\x82]")
_FRAME = re.compile(rb"\x02([\x20-\x3f])([\x20-\x3f\x60-\x7f])([\x20-\x3f\x60-\x7f])([ 0-9]{6})( *[0-9]+)\r", re.DOTALL)
_DIGITS = re.compile(rb" *[0-9]+")
_UNITS = {1: "g", 2: "t", 3: "oz", 6: "ton"}  # SWC bits 0 to 2; 0 leaves it to SWB bit 4
_BODY = 17
_PROVEN = 3  # frames of one kind after which "auto" takes no other


class ToledoSettings(Settings):
    """checksum: True, False, or "auto".

    "auto" takes the byte after 0D as a checksum where it is the right one, and a frame as having none where the next
    frame's 02 follows; any other byte refuses the frame. After three frames of one kind the line is of that kind.
    parity: what bit 7 holds where it is set, the same in all bytes of a frame: "even" (7E1 read as 8N1), "odd", "mark".
    """

    checksum: bool | Literal["auto"] = "auto"
    parity: Literal["any", "even", "odd", "mark"] = "any"


@dataclass(frozen=True, slots=True)
class _End:
    """frame_bytes: of the frame. taken_bytes: to go on behind; fewer where the last may be the next frame's first."""

    frame_bytes: int
    taken_bytes: int


class Toledo(FrameParser):
    """Continuous output, standard form. The weight of a frame with SWC's expand bit set is not told: kg is None."""

    max_length = 18

    def __init__(self, settings: ToledoSettings) -> None:
        super().__init__()
        self._settings = settings
        self._checked = 0  # frames with a good checksum
        self._bare = 0  # frames without one, the next frame's start behind them

    def _next_start(self, buffer: bytes, at: int) -> int:
        found = _START.search(buffer, at)
        return found.start() if found else len(buffer)

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        raw = buffer[at : at + _BODY]
        if len(raw) < _BODY:
            return WAIT
        frame = self._without_parity(raw)
        fields = _FRAME.fullmatch(frame) if frame is not None else None
        if fields is None or frame is None:
            return BAD
        end = self._end(buffer, at, final=final)
        if not isinstance(end, _End):
            return end
        reading = _reading(fields, buffer[at : at + end.frame_bytes])
        return BAD if reading is None else Found(end.taken_bytes, reading)

    def _end(self, buffer: bytes, at: int, *, final: bool) -> "_End | Match":
        """Where a frame ends whose first 17 bytes are good, or what else is to be said of it."""
        mode, bare = self._settings.checksum, _End(_BODY, _BODY)
        if mode is False or (mode == "auto" and self._checked == 0 and self._bare >= _PROVEN):
            return bare
        bare_is_good = mode == "auto" and self._checked < _PROVEN
        rest = buffer[at + _BODY : at + _BODY + 1]
        if not rest:
            return bare if final and bare_is_good else WAIT
        starts_next = rest[0] == buffer[at]
        checked = self._checksum_is_good(buffer[at : at + _BODY + 1])
        if checked and starts_next:  # a checksum of 02, or was it lost and the next frame begins here?
            next_begins = self._intact_frame(buffer[at + _BODY : at + 2 * _BODY + 1], final=final)
            if next_begins is None:
                return WAIT
            if next_begins:  # both frames are whole: the byte belongs to either
                return _End(_BODY + 1, _BODY)
        if checked:
            self._checked += 1
            return _End(_BODY + 1, _BODY + 1)
        if bare_is_good and starts_next:
            self._bare += 1
            return bare
        return BAD

    def _intact_frame(self, raw: bytes, *, final: bool) -> bool | None:
        """Whether a frame, with a checksum or with another start behind it, stands here; None: too few bytes to say."""
        if len(raw) > 1 and raw[1] == raw[0]:
            return False
        if len(raw) < _BODY + 1:
            frame = self._without_parity(raw[:_BODY])
            return None if not final else bool(frame and _FRAME.fullmatch(frame))
        frame = self._without_parity(raw[:_BODY])
        if frame is None or not _FRAME.fullmatch(frame):
            return False
        return self._checksum_is_good(raw) or raw[_BODY] == raw[0]

    def _checksum_is_good(self, raw: bytes) -> bool:
        low = self._without_parity(raw)
        return low is not None and sum(low) & 0x7F == 0

    def _without_parity(self, raw: bytes) -> bytes | None:
        """The seven-bit bytes; None where bit 7 is set and is not one parity throughout, of the kind set."""
        if raw.isascii():
            return raw
        kinds = {("even", "odd")[b.bit_count() % 2] for b in raw}
        held = kinds if len(kinds) == 1 else set()
        if all(b & 0x80 for b in raw):
            held = held | {"mark"}
        return bytes(b & 0x7F for b in raw) if held and self._settings.parity in ("any", *held) else None


def _reading(fields: re.Match[bytes], raw: bytes) -> Reading | None:
    """The reading of a frame whose form is good; None where its status words contradict themselves."""
    a, b, c = fields[1][0], fields[2][0], fields[3][0]
    point = a & 7
    if point == 7 or not a >> 3 & 3:
        return None
    out_of_range = bool(b & 4)
    if not _DIGITS.fullmatch(fields[4]) and not (out_of_range and not fields[4].strip()):
        return None
    unit = _UNITS.get(c & 7) if c & 7 else "kg" if b & 0x10 else "lb"
    known = unit is not None and not c & 0x10
    weight = f"{'-' if b & 2 else ''}{fields[4].decode().strip()}E{2 - point}"
    tare = f"{fields[5].decode().strip()}E{2 - point}"
    return Reading(
        to_kg(weight, unit) if known and unit and fields[4].strip() else None,
        net=bool(b & 1),
        stable=not b & 8,
        motion=bool(b & 8),
        overload=out_of_range,
        status=f"{a:02X}{b:02X}{c:02X}",
        tare_kg=to_kg(tare, unit) if known and unit else None,
        raw=raw,
    )
