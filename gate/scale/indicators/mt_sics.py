"""MT-SICS, asked and answered. Source: Mettler-Toledo MT-SICS reference manual, levels 0 and 1."""

import re
from typing import Literal

from gate.scale.patterns import LineParser
from gate.scale.reading import Reading
from gate.scale.settings import Settings
from gate.scale.units import to_kg

_WEIGHT = re.compile(rb"(S) ([SD]) {1,13}(-?[0-9]+(?:\.[0-9]+)?) (kg|g|mg|t|lb|oz)")
_TARE = re.compile(rb"(TA?) ([ASD]) {1,13}(-?[0-9]+(?:\.[0-9]+)?) (kg|g|mg|t|lb|oz)")
_STATE = re.compile(
    rb'(S) ([I+-])|(T|TI|TA|TAC|Z|ZI|@|I[0-9]{1,2}) ([SDIABL+-])(?: [0-9])?(?: "[^"]{0,24}")?|(ES|ET|EL)'
)


class MtSicsSettings(Settings):
    """ask: the command a live line repeats; "" where the indicator was told to send by itself."""

    ask: Literal["SI", "S", ""] = "SI"


class MtSics(LineParser):
    """Weights (`S S`, `S D`), states (`S I` busy, `S +` over, `S -` under), tares, and answers that weigh nothing."""

    max_length = 40
    starts = re.compile(rb"[STZEI@]")

    def __init__(self, settings: MtSicsSettings) -> None:
        super().__init__()
        self.poll = settings.ask.encode() + b"\r\n" if settings.ask else b""

    def _read(self, line: bytes, raw: bytes) -> Reading | None:
        weight = _WEIGHT.fullmatch(line)
        if weight:
            stable, kg = weight[2] == b"S", to_kg(weight[3].decode(), weight[4].decode())
            return Reading(kg, None, stable, not stable, overload=False, status=weight[2].decode(), raw=raw)
        tare = _TARE.fullmatch(line)
        if tare:
            kg = to_kg(tare[3].decode(), tare[4].decode())
            return Reading(None, status=f"{tare[1].decode()} {tare[2].decode()}", tare_kg=kg, raw=raw)
        state = _STATE.fullmatch(line)
        if state is None:
            return None
        if state[1] is None:
            return Reading(None, status=line.decode("ascii", "replace"), raw=raw)
        if state[2] == b"I":
            return Reading(None, status="I", raw=raw)
        return Reading(None, stable=False, overload=state[2] == b"+", status=state[2].decode(), raw=raw)
