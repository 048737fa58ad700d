"""Modbus clients, for whoever asks or orders over it."""

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from gate.lines.serial_line import PortSettings


def tcp_client(host: str, port: int, answer_s: float) -> AsyncModbusTcpClient:
    """A client that tries nothing by itself: whoever holds it connects again."""
    return AsyncModbusTcpClient(host, port=port, timeout=answer_s, retries=0, reconnect_delay=0)


def rtu_client(port: PortSettings, answer_s: float) -> AsyncModbusSerialClient:
    """The same for a serial bus."""
    return AsyncModbusSerialClient(
        str(port.path),
        baudrate=port.baud,
        bytesize=port.bytesize,
        parity=port.parity,
        stopbits=port.stopbits,
        timeout=answer_s,
        retries=0,
        reconnect_delay=0,
    )
