"""Encoders and checkers written from the makers' manuals, apart from the parsers: what tests feed and judge with."""

import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Any


@dataclass(frozen=True)
class Wire:
    """A format under test: `make` gives a random valid frame and the kg it says; `valid` judges a frame."""

    name: str
    make: Callable[[random.Random], tuple[bytes, float | None]]
    valid: Callable[[bytes], bool]
    settings: dict[str, Any] = field(default_factory=dict)
    between: bytes = b""

    def __str__(self) -> str:
        return self.name + "".join(f" {k}={v}" for k, v in self.settings.items())


def kg_of(counts: int, places: int) -> float:
    return float(f"{counts}e-{places}") + 0.0


def halves(check: int) -> bytes:
    return bytes(h + 0x30 if h <= 9 else h + 0x37 for h in (check >> 4, check & 15))


def yaohua(counts: int, places: int = 0) -> bytes:
    """XK3190 continuous frame of `counts` with `places` decimal places."""
    body = b"%c%06d%d" % (b"-" if counts < 0 else b"+", abs(counts), places)
    return b"\x02" + body + halves(reduce(xor, body)) + b"\x03"


def _yaohua(rng: random.Random) -> tuple[bytes, float | None]:
    counts, places = rng.randint(-999_999, 999_999), rng.randint(0, 4)
    return yaohua(counts, places), kg_of(counts, places)


def _yaohua_valid(raw: bytes) -> bool:
    return bool(re.fullmatch(rb"\x02[+-]\d{6}[0-4]..\x03", raw, re.S)) and raw[9:11] == halves(reduce(xor, raw[1:9]))


def _tenths(rng: random.Random) -> tuple[bytes, float | None]:
    tenths = rng.randint(0, 9_999_999)
    body = b"+%07d" % tenths
    return b"\x02" + body + halves(reduce(xor, body)) + b"\x03", tenths / 10


def _tenths_valid(raw: bytes) -> bool:
    return bool(re.fullmatch(rb"\x02[+-]\d{7}..\x03", raw, re.S)) and raw[9:11] == halves(reduce(xor, raw[1:9]))


def _command(rng: random.Random) -> tuple[bytes, float | None]:
    counts, places = rng.randint(0, 999_999), rng.randint(0, 4)
    body = b"A%c+%06d%d" % (rng.choice(b"BD"), counts, places)
    return b"\x02" + body + halves(reduce(xor, body)) + b"\x03", kg_of(counts, places)


def _command_valid(raw: bytes) -> bool:
    return bool(re.fullmatch(rb"\x02A[BCD][+-]\d{6}[0-4]..\x03", raw, re.S)) and raw[11:13] == halves(
        reduce(xor, raw[1:11])
    )


def toledo(
    counts: int, tare: int = 0, *, swa: int = 0x32, swb: int = 0x30, parity: bool = False, check: bool = True
) -> bytes:
    """Continuous frame, SWC 20; swb bit 1 is set for a negative weight."""
    body = b"\x02" + bytes([swa, swb | 2 * (counts < 0), 0x20]) + b"%6d%6d\r" % (abs(counts), tare)
    frame = body + (bytes([-sum(body) & 0x7F]) if check else b"")
    return bytes(b | 0x80 if b.bit_count() % 2 else b for b in frame) if parity else frame


def _toledo(parity: bool, check: bool) -> Callable[[random.Random], tuple[bytes, float | None]]:
    def make(rng: random.Random) -> tuple[bytes, float | None]:
        counts, point = rng.randint(-99_999, 999_999), rng.randint(0, 6)
        swa, swb = 0x20 | rng.randint(1, 3) << 3 | point, 0x30 | rng.choice([0, 1, 4, 8])
        frame = toledo(counts, rng.randint(0, 999_999), swa=swa, swb=swb, parity=parity, check=check)
        return frame, float(f"{counts}e{2 - point}") + 0.0

    return make


def _toledo_valid(parity: bool, check: bool) -> Callable[[bytes], bool]:
    def valid(raw: bytes) -> bool:
        if any(b & 0x80 for b in raw) and any(b.bit_count() % 2 for b in raw):
            return False
        low = bytes(b & 0x7F for b in raw)
        form = re.fullmatch(rb"\x02([ -?])([ -?`-\x7f])([ -?`-\x7f])([ \d]{6})( *\d+)\r(.?)", low, re.S)
        if form is None or len(raw) != 17 + check or low[0] != 2 or (low[1] & 7) == 7 or not low[1] & 0x18:
            return False
        weight = (form[4].strip() == b"" and low[2] & 4) or re.fullmatch(rb" *\d+", form[4])
        return bool(weight) and len(form[5]) == 6 and (not check or sum(low) & 0x7F == 0)

    return valid


def _sics(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    return rng.choice([b"S S %7d kg\r\n", b"S D %9d.0 kg\r\n", b"S S %10d kg\r\n"]) % kg, float(kg)


def _sics_valid(raw: bytes) -> bool:
    number = rb"S [SD] {1,13}-?\d+(\.\d+)? (kg|g|mg|t|lb|oz)|T[A]? [ASD] {1,13}-?\d+(\.\d+)? (kg|g|mg|t|lb|oz)"
    other = rb'S [I+-]|(T|TI|TA|TAC|Z|ZI|@|I\d{1,2}) [SDIABL+-]( \d)?( "[^"]*")?|ES|ET|EL'
    return bool(re.fullmatch(rb"(%b|%b)\r\n" % (number, other), raw, re.S))


def _cas(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    head = rng.choice([b"ST", b"US"]) + b"," + rng.choice([b"GS", b"NT"])
    lamps = 0xA0 | rng.choice([0x40, 0x44, 0x00])
    return b"%b,%c%c,%8d kg\r\n" % (head, rng.randint(0x30, 0x39), lamps, kg), float(kg)


_COMMA_NUMBER = rb" *[+-]? *\d+(\.\d*)?"


def _comma_valid(pattern: bytes) -> Callable[[bytes], bool]:
    def valid(raw: bytes) -> bool:
        form = re.fullmatch(pattern, raw, re.S)
        if form is None:
            return False
        weight = form["w"] if form["w"] is not None else form["v"].removesuffix(b" ")
        blank = raw.lstrip(b"0123456789")[:2] in (b"OL", b"UL") and not weight.strip(b"+-_^ ")
        return blank or bool(re.fullmatch(_COMMA_NUMBER, weight))

    return valid


_CAS_MIDDLE = rb"([^\r\n,][^\x00-\x1f\x40-\x5f\x80-\x9f\xc0-\xdf],(?P<w>.{8}) |(?P<v>.{12}))"
_CAS_VALID = rb"(ST|US|OL),(GS|NT),%b(kg| t|t | g|g |lb)\r\n" % _CAS_MIDDLE
_AND_VALID = rb"(ST|US|OL),(GS|NT),(?P<w>[+ -].{7})(?P<v>)(kg| t|t | g|g |lb)\r\n"
_DINI_VALID = rb"(\d\d)?(ST|US|OL|UL),(GS|NT),(?P<w>.{8})(?P<v>),(kg| t|t | g|g |lb|t|g)[\r\n]?"


def _and(rng: random.Random) -> tuple[bytes, float | None]:
    cents = rng.randint(-999_999, 999_999)
    sign = b"-" if cents < 0 else b"+"
    frame = b"ST,GS,%b%04d.%02dkg\r\n" % (sign, abs(cents) // 100, abs(cents) % 100)
    return frame, kg_of(cents, 2)


def _dini(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    return rng.choice([b"", b"01"]) + rng.choice([b"ST", b"US"]) + b",GS,%8d,kg" % kg, float(kg)


def _avery(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    return b" %c %c%7d kg" % (rng.choice(b"GN"), b"-" if kg < 0 else b"+", abs(kg)), float(kg)


def _avery_valid(raw: bytes) -> bool:
    form = re.fullmatch(rb" [GN] [+ -]([ \d.]{6,8}) (kg|t|g|lb)[\r\n]?", raw)
    return form is not None and bool(re.fullmatch(rb" *\d+(\.\d*)?", form[1]))


def _rinstrum(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    return b"\x02%c%7d%c\x03" % (b"-" if kg < 0 else b" ", abs(kg), rng.choice(b"GNM")), float(kg)


def _rinstrum_valid(raw: bytes) -> bool:
    form = re.fullmatch(rb"\x02[ +-](.{7})([GNUOME])\x03", raw, re.S)
    return form is not None and (form[2] in b"UOE" or bool(re.fullmatch(rb" *\d+(\.\d*)?", form[1])))


def _rinstrum_2(rng: random.Random) -> tuple[bytes, float | None]:
    kg, moving = rng.randint(0, 120_000), rng.random() < 0.5
    state, unit = (b"M", b"   ") if moving else (b" ", b" kg")
    return b"\x02 %7dG%b%c-%b\x03" % (kg, state, rng.choice(b"Z "), unit), float(kg)


def _rinstrum_2_valid(raw: bytes) -> bool:
    form = re.fullmatch(rb"\x02[ +-](.{7})([GNUOE])[M ][Z ][12-]( kg|  t| lb|  g|   )\x03", raw, re.S)
    return form is not None and (form[2] in b"UOE" or bool(re.fullmatch(rb" *\d+(\.\d*)?", form[1])))


def _rinstrum_3(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(0, 120_000)
    return b"\x02%08dG%cI%c  \x03" % (kg, rng.choice(b"MS"), rng.choice(b"Z ")), float(kg)


def _rinstrum_3_valid(raw: bytes) -> bool:
    form = re.fullmatch(rb"\x02(.{8})[GN][MS]([IOU])[Z ]  \x03", raw, re.S)
    return form is not None and (form[2] in b"OU" or bool(re.fullmatch(rb"[+-]? *\d+(\.\d*)?", form[1])))


def _crc(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


def _modbus(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    body = b"\x01\x03\x04" + struct.pack(">i", kg)
    return body + _crc(body), float(kg)


def _modbus_valid(raw: bytes) -> bool:
    return raw[1:2] in (b"\x03", b"\x83") and _crc(raw[:-2]) == raw[-2:]


def _modbus_tcp(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(-5_000, 120_000)
    return struct.pack(">HHHBBBf", rng.randrange(65536), 0, 7, 1, 3, 4, kg), float(kg)


def _modbus_tcp_valid(raw: bytes) -> bool:
    return raw[2:4] == b"\0\0" and int.from_bytes(raw[4:6], "big") == len(raw) - 6 and raw[7] in (3, 0x83)


def _reversed(rng: random.Random) -> tuple[bytes, float | None]:
    counts, places = rng.randint(-99_999, 99_999), rng.randint(0, 3)
    text = f"{abs(counts):07d}" if places == 0 else f"{abs(counts) / 10**places:07.{places}f}"
    return b"=" + text[::-1].encode() + (b"-" if counts < 0 else b""), kg_of(counts, places)


def _reversed_valid(raw: bytes) -> bool:
    return len(raw.rstrip(b"-")) == 8 and bool(re.fullmatch(rb"=\d+(\.\d+)?-?", raw))


def _a12(rng: random.Random) -> tuple[bytes, float | None]:
    grams = rng.randint(-99_999, 999_999)
    text = f"{grams / 1000:07.3f}" if grams >= 0 else f"-{-grams / 1000:06.3f}"
    return b"w%c%bkg" % (rng.choice(b"nw"), text.encode()), kg_of(grams, 3)


def _a12_valid(raw: bytes) -> bool:
    return len(raw) == 11 and bool(re.fullmatch(rb"w[wgnt][+ -]?\d+(\.\d+)?(kg|lb)", raw))


def _t1(rng: random.Random) -> tuple[bytes, float | None]:
    tenths = rng.randint(0, 999_999)
    return b"=%07.1f(kg)" % (tenths / 10), kg_of(tenths, 1)


def _t1_valid(raw: bytes) -> bool:
    return len(raw) == 12 and bool(re.fullmatch(rb"=[+ -]?\d+(\.\d+)?\((kg|lb)\)", raw))


def _dingsong(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(0, 99_999)
    digits = b"".join(b"%c " % d for d in b"%05d" % kg)
    return b"\x02Ac" + digits + b"<0t\x03", float(kg)


def _dingsong_valid(raw: bytes) -> bool:
    return bool(re.fullmatch(rb"\x02[A-Z]c(\d ){5}[0-?]{2}[ -\x7f]\x03", raw))


def _ascii(rng: random.Random) -> tuple[bytes, float | None]:
    kg = rng.randint(0, 120_000)
    form = rng.choice(
        [b"ST,GS,+ %06dkg", b"US,NT,+%7dkg", b"W1 %6d kg", b"+%08d", b"= +%d", b"%08dGSIZ", b"%8dG Z- kg"]
    )
    return form % kg, float(kg)


def _ascii_valid(raw: bytes) -> bool:
    number, unit = rb"\d+(\.\d*)?", rb"(kg|t|g|lb)"
    named = rb"(ST|US|OL),(GS|NT),[+-]? *\d+([.,]\d*)? ?%b|W\d +-?%b %b|w[wgn][+ -]?%b(kg|lb)|=[+ -]?%b\((kg|lb)\)"
    bare = rb"[+-]\d{8}|= ?[+-]%b|[ -]? *%b[GN][M ][Z ][12-]( kg|  t| lb|  g)|[ -]? *%b[GN][MS][IOU][Z ] {0,2}"
    pattern = named % (unit, number, unit, number, number) + b"|" + bare % (number, number, number)
    return bool(re.fullmatch(pattern, raw))


WIRES = [
    Wire("yaohua", _yaohua, _yaohua_valid),
    Wire("yaohua", _tenths, _tenths_valid, {"last_digit": "tenths"}),
    Wire("yaohua-command", _command, _command_valid),
    Wire("yaohua-reversed", _reversed, _reversed_valid),
    Wire("yaohua-a12", _a12, _a12_valid),
    Wire("yaohua-a12", _a12, _a12_valid, between=b"\r\n"),
    Wire("yaohua-t1", _t1, _t1_valid),
    Wire("toledo", _toledo(parity=False, check=True), _toledo_valid(parity=False, check=True), {"checksum": True}),
    Wire("toledo", _toledo(parity=True, check=True), _toledo_valid(parity=True, check=True), {"checksum": True}),
    Wire("toledo", _toledo(parity=False, check=False), _toledo_valid(parity=False, check=False), {"checksum": False}),
    Wire("mt-sics", _sics, _sics_valid),
    Wire("cas", _cas, _comma_valid(_CAS_VALID)),
    Wire("toledo", _toledo(parity=True, check=True), _toledo_valid(parity=True, check=True), {"parity": "even"}),
    Wire("and", _and, _comma_valid(_AND_VALID)),
    Wire("dini-argeo", _dini, _comma_valid(_DINI_VALID), between=b"\r\n"),
    Wire("avery", _avery, _avery_valid, between=b"\r\n"),
    Wire("rinstrum", _rinstrum, _rinstrum_valid),
    Wire("rinstrum", _rinstrum_2, _rinstrum_2_valid, {"format": 2}),
    Wire("rinstrum", _rinstrum_3, _rinstrum_3_valid, {"format": 3}),
    Wire("modbus", _modbus, _modbus_valid),
    Wire("modbus-tcp", _modbus_tcp, _modbus_tcp_valid, {"type": "float32"}),
    Wire("dingsong", _dingsong, _dingsong_valid),
    Wire("ascii", _ascii, _ascii_valid, between=b"\r\n"),
]
