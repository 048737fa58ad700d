"""Modbus transmitters: answers to a read of holding or input registers, as RTU frames or in TCP's envelope.

Default map: CAS CI-600D, gross int32 in holding registers 40008 and 40009. Source: Modbus application protocol 1.1b3.
"""

import math
import struct
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from gate.scale.framing import BAD, WAIT, Found, FrameParser, Match
from gate.scale.reading import Reading
from gate.scale.settings import UnitSettings
from gate.scale.units import to_kg

_FORMS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}
_LARGEST = 1e9  # more is no weight, in any unit
_ERRORS = range(1, 12)  # exception codes there are
_FLOAT_DIGITS = 7  # a float32 carries no more


class ModbusSettings(UnitSettings):
    """unit_id: the transmitter's address. register: first register, from 0 (40008 is 7). table: holding is function 3.

    type and words: how the registers hold the number. decimals: places the number is to be shifted right.
    net: what the register holds, None where not known. framing: "rtu" or "tcp".
    stable_register, stable_bit: where the transmitter says "stable", if it does; within 16 registers after the first.
    """

    unit_id: int = Field(default=1, ge=0, le=247)
    register_: int = Field(default=7, ge=0, le=65535, alias="register")
    table: Literal["holding", "input"] = "holding"
    type: Literal["int16", "uint16", "int32", "uint32", "float32"] = "int32"
    words: Literal["high-first", "low-first"] = "high-first"
    decimals: int = Field(default=0, ge=-3, le=6)
    net: bool | None = False
    framing: Literal["rtu", "tcp"] = "rtu"
    stable_register: int | None = Field(default=None, ge=0, le=65535)
    stable_bit: int = Field(default=0, ge=0, le=15)

    @model_validator(mode="after")
    def _near(self) -> Self:
        if self.stable_register is not None and not 0 <= self.stable_register - self.register_ < 16:
            raise ValueError("stable_register must lie within 16 registers after 'register'")
        return self

    @property
    def count(self) -> int:
        """Registers one read asks for."""
        weight = struct.calcsize(_FORMS[self.type]) // 2
        return weight if self.stable_register is None else max(weight, self.stable_register - self.register_ + 1)

    @property
    def function(self) -> int:
        """Modbus function code of the read."""
        return 3 if self.table == "holding" else 4


class ModbusTcpSettings(ModbusSettings):
    """The same map in Modbus TCP's envelope."""

    framing: Literal["rtu", "tcp"] = "tcp"


def crc16(data: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first as it is sent."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


class Modbus(FrameParser):
    """Requests seen on the line, and answers of other units, are valid and say nothing of weight."""

    def __init__(self, settings: ModbusSettings) -> None:
        super().__init__()
        self._settings = settings
        ask = struct.pack(">BBHH", settings.unit_id, settings.function, settings.register_, settings.count)
        self._tcp = settings.framing == "tcp"
        self.poll = struct.pack(">HHH", 1, 0, len(ask)) + ask if self._tcp else ask + crc16(ask)
        self._lengths = (3, 3 + 2 * settings.count, 6)  # of an exception, an answer and a request, from the unit on
        self._around = 6 if self._tcp else 2  # bytes of the envelope
        self.max_length = max(self._lengths) + self._around

    def _next_start(self, buffer: bytes, at: int) -> int:
        return at

    def _refuse_start(self, refused: bytes) -> None:
        self._refuse(refused)

    def _match(self, buffer: bytes, at: int, *, final: bool) -> Match:
        unit_at = at + 6 if self._tcp else at
        head = buffer[unit_at : unit_at + 3]
        if len(head) > 1 and head[1] & 0x7F != self._settings.function:
            return BAD
        if self._tcp and any(buffer[at + 2 : at + 5]):  # protocol 0, and a length under 256
            return BAD
        if len(head) < 3:
            return WAIT
        for length in self._possible(head):
            body = buffer[unit_at : unit_at + length]
            raw = buffer[at : at + length + self._around]
            if len(raw) < length + self._around:
                return WAIT
            intact = raw[5] == length if self._tcp else raw[-2:] == crc16(body)
            found = self._body(body, raw) if intact else BAD
            if isinstance(found, Found):
                return self._end(found, buffer[at + found.length - 1 :], final=final)
        return BAD

    def _end(self, found: Found, following: bytes, *, final: bool) -> Match:
        """The frame, less its last byte where that is at once the first of an intact answer: one of two was lost."""
        if self._tcp or following[0] != self._settings.unit_id:
            return found
        head = bytes([self._settings.unit_id, self._settings.function, self._lengths[1] - 3])
        if not head.startswith(following[:3]):
            return found
        answer = following[: self._lengths[1] + 2]
        if len(answer) < self._lengths[1] + 2:
            return found if final else WAIT
        return Found(found.length - 1, found.reading) if answer[-2:] == crc16(answer[:-2]) else found

    def _possible(self, head: bytes) -> tuple[int, ...]:
        """Lengths of what may begin so. An answer goes first: one whose CRC ends in 00 may look like a request too."""
        exception, answer, request = self._lengths
        if head[1] & 0x80:
            return (exception,)
        return (answer, request) if head[2] == answer - 3 else (request,)

    def _body(self, body: bytes, raw: bytes) -> Match:
        """What an intact frame says, BAD where its fields contradict its length."""
        settings = self._settings
        ours = body[0] == settings.unit_id
        if body[1] & 0x80:
            told = Reading(None, status=f"exception {body[2]}", raw=raw) if ours else None
            return Found(len(raw), told) if len(body) == 3 and body[2] in _ERRORS else BAD
        if len(body) == self._lengths[1]:
            return Found(len(raw), self._reading(body[3:], raw) if ours else None)
        count = int.from_bytes(body[4:6], "big")
        return Found(len(raw), None) if len(body) == 6 and 1 <= count <= 125 else BAD

    def _reading(self, registers: bytes, raw: bytes) -> Reading:
        settings = self._settings
        form = _FORMS[settings.type]
        data = registers[: struct.calcsize(form)]
        if settings.words == "low-first":
            data = b"".join(data[i : i + 2] for i in range(len(data) - 2, -1, -2))
        value: float = struct.unpack(form, data)[0]
        stable = None
        if settings.stable_register is not None:
            offset = 2 * (settings.stable_register - settings.register_)
            stable = bool(int.from_bytes(registers[offset : offset + 2], "big") >> settings.stable_bit & 1)
        motion = None if stable is None else not stable
        if not math.isfinite(value) or abs(value) > _LARGEST:
            return Reading(None, settings.net, stable, motion, status="no number", raw=raw)
        text = f"{value:.{_FLOAT_DIGITS}g}" if isinstance(value, float) else str(value)
        kg = to_kg(str(Decimal(text).scaleb(-settings.decimals)), settings.unit)
        return Reading(kg, settings.net, stable, motion, raw=raw)
