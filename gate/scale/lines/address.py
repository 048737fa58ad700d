"""Addresses of scales: `serial:/dev/ttyUSB0?baud=9600`, `tcp:host:port`, and which line each stands for."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from gate.errors import ScaleError
from gate.scale.indicators.modbus import ModbusSettings
from gate.scale.indicators.registry import find_format
from gate.scale.lines.line import Line
from gate.scale.lines.modbus_line import modbus_rtu, modbus_tcp
from gate.scale.lines.mqtt_line import Broker, MqttLine
from gate.scale.lines.serial_line import PortSettings, SerialLine
from gate.scale.lines.tcp_line import TcpLine
from gate.scale.settings import read_settings
from gate.site.model import Scale

FORMS = (
    "serial:/dev/ttyUSB0?baud=9600&bytesize=8&parity=N&stopbits=1",
    "tcp:host:port",
    "modbus-tcp:host:502",
    "modbus-rtu:/dev/ttyUSB0?baud=9600&parity=E",
    "mqtt:host:1883/topic?user=name&password_file=path",
    "mqtts:host:8883/topic",
    "replay:weights.csv",
)
POLL_MS = 200


def split_address(address: str) -> tuple[str, str, dict[str, str]]:
    """Kind, place and options of an address. Raises ScaleError naming the forms there are."""
    kind, _, rest = address.partition(":")
    place, _, query = rest.partition("?")
    place = place.removeprefix("//")
    if not place or kind not in {form.partition(":")[0] for form in FORMS}:
        raise ScaleError(f"address {address!r}: expected one of {', '.join(FORMS)}")
    return kind, place, dict(parse_qsl(query, keep_blank_values=True))


def open_line(scale: Scale) -> Line:
    """The line of a scale's address, not yet open. Raises ScaleError; replay addresses have no line."""
    kind, place, options = split_address(scale.address)
    if kind == "replay":
        raise ScaleError(f"scale {scale.id!r}: {scale.address!r} is a recording, not a line")
    every_s = poll_ms(scale.address) / 1000
    options.pop("poll_ms", None)
    if kind == "serial":
        return SerialLine(port_settings(place, options))
    if kind == "modbus-rtu":
        return modbus_rtu(port_settings(place, options), _register_map(scale), every_s)
    if kind in ("mqtt", "mqtts"):
        return MqttLine(broker(kind, place, options, scale.address))
    host, port = host_port(place, scale.address)
    _refuse_rest(options, scale.address)
    return TcpLine(host, port) if kind == "tcp" else modbus_tcp(host, port, _register_map(scale), every_s)


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
        raise ScaleError(f"address {address!r}: expected host:port after its kind")
    return host.strip("[]"), int(port)


def _register_map(scale: Scale) -> ModbusSettings:
    """The map of a scale whose line speaks Modbus itself; its answers come as RTU frames."""
    found = find_format(scale.indicator)
    if found.name != "modbus":
        raise ScaleError(f"scale {scale.id!r}: {scale.address!r} needs indicator 'modbus', got {scale.indicator!r}")
    return read_settings(ModbusSettings, found.name, scale.settings)


def broker(kind: str, place: str, options: Mapping[str, str], address: str) -> Broker:
    """The broker, topics and account of "host:port/topic" and its options. Raises ScaleError."""
    where, _, topic = place.partition("/")
    host, port = host_port(where, address)
    _refuse_rest({k: v for k, v in options.items() if k not in ("user", "password_file", "ask")}, address)
    if not topic:
        raise ScaleError(f"address {address!r}: expected /topic after the port")
    password = Path(options["password_file"]) if "password_file" in options else None
    return Broker(host, port, topic, options.get("user", ""), password, kind == "mqtts", options.get("ask", ""))


def _whole(text: str, name: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise ScaleError(f"{name}: expected a whole number above 0, got {text!r}")
    return int(text)


def _refuse_rest(options: Mapping[str, str], address: str) -> None:
    if options:
        raise ScaleError(f"address {address!r}: unknown option {sorted(options)[0]!r}")
