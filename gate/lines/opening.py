"""Which line an address stands for, for devices that speak by themselves."""

from gate.errors import LineError
from gate.lines.address import broker, host_port, port_settings, refuse_rest, split_address
from gate.lines.line import Line
from gate.lines.mqtt_line import MqttLine
from gate.lines.serial_line import SerialLine
from gate.lines.tcp_line import TcpLine


def open_line(address: str) -> Line:
    """The line of `serial:`, `tcp:`, `mqtt:` or `mqtts:`, not yet connected. Raises LineError for any other address."""
    kind, place, options = split_address(address)
    if kind == "serial":
        return SerialLine(port_settings(place, options))
    if kind in ("mqtt", "mqtts"):
        return MqttLine(broker(kind, place, options, address))
    if kind == "tcp":
        refuse_rest(options, address)
        return TcpLine(*host_port(place, address))
    raise LineError(f"address {address!r}: expected serial:, tcp:, mqtt: or mqtts:")
