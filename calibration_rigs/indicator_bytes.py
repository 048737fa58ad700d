"""What an indicator sends, in every format the gate reads: written from the makers' manuals, apart from the parsers.

Indicators that speak by themselves send ten frames a second; others answer when asked; Modbus transmitters hold the
weight in registers.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial, reduce
from operator import xor
from typing import Any

from gate.scale.indicators.modbus import ModbusSettings
from gate.scale.indicators.registry import find_format, indicator
from gate.scale.settings import read_settings
from gate.scale.units import KG_PER
from gate.site.devices import Scale

MOST_PLACES = 4
_FORMS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}


@dataclass(frozen=True, slots=True)
class Number:
    """A weight as digits: counts of 10 to the minus places."""

    counts: int
    places: int

    @property
    def sign(self) -> str:
        return "-" if self.counts < 0 else "+"

    def text(self, width: int = 0, *, signed: bool = True) -> str:
        """With its point, zeros in front up to `width`; the sign, where there is one, takes a place of them."""
        digits = f"{abs(self.counts):0{self.places + 1}d}"
        whole = digits[: len(digits) - self.places] + ("." + digits[-self.places :] if self.places else "")
        sign = "-" if signed and self.counts < 0 else ""
        return sign + whole.rjust(width - len(sign), "0")


@dataclass(frozen=True, slots=True)
class Speech:
    """How an indicator tells its weight.

    frame: bytes for kg and whether they are stable, empty where the format cannot tell so much. asked: what asks for
    a frame, empty where it sends by itself. registers: the map of a Modbus transmitter.
    """

    frame: Callable[[float, bool], bytes]
    asked: bytes = b""
    registers: ModbusSettings | None = None


def speech_of(scale: Scale) -> Speech:
    """The speech of the indicator a site file names. Raises ScaleError for one the gate does not know."""
    found = find_format(scale.indicator)
    settings = read_settings(found.settings, found.name, scale.settings)
    unit = getattr(settings, "unit", "kg")
    tell = partial(_TELL[found.name], settings)

    def frame(kg: float, stable: bool) -> bytes:
        return tell(_number(kg, scale.e_kg, unit), stable)

    asked = indicator(scale.indicator, scale.settings).poll
    return Speech(frame, asked, settings if isinstance(settings, ModbusSettings) else None)


def _number(kg: float, e_kg: float, unit: str) -> Number:
    """In a unit, with as many places as the scale's division has there."""
    step = (Decimal(repr(e_kg)) / KG_PER[unit]).normalize()
    exponent = step.as_tuple().exponent
    places = min(max(0, -exponent if isinstance(exponent, int) else 0), MOST_PLACES)
    return Number(int((Decimal(repr(kg)) / KG_PER[unit]).scaleb(places).to_integral_value()), places)


def _checked(body: bytes) -> bytes:
    """Between 02 and 03, with the XOR of the body in two characters."""
    return b"\x02" + body + b"%02X" % reduce(xor, body) + b"\x03"


def _yaohua(settings: Any, number: Number, stable: bool) -> bytes:
    counts, places = abs(number.counts), number.places
    if settings.last_digit == "tenths":
        tenths = counts * 10 if places == 0 else counts
        return _checked(f"{number.sign}{tenths:07d}".encode()) if places < 2 and tenths <= 9_999_999 else b""
    if counts > 999_999 or (settings.length == 11 and places):
        return b""
    body = f"{number.sign}{counts:06d}{places}".encode()
    if settings.length == 12:
        return _checked(body)
    summed = body if settings.checksum == "implied-zero" else body[:-1]
    return b"\x02" + body[:-1] + b"%02X" % reduce(xor, summed) + b"\x03"


def _yaohua_command(settings: Any, number: Number, stable: bool) -> bytes:
    what = {"gross": "B", "net": "D"}[settings.ask]
    body = f"{settings.address}{what}{number.sign}{abs(number.counts):06d}{number.places}".encode()
    return _checked(body) if abs(number.counts) <= 999_999 else b""


def _yaohua_reversed(settings: Any, number: Number, stable: bool) -> bytes:
    text = number.text(settings.length, signed=False)
    if len(text) > settings.length:
        return b""
    digits = (text[::-1] if settings.order == "low-first" else text) + ("-" if number.counts < 0 else "")
    return f"={digits}".encode() if settings.mark == "before" else f"{digits}=".encode()


def _a12(settings: Any, number: Number, stable: bool) -> bytes:
    return _fitting(number.text(7), 7, "wg{}kg\r\n")


def _t1(settings: Any, number: Number, stable: bool) -> bytes:
    return _fitting(number.text(7), 7, "={}(kg)\r\n")


def _fitting(text: str, width: int, form: str) -> bytes:
    return form.format(text).encode() if len(text) == width else b""


def _toledo(settings: Any, number: Number, stable: bool) -> bytes:
    """Status words as the maker counts them: A the point and the division, B sign, motion and kg, C nothing more."""
    if abs(number.counts) > 999_999:
        return b""
    a = 0x20 | 2 << 3 | (2 + number.places)
    b = 0x30 | 2 * (number.counts < 0) | 8 * (not stable)
    frame = b"\x02" + bytes([a, b, 0x20]) + b"%6d%6d\r" % (abs(number.counts), 0)
    if settings.checksum is not False:
        frame += bytes([-sum(frame) & 0x7F])
    return bytes(byte | 0x80 * _mark(byte, settings.parity) for byte in frame)


def _mark(byte: int, parity: str) -> int:
    """Bit 7 of a seven-bit byte; nothing where no parity is sent."""
    odd = byte.bit_count() % 2
    return {"even": odd, "odd": 1 - odd, "mark": 1}.get(parity, 0)


def _sics(settings: Any, number: Number, stable: bool) -> bytes:
    if settings.ask == "S" and not stable:
        return b"S I\r\n"
    return f"S {'S' if stable else 'D'} {number.text():>10} kg\r\n".encode()


def _state(stable: bool) -> str:
    return "ST" if stable else "US"


def _cas(settings: Any, number: Number, stable: bool) -> bytes:
    text = number.text()
    lamps = b"\xe0" if stable else b"\xa0"
    return f"{_state(stable)},GS,0".encode() + lamps + f",{text:>8} kg\r\n".encode() if len(text) <= 8 else b""


def _and(settings: Any, number: Number, stable: bool) -> bytes:
    text = number.text(7, signed=False)
    return _fitting(text, 7, f"{_state(stable)},GS,{number.sign}{{}}kg\r\n")


def _dini(settings: Any, number: Number, stable: bool) -> bytes:
    return _fitting(f"{number.text():>8}", 8, f"{_state(stable)},GS,{{}},kg\r\n")


def _avery(settings: Any, number: Number, stable: bool) -> bytes:
    return _fitting(f"{number.text(signed=False):>7}", 7, f" G {number.sign}{{}} kg\r\n")


def _rinstrum(settings: Any, number: Number, stable: bool) -> bytes:
    text, sign = f"{number.text(signed=False):>7}", "-" if number.counts < 0 else " "
    zero = "Z" if number.counts == 0 else " "
    forms = {
        1: f"{sign}{{}}{'G' if stable else 'M'}",
        2: f"{sign}{{}}G{' ' if stable else 'M'}{zero}-{settings.unit:>3}",
        3: f"{sign}{{}}G{'S' if stable else 'M'}I{zero}  ",
    }
    return _fitting(text, 7, f"\x02{forms[settings.format]}\x03")


def _dingsong(settings: Any, number: Number, stable: bool) -> bytes:
    """Five digits without sign or point; the status and check bytes of the one frame that is known."""
    if number.places or not 0 <= number.counts <= 99_999:
        return b""
    return b"\x02Ac" + b"".join(b"%c " % digit for digit in b"%05d" % number.counts) + b"<0t\x03"


def _text(settings: Any, number: Number, stable: bool) -> bytes:
    return f"{_state(stable)},GS,{number.sign}{number.text(signed=False):>7}kg\r\n".encode()


def _modbus(settings: ModbusSettings, number: Number, stable: bool) -> bytes:
    """The answer to the gate's read of the registers: an RTU frame, or one in TCP's envelope."""
    registers = registers_of(settings, number, stable)
    if not registers:
        return b""
    body = bytes([settings.unit_id, settings.function, len(registers)]) + registers
    if settings.framing == "tcp":
        return struct.pack(">HHH", 1, 0, len(body)) + body
    return body + _crc(body)


def registers_of(settings: ModbusSettings, number: Number, stable: bool) -> bytes:
    """The registers one read asks for, high byte first; empty where the type cannot hold the weight."""
    value = Decimal(number.counts).scaleb(settings.decimals - number.places)
    try:
        data = struct.pack(_FORMS[settings.type], float(value) if settings.type == "float32" else int(value))
    except (struct.error, OverflowError):
        return b""
    if settings.words == "low-first":
        data = b"".join(data[i : i + 2] for i in range(len(data) - 2, -1, -2))
    block = bytearray(data.ljust(2 * settings.count, b"\0"))
    if settings.stable_register is not None and stable:
        at = 2 * (settings.stable_register - settings.register_)
        said = int.from_bytes(block[at : at + 2], "big") | 1 << settings.stable_bit
        block[at : at + 2] = said.to_bytes(2, "big")
    return bytes(block)


def _crc(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


_TELL: dict[str, Callable[[Any, Number, bool], bytes]] = {
    "yaohua": _yaohua,
    "yaohua-command": _yaohua_command,
    "yaohua-reversed": _yaohua_reversed,
    "yaohua-a12": _a12,
    "yaohua-t1": _t1,
    "toledo": _toledo,
    "mt-sics": _sics,
    "cas": _cas,
    "and": _and,
    "dini-argeo": _dini,
    "avery": _avery,
    "rinstrum": _rinstrum,
    "modbus": _modbus,
    "modbus-tcp": _modbus,
    "dingsong": _dingsong,
    "ascii": _text,
}
