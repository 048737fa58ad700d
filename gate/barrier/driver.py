"""Barriers on their lines: a Modbus relay, or a controller behind an MQTT broker."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, Protocol

from pymodbus.exceptions import ModbusException

from gate.barrier.order import Command
from gate.errors import LineError, SiteError
from gate.lines.address import broker, host_port, port_settings, split_address
from gate.lines.line import LineLost
from gate.lines.modbus import rtu_client, tcp_client
from gate.lines.mqtt_line import MqttLine
from gate.site.devices import Barrier

ANSWER_S = 2.0
MOVES_WITHIN_S = 8.0  # an arm is up or down after this long
LOOK_S = 0.2


class Driver(Protocol):
    """One barrier's line. `apply` may be called again after it failed."""

    async def apply(self, command: Command) -> str:
        """Carry a command out; says what is known of it: "confirmed", or that nothing answers. Raises LineLost."""
        ...

    async def close(self) -> None:
        """Give the line back."""
        ...


def open_driver(barrier: Barrier) -> Driver:
    """The driver of a barrier's address, not yet connected. Raises SiteError."""
    try:
        kind, place, options = split_address(barrier.address)
        if kind in ("mqtt", "mqtts"):
            return MqttDriver(barrier, kind, place, options)
        if kind == "modbus-tcp":
            host, port = host_port(place, barrier.address)
            return ModbusDriver(barrier, lambda: tcp_client(host, port, ANSWER_S))
        if kind == "modbus-rtu":
            settings = port_settings(place, options)
            return ModbusDriver(barrier, lambda: rtu_client(settings, ANSWER_S))
    except LineError as error:
        raise SiteError(f"barrier {barrier.id!r}: {error}") from error
    raise SiteError(f"barrier {barrier.id!r}: {barrier.address!r}: expected modbus-tcp:, modbus-rtu:, mqtt: or mqtts:")


class ModbusDriver:
    """A relay board: pulses for the arm, held coils for the lights, discrete inputs for where the arm is."""

    def __init__(self, barrier: Barrier, new_client: Callable[[], Any]) -> None:
        self._barrier, self._new_client = barrier, new_client
        self._client: Any = None

    async def apply(self, command: Command) -> str:
        """See Driver."""
        await self._connect()
        await self._light("red", on=command in (Command.CLOSE, Command.HOLD))
        await self._light("green", on=command is Command.OPEN)
        if command in (Command.DARK, Command.HOLD):
            return "lights set"
        await self._pulse("open" if command is Command.OPEN else "close")
        where: Literal["opened", "closed"] = "opened" if command is Command.OPEN else "closed"
        address = self._barrier.inputs.get(where)
        if address is None:
            return "sent; the arm does not say where it is"
        for _ in range(round(MOVES_WITHIN_S / LOOK_S)):
            answer = await self._ask(
                self._client.read_discrete_inputs(address, count=1, device_id=self._barrier.unit_id)
            )
            if answer.bits[0]:
                return f"confirmed: {where}"
            await asyncio.sleep(LOOK_S)
        raise LineLost(f"{self._barrier.address}: the arm was not {where} within {MOVES_WITHIN_S:g} s")

    async def close(self) -> None:
        """See Driver."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _connect(self) -> None:
        if self._client is not None and self._client.connected:
            return
        await self.close()
        self._client = self._new_client()
        if not await self._client.connect():
            await self.close()
            raise LineLost(f"{self._barrier.address}: cannot be reached")

    async def _light(self, name: Literal["red", "green"], *, on: bool) -> None:
        coil = self._barrier.outputs.get(name)
        if coil is not None:
            await self._write(coil, on=on)

    async def _pulse(self, name: Literal["open", "close"]) -> None:
        """Hold a coil for a moment; it is let go whatever happens between."""
        coil = self._barrier.outputs.get(name)
        if coil is None:
            raise LineLost(f"barrier {self._barrier.id}: outputs name no coil to {name} it")
        await self._write(coil, on=True)
        try:
            await asyncio.sleep(self._barrier.pulse_s)
        finally:
            await self._write(coil, on=False)

    async def _write(self, coil: int, *, on: bool) -> None:
        await self._ask(self._client.write_coil(coil, on, device_id=self._barrier.unit_id))

    async def _ask(self, asking: Any) -> Any:
        try:
            answer = await asking
        except (ModbusException, OSError) as error:
            await self.close()
            raise LineLost(f"{self._barrier.address}: {error}") from error
        if answer.isError():
            raise LineLost(f"{self._barrier.address}: refused: {answer}")
        return answer


class MqttDriver:
    """A controller that takes {"command": "open"|"close"|"hold"|"dark", "id": N} on TOPIC/set, and may answer on
    TOPIC/state with {"id": N, "state": "opened"} or what else it did.
    """

    def __init__(self, barrier: Barrier, kind: str, place: str, options: dict[str, str]) -> None:
        self._barrier = barrier
        self._broker = broker(
            kind, f"{place}/state", {**options, "ask": f"{place.partition('/')[2]}/set"}, barrier.address
        )
        self._line: MqttLine | None = None
        self._count = 0

    async def apply(self, command: Command) -> str:
        """See Driver."""
        if self._line is None:
            line = MqttLine(self._broker)
            await line.open()
            self._line = line
        self._count += 1
        try:
            await self._line.send(json.dumps({"command": command.value, "id": self._count}).encode())
            async with asyncio.timeout(MOVES_WITHIN_S):
                while True:
                    state = _answer(await self._line.receive(), self._count)
                    if state is not None:
                        return f"confirmed: {state}"
        except TimeoutError:
            return "sent; the controller does not answer"
        except LineLost:
            await self.close()
            raise

    async def close(self) -> None:
        """See Driver."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()


def _answer(payload: bytes, number: int) -> str | None:
    """The state an answer to command `number` tells, None where it is not one."""
    with suppress(ValueError, AttributeError, RecursionError):
        said = json.loads(payload)
        if said.get("id") == number:
            return str(said.get("state", ""))[:40]
    return None
