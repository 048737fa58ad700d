"""Modbus clients, for whoever orders over it, and one that is asked again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from gate.lines.line import LineLost
from gate.lines.serial_line import PortSettings

ANSWER_S = 1.0
MISSES = 3  # answers missed in a row before the line counts as lost
Answer = TypeVar("Answer")
NewClient = Callable[[], Any]


class PolledClient:
    """One connection that is asked every `poll_s` seconds. where: what errors name."""

    def __init__(self, new_client: NewClient, where: str, poll_s: float) -> None:
        self._new_client, self._where, self._poll_s = new_client, where, poll_s
        self._client: Any = None
        self._next_s = 0.0

    async def open(self) -> None:
        """Connect. Raises LineLost."""
        self._client = self._new_client()
        if not await self._client.connect():
            await self.close()
            raise LineLost(f"{self._where}: cannot be reached")

    async def ask(self, question: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """What `question` makes of the client, when it is time to ask. Raises LineLost after three misses."""
        missed = ""
        for _ in range(MISSES):
            await self._wait_for_turn()
            if self._client is None:
                raise LineLost(f"{self._where}: not open")
            try:
                return await question(self._client)
            except (ModbusException, OSError) as error:
                missed = str(error)
        raise LineLost(f"{self._where}: no answer: {missed}")

    async def close(self) -> None:
        """Disconnect; may be called at any time."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _wait_for_turn(self) -> None:
        now_s = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._next_s - now_s))
        self._next_s = max(self._next_s, now_s) + self._poll_s


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
