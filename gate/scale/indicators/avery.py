"""Avery Weigh-Tronix continuous output: ` G +  48620 kg` and a line's end."""

import re

from gate.scale.patterns import ANY_END, NUMBER, LineParser, signed_kg
from gate.scale.reading import Reading
from gate.scale.settings import Settings

_LINE = re.compile(rb" ([GN]) ([+ -])((?=[ 0-9.]{6,8} )%b) (kg|t|g|lb)" % NUMBER)


class AverySettings(Settings):
    """Nothing to set."""


class Avery(LineParser):
    """Tells gross or net; neither stability nor overload."""

    max_length = 18
    filler = b"\r\n"
    starts = re.compile(rb" ")
    ends = ANY_END

    def __init__(self, _: AverySettings) -> None:
        super().__init__()

    def _read(self, line: bytes, raw: bytes) -> Reading | None:
        fields = _LINE.fullmatch(line)
        if fields is None:
            return None
        kg = signed_kg(fields[2], fields[3], fields[4])
        return Reading(kg, net=fields[1] == b"N", status=fields[1].decode(), raw=raw)
