"""A Modbus TCP device on this machine: inputs and registers the rig sets, coils the gate writes."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

OnCoil = Callable[[int, bool], None]
_INPUTS, _HOLDING, _INPUT_REGISTERS = 2, 3, 4
_WRITE_COIL, _WRITE_COILS = 5, 15
_START_S = 10.0


@dataclass(frozen=True, slots=True)
class Unit:
    """What one unit has. registers: first and count; they are holding and input registers alike.

    on_coil: told of every coil that is written, in the device's own thread.
    """

    inputs: frozenset[int] = frozenset()
    coils: frozenset[int] = frozenset()
    registers: tuple[int, int] = (0, 1)
    on_coil: OnCoil = lambda _coil, _is_on: None


class ModbusDevice:
    """Answers from the beginning on, in a thread of its own, until closed. Raises OSError where it cannot listen."""

    def __init__(self, units: Mapping[int, Unit]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="modbus device", daemon=True)
        self._thread.start()
        self._answers = True
        self._server: Any = self._wait(self._start(units))
        self.port: int = self._server.transport.sockets[0].getsockname()[1]

    def set_input(self, unit: int, number: int, *, is_on: bool) -> None:
        """A discrete input is on or off from now on."""
        self._wait(self._server.async_setValues(unit, _INPUTS, number, [is_on]))

    def set_registers(self, unit: int, first: int, values: Iterable[int]) -> None:
        """Registers hold these values from now on."""
        held = list(values)
        for table in (_HOLDING, _INPUT_REGISTERS):
            self._wait(self._server.async_setValues(unit, table, first, held))

    def answer(self, *, answers: bool) -> None:
        """Whether the device behind this address is there; where not, whoever asks is told so."""
        self._answers = answers

    def close(self) -> None:
        """The line is cut."""
        self._wait(self._server.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_S)
        self._loop.close()

    async def _start(self, units: Mapping[int, Unit]) -> Any:
        devices = [self._device(number, unit) for number, unit in units.items()]
        server = ModbusTcpServer(devices, address=("127.0.0.1", 0))
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:
            raise OSError(f"a Modbus device cannot listen: {error}") from error
        return server

    def _device(self, number: int, unit: Unit) -> SimDevice:
        first, count = unit.registers
        words = [SimData(first, count=count, values=0, datatype=DataType.REGISTERS)]

        async def action(code: int, _first: int, at: int, _count: int, _now: Any, written: Any) -> ExcCodes | None:
            if not self._answers:
                return ExcCodes.GATEWAY_NO_RESPONSE
            if code in (_WRITE_COIL, _WRITE_COILS) and written is not None:
                for offset, is_on in enumerate(written):
                    unit.on_coil(at + offset, bool(is_on))
            return None

        return SimDevice(number, (_bits(unit.coils), _bits(unit.inputs), words, words), action=action)

    def _wait(self, doing: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(_START_S)


def _bits(numbers: Iterable[int]) -> list[SimData]:
    """Only what is wired is there; the server asks for at least one."""
    return [SimData(n, values=[False], datatype=DataType.BITS) for n in sorted(numbers) or [0]]
