"""Rinstrum automatic output. Source: R320 reference manual, "Auto weight format string", FMT_1 to FMT_3."""

import re
from typing import Literal

from gate.scale.patterns import NUMBER, FixedParser, signed_kg
from gate.scale.reading import Reading
from gate.scale.settings import UnitSettings

_NUMBER = re.compile(NUMBER)
_FORMAT_1 = re.compile(rb"\x02([ +-])(.{7})([GNUOME])\x03")
_FORMAT_2 = re.compile(rb"\x02([ +-])(.{7})([GNUOE])([M ])([Z ])([12-])( kg|  t| lb|  g|   )\x03")
_FORMAT_3 = re.compile(rb"\x02([ +-]|(?=[0-9]))(.{7,8})([GN])([MS])([IOU])([Z ])  \x03")


class RinstrumSettings(UnitSettings):
    """format: the indicator's setting FMT_1 (maker's default), FMT_2 or FMT_3. unit: where none is sent."""

    format: Literal[1, 2, 3] = 1


class Rinstrum(FixedParser):
    """Of an under range, overload or error frame the weight is passed on where it is a number."""

    starts = re.compile(rb"\x02")
    length = 11

    def __init__(self, settings: RinstrumSettings) -> None:
        self.length = {1: 11, 2: 17, 3: 16}[settings.format]
        super().__init__()
        self._settings = settings

    def _read(self, frame: bytes) -> Reading | None:
        if self._settings.format == 1:
            fields = _FORMAT_1.fullmatch(frame)
            return fields and self._reading(fields, fields[3].decode(), None, frame)
        if self._settings.format == 2:
            fields = _FORMAT_2.fullmatch(frame)
            return fields and self._reading(
                fields, fields[3].decode(), fields[4] == b"M", frame, unit=fields[7].strip()
            )
        fields = _FORMAT_3.fullmatch(frame)
        if fields is None:
            return None
        out = fields[5].decode().replace("I", "")
        return self._reading(fields, out or fields[3].decode(), fields[4] == b"M", frame, gross=fields[3] == b"G")

    def _reading(
        self,
        fields: re.Match[bytes],
        status: str,
        motion: bool | None,
        raw: bytes,
        *,
        unit: bytes = b"",
        gross: bool | None = None,
    ) -> Reading | None:
        """fields: sign and weight stand first. motion: None where the status letter says it."""
        fault = status in "UOE"
        number = _NUMBER.fullmatch(fields[2])
        if number is None and not fault:
            return None
        moving = None if fault else status == "M" if motion is None else motion
        if gross is None and status in "GN":
            gross = status == "G"
        return Reading(
            signed_kg(fields[1], fields[2], unit or self._settings.unit.encode()) if number else None,
            net=None if gross is None else not gross,
            stable=not fault and not moving,
            motion=moving,
            overload=None if status == "E" else status == "O",
            status=status,
            raw=raw,
        )
