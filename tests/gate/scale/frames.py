"""Encoders written from the makers' manuals, apart from the parsers: what tests feed them with."""

from functools import reduce
from operator import xor


def yaohua(kg: int, places: int = 0) -> bytes:
    """XK3190 continuous frame of `kg` counts with `places` decimal places."""
    body = b"%c%06d%d" % (b"-" if kg < 0 else b"+", abs(kg), places)
    check = reduce(xor, body)
    halves = bytes(h + 0x30 if h <= 9 else h + 0x37 for h in (check >> 4, check & 15))
    return b"\x02" + body + halves + b"\x03"
