"""Recorded bytes of an indicator, read from a file or a pipe and told as JSON lines."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from gate.errors import ScaleError
from gate.scale.reading import Indicator, Reading

_CHUNK_BYTES = 65_536


def decode_file(parser: Indicator, path: Path, *, as_hex: bool = False) -> Iterator[Reading]:
    """Readings of a whole file, "-" for standard input. Raises ScaleError when it cannot be read.

    as_hex: the bytes are written as hex digits, with or without spaces, as terminal programs and makers' manuals do.
    """
    decode = _decode_hex if as_hex else _decode
    try:
        if str(path) == "-":
            yield from decode(parser, sys.stdin.buffer)
        else:
            with path.open("rb") as file:
                yield from decode(parser, file)
    except OSError as error:
        raise ScaleError(f"{path}: {error.strerror}") from error


def _decode(parser: Indicator, file: BinaryIO) -> Iterator[Reading]:
    read = getattr(file, "read1", file.read)  # of a pipe, what is there, without waiting for more
    while data := read(_CHUNK_BYTES):
        yield from parser.feed(data)
    yield from parser.finish()


def _decode_hex(parser: Indicator, file: BinaryIO) -> Iterator[Reading]:
    for number, line in enumerate(file, 1):
        try:
            data = bytes.fromhex(line.decode("ascii"))
        except ValueError as error:
            raise ScaleError(f"line {number}: expected bytes as hex digits such as 02 2B 30") from error
        yield from parser.feed(data)
    yield from parser.finish()


def reading_line(reading: Reading) -> str:
    """One line of JSON, without its end: kg, net, stable, motion, overload, status."""
    return json_text(reading.public())


def json_text(value: Mapping[str, Any]) -> str:
    """One line of JSON, without its end."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def parse_settings(pairs: list[str]) -> Mapping[str, Any]:
    """`name=value` pairs as settings; numbers, true and false are taken as such. Raises ScaleError."""
    out: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise ScaleError(f"setting {pair!r}: expected name=value")
        try:
            out[name] = json.loads(text.lower())
        except ValueError:
            out[name] = text
    return out
