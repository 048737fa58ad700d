"""Dingsong DS822, C frame, 17 bytes.

02 · address · "c" · five digits, a space behind each · two status bytes · check · 03.
Known from one field frame, which reads 8. The rule of the check byte is not known, so it is not tested.
"""

import re

from gate.scale.patterns import FixedParser
from gate.scale.reading import Reading
from gate.scale.settings import UnitSettings
from gate.scale.units import to_kg

_FRAME = re.compile(rb"\x02[A-Z]c((?:[0-9] ){5})([0-?]{2})([\x20-\x7f])\x03")


class DingsongSettings(UnitSettings):
    """unit: the frame names none."""


class Dingsong(FixedParser):
    """Tells the weight alone; what the status bytes mean is not known."""

    length = 17
    starts = re.compile(rb"\x02")

    def __init__(self, settings: DingsongSettings) -> None:
        super().__init__()
        self._settings = settings

    def _read(self, frame: bytes) -> Reading | None:
        fields = _FRAME.fullmatch(frame)
        if fields is None:
            return None
        kg = to_kg(fields[1].replace(b" ", b"").decode(), self._settings.unit)
        return Reading(kg, status=fields[2].decode(), raw=frame)
