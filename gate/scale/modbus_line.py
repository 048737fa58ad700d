"""A Modbus transmitter, RTU or TCP, asked again and again; answers are handed on as RTU frames."""

import struct
from typing import Any

from gate.lines.modbus import ANSWER_S, NewClient, PolledClient, rtu_client, tcp_client
from gate.lines.serial_line import PortSettings
from gate.scale.indicators.modbus import ModbusSettings, crc16


class ModbusLine:
    """One transmitter. What `send` is given is passed over: the line asks by itself, every `poll_s`."""

    silence_limit_s: float | None = None

    def __init__(self, new_client: NewClient, where: str, settings: ModbusSettings, poll_s: float) -> None:
        self._polled = PolledClient(new_client, where, poll_s)
        self._settings = settings

    async def open(self) -> None:
        """Connect. Raises LineLost."""
        await self._polled.open()

    async def receive(self) -> bytes:
        """The next answer, an exception the transmitter gave included. Raises LineLost after three misses."""
        return self._as_rtu(await self._polled.ask(self._ask))

    async def send(self, data: bytes) -> None:
        """Nothing: see the class."""

    async def close(self) -> None:
        """Disconnect."""
        await self._polled.close()

    async def _ask(self, client: Any) -> Any:
        s = self._settings
        read = client.read_holding_registers if s.table == "holding" else client.read_input_registers
        return await read(s.register_, count=s.count, device_id=s.unit_id)

    def _as_rtu(self, answer: Any) -> bytes:
        settings = self._settings
        if answer.isError():
            body = bytes([settings.unit_id, settings.function | 0x80, answer.exception_code])
        else:
            registers = struct.pack(f">{len(answer.registers)}H", *answer.registers)
            body = bytes([settings.unit_id, settings.function, len(registers)]) + registers
        return body + crc16(body)


def modbus_tcp(host: str, port: int, settings: ModbusSettings, poll_s: float) -> ModbusLine:
    """A transmitter on the network."""

    return ModbusLine(lambda: tcp_client(host, port, ANSWER_S), f"{host}:{port}", settings, poll_s)


def modbus_rtu(port: PortSettings, settings: ModbusSettings, poll_s: float) -> ModbusLine:
    """A transmitter on a serial bus."""

    return ModbusLine(lambda: rtu_client(port, ANSWER_S), str(port.path), settings, poll_s)
