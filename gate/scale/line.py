"""Which line each address of a scale stands for; see `gate.lines.address` for the forms."""

from gate.errors import ScaleError
from gate.lines.address import host_port, port_settings, refuse_rest, split_address, whole, without_option
from gate.lines.line import Line
from gate.lines.opening import open_line
from gate.scale.indicators.modbus import ModbusSettings
from gate.scale.indicators.registry import find_format
from gate.scale.modbus_line import modbus_rtu, modbus_tcp
from gate.scale.settings import read_settings
from gate.site.devices import Scale

POLL_MS = 200


def scale_line(scale: Scale) -> Line:
    """The line of a scale's address, not yet open. Raises ScaleError, LineError; replay addresses have no line."""
    kind, place, options = split_address(scale.address)
    if kind == "replay":
        raise ScaleError(f"scale {scale.id!r}: {scale.address!r} is a recording, not a line")
    every_s = poll_ms(scale.address) / 1000
    options.pop("poll_ms", None)
    if kind == "modbus-rtu":
        return modbus_rtu(port_settings(place, options), _register_map(scale), every_s)
    if kind == "modbus-tcp":
        refuse_rest(options, scale.address)
        return modbus_tcp(*host_port(place, scale.address), _register_map(scale), every_s)
    return open_line(without_option(scale.address, "poll_ms"))


def poll_ms(address: str) -> int:
    """How often to ask an indicator that must be asked: the address's `poll_ms`, or 200. Raises LineError."""
    return whole(split_address(address)[2].get("poll_ms", str(POLL_MS)), "poll_ms")


def _register_map(scale: Scale) -> ModbusSettings:
    """The map of a scale whose line speaks Modbus itself; its answers come as RTU frames."""
    found = find_format(scale.indicator)
    if found.name != "modbus":
        raise ScaleError(f"scale {scale.id!r}: {scale.address!r} needs indicator 'modbus', got {scale.indicator!r}")
    return read_settings(ModbusSettings, found.name, scale.settings)
