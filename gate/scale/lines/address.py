"""Addresses of scales: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`, and which line each stands for."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from gate.errors import ScaleError
from gate.scale.lines.line import Line
from gate.scale.lines.serial_line import PortSettings, SerialLine
from gate.scale.lines.tcp_line import TcpLine
from gate.site.model import Scale

FORMS = (
    "serial:/dev/ttyUSB0?baud=9600&bytesize=8&parity=N&stopbits=1",
    "tcp:host:port",
    "replay:weights.csv",
)
POLL_MS = 200


def split_address(address: str) -> tuple[str, str, dict[str, str]]:
    """Kind, place and options of an address. Raises ScaleError naming the forms there are."""
    kind, _, rest = address.partition(":")
    place, _, query = rest.partition("?")
    place = place.removeprefix("//")
    if not place or kind not in {form.partition(":")[0] for form in FORMS}:
        raise ScaleError(f"scale address {address!r}: expected one of {', '.join(FORMS)}")
    return kind, place, dict(parse_qsl(query, keep_blank_values=True))


def open_line(scale: Scale) -> Line:
    """The line of a scale's address, not yet open. Raises ScaleError; replay addresses have no line."""
    kind, place, options = split_address(scale.address)
    if kind == "replay":
        raise ScaleError(f"scale {scale.id!r}: {scale.address!r} is a recording, not a line")
    options.pop("poll_ms", None)
    if kind == "serial":
        return SerialLine(port_settings(place, options))
    host, port = host_port(place, scale.address)
    _refuse_rest(options, scale.address)
    return TcpLine(host, port)


def poll_ms(address: str) -> int:
    """How often to ask an indicator that must be asked: the address's `poll_ms`, or 200. Raises ScaleError."""
    return _whole(split_address(address)[2].get("poll_ms", str(POLL_MS)), "poll_ms")


def port_settings(place: str, options: Mapping[str, str]) -> PortSettings:
    """Settings of a serial port. Raises ScaleError naming the option that is wrong."""
    known = {"baud", "bytesize", "parity", "stopbits"}
    _refuse_rest({k: v for k, v in options.items() if k not in known}, place)
    parity = options.get("parity", "N").upper()
    if parity not in "NEOMS" or len(parity) != 1:
        raise ScaleError(f"{place}: parity: expected N, E, O, M or S, got {parity!r}")
    stopbits = {"1": 1.0, "1.5": 1.5, "2": 2.0}.get(options.get("stopbits", "1"))
    bytesize = {"7": 7, "8": 8}.get(options.get("bytesize", "8"))
    if stopbits is None or bytesize is None:
        raise ScaleError(f"{place}: expected bytesize 7 or 8 and stopbits 1, 1.5 or 2, got {dict(options)}")
    return PortSettings(Path(place), _whole(options.get("baud", "9600"), "baud"), bytesize, parity, stopbits)


def host_port(place: str, address: str) -> tuple[str, int]:
    """Host and port of "host:port". Raises ScaleError."""
    host, _, port = place.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ScaleError(f"scale address {address!r}: expected host:port after its kind")
    return host.strip("[]"), int(port)


def _whole(text: str, name: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise ScaleError(f"{name}: expected a whole number above 0, got {text!r}")
    return int(text)


def _refuse_rest(options: Mapping[str, str], address: str) -> None:
    if options:
        raise ScaleError(f"scale address {address!r}: unknown option {sorted(options)[0]!r}")
