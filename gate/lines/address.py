"""Addresses of devices: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`, and what stands in each."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from gate.errors import LineError
from gate.lines.mqtt_line import Broker
from gate.lines.serial_line import PortSettings

FORMS = (
    "serial:/dev/ttyUSB0?baud=9600&bytesize=8&parity=N&stopbits=1",
    "tcp:host:port",
    "modbus-tcp:host:502",
    "modbus-rtu:/dev/ttyUSB0?baud=9600&parity=E",
    "mqtt:host:1883/topic?user=name&password_file=path",
    "mqtts:host:8883/topic",
    "replay:weights.csv",
)


def split_address(address: str) -> tuple[str, str, dict[str, str]]:
    """Kind, place and options of an address. Raises LineError naming the forms there are."""
    kind, _, rest = address.partition(":")
    place, _, query = rest.partition("?")
    place = place.removeprefix("//")
    if not place or kind not in {form.partition(":")[0] for form in FORMS}:
        raise LineError(f"address {address!r}: expected one of {', '.join(FORMS)}")
    return kind, place, dict(parse_qsl(query, keep_blank_values=True))


def without_option(address: str, name: str) -> str:
    """The address with one of its options left out."""
    place, _, query = address.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] != name]
    return "?".join([place, *(["&".join(kept)] if kept else [])])


def port_settings(place: str, options: Mapping[str, str]) -> PortSettings:
    """Settings of a serial port. Raises LineError naming the option that is wrong."""
    known = {"baud", "bytesize", "parity", "stopbits"}
    refuse_rest({k: v for k, v in options.items() if k not in known}, place)
    parity = options.get("parity", "N").upper()
    if parity not in "NEOMS" or len(parity) != 1:
        raise LineError(f"{place}: parity: expected N, E, O, M or S, got {parity!r}")
    stopbits = {"1": 1.0, "1.5": 1.5, "2": 2.0}.get(options.get("stopbits", "1"))
    bytesize = {"7": 7, "8": 8}.get(options.get("bytesize", "8"))
    if stopbits is None or bytesize is None:
        raise LineError(f"{place}: expected bytesize 7 or 8 and stopbits 1, 1.5 or 2, got {dict(options)}")
    return PortSettings(Path(place), whole(options.get("baud", "9600"), "baud"), bytesize, parity, stopbits)


def host_port(place: str, address: str) -> tuple[str, int]:
    """Host and port of "host:port". Raises LineError."""
    host, _, port = place.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise LineError(f"address {address!r}: expected host:port after its kind")
    return host.strip("[]"), int(port)


def broker(kind: str, place: str, options: Mapping[str, str], address: str) -> Broker:
    """The broker, topics and account of "host:port/topic" and its options. Raises LineError."""
    where, _, topic = place.partition("/")
    host, port = host_port(where, address)
    refuse_rest({k: v for k, v in options.items() if k not in ("user", "password_file", "ask")}, address)
    if not topic:
        raise LineError(f"address {address!r}: expected /topic after the port")
    password = Path(options["password_file"]) if "password_file" in options else None
    return Broker(host, port, topic, options.get("user", ""), password, kind == "mqtts", options.get("ask", ""))


def whole(text: str, name: str) -> int:
    """A whole number above 0. Raises LineError naming the option."""
    if not text.isdigit() or int(text) == 0:
        raise LineError(f"{name}: expected a whole number above 0, got {text!r}")
    return int(text)


def refuse_rest(options: Mapping[str, str], address: str) -> None:
    """Raises LineError for the first option that nobody asked for."""
    if options:
        raise LineError(f"address {address!r}: unknown option {sorted(options)[0]!r}")
