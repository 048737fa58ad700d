"""A Modbus transmitter, RTU or TCP, asked again and again; answers are handed on as RTU frames."""

import asyncio
import struct
from collections.abc import Callable
from typing import Any

from pymodbus.exceptions import ModbusException

from gate.lines.line import LineLost
from gate.lines.modbus import rtu_client, tcp_client
from gate.lines.serial_line import PortSettings
from gate.scale.indicators.modbus import ModbusSettings, crc16

ANSWER_S = 1.0
MISSES = 3  # answers missed in a row before the line counts as lost


class ModbusLine:
    """One transmitter. What `send` is given is passed over: the line asks by itself, every `poll_s`."""

    silence_limit_s: float | None = None

    def __init__(self, new_client: Callable[[], Any], where: str, settings: ModbusSettings, poll_s: float) -> None:
        self._new_client = new_client
        self._where = where
        self._settings = settings
        self._poll_s = poll_s
        self._client: Any = None
        self._next_s = 0.0

    async def open(self) -> None:
        """Connect. Raises LineLost."""
        self._client = self._new_client()
        if not await self._client.connect():
            await self.close()
            raise LineLost(f"{self._where}: cannot be reached")

    async def receive(self) -> bytes:
        """The next answer, an exception the transmitter gave included. Raises LineLost after three misses."""
        missed = ""
        for _ in range(MISSES):
            await self._wait_for_turn()
            try:
                return self._as_rtu(await self._ask())
            except (ModbusException, OSError) as error:
                missed = str(error)
        raise LineLost(f"{self._where}: no answer: {missed}")

    async def send(self, data: bytes) -> None:
        """Nothing: see the class."""

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _wait_for_turn(self) -> None:
        now_s = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._next_s - now_s))
        self._next_s = max(self._next_s, now_s) + self._poll_s

    async def _ask(self) -> Any:
        if self._client is None:
            raise LineLost(f"{self._where}: not open")
        s = self._settings
        read = self._client.read_holding_registers if s.table == "holding" else self._client.read_input_registers
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
