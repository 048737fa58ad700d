"""Barriers on real lines: a Modbus relay and an MQTT controller, and the facts that come of it."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import ModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gate.barrier.driver import open_driver
from gate.barrier.keeper import Keeper
from gate.barrier.order import Command, Order
from gate.errors import SiteError
from gate.facts import Fact, Operation
from gate.lines.line import LineLost
from gate.site.devices import Barrier
from tests.gate.scale.test_mqtt_line import MOSQUITTO, broker, free_port
from vision.facts import DeviceState

OPEN, CLOSE, HOLD, DARK = 0, 1, 2, 3


def relay() -> SimDevice:
    """Sixteen coils, sixteen discrete inputs of which the first is set, and the registers pymodbus insists on."""
    bits = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
    inputs = [SimData(0, values=[True, *[False] * 15], datatype=DataType.BITS)]
    words = [SimData(0, count=1, datatype=DataType.REGISTERS)]
    return SimDevice(1, (bits, inputs, words, words))


@contextlib.asynccontextmanager
async def serving(port: int) -> AsyncIterator[None]:
    server = ModbusTcpServer(relay(), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


def coils(port: int) -> list[bool]:
    with ModbusTcpClient("127.0.0.1", port=port) as client:
        return list(client.read_coils(0, count=4, device_id=1).bits[:4])


def arm(port: int, **changes: object) -> Barrier:
    address = f"modbus-tcp:127.0.0.1:{port}"
    return Barrier.model_validate({"id": "arm", "address": address, "zone": "deck", "pulse_s": 0.4} | changes)


async def test_a_relay_pulses_the_arm_and_holds_the_lights() -> None:
    port = free_port()
    async with serving(port):
        driver = open_driver(arm(port))
        opening = asyncio.ensure_future(driver.apply(Command.OPEN))
        await asyncio.sleep(0.2)
        assert await asyncio.to_thread(coils, port) == [True, False, False, True]
        assert "does not say" in await opening
        assert await asyncio.to_thread(coils, port) == [False, False, False, True]
        await driver.apply(Command.CLOSE)
        assert await asyncio.to_thread(coils, port) == [False, False, True, False]
        await driver.apply(Command.DARK)
        assert await asyncio.to_thread(coils, port) == [False] * 4
        await driver.close()


async def test_an_arm_that_says_where_it_is_is_believed_and_one_that_does_not_move_is_told() -> None:
    port = free_port()
    async with serving(port):
        driver = open_driver(arm(port, inputs={"opened": 0}))
        assert await driver.apply(Command.OPEN) == "confirmed: opened"
        await driver.close()


async def test_a_line_that_is_not_there_is_lost_and_a_wrong_address_is_refused() -> None:
    with pytest.raises(LineLost):
        await open_driver(arm(free_port())).apply(Command.OPEN)
    for address in ("replay:x.csv", "tcp:127.0.0.1:5", "modbus-tcp:nowhere", "bluetooth:arm"):
        with pytest.raises(SiteError, match="arm"):
            open_driver(arm(1, address=address))


class Controller:
    """A barrier's controller behind the broker: keeps what it was told and answers."""

    def __init__(self, port: int) -> None:
        self.told: list[str] = []
        self.ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._told
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("yard/arm/set", qos=1)
        self.client.loop_start()

    def _told(self, _client: object, _data: object, message: MQTTMessage) -> None:
        said = json.loads(message.payload)
        self.told.append(said["command"])
        state = {"open": "opened", "close": "closed"}.get(said["command"], "unmoved")
        self.client.publish("yard/arm/state", b"no JSON")
        self.client.publish("yard/arm/state", json.dumps({"id": said["id"], "state": state}))


@contextlib.contextmanager
def controller(port: int) -> Iterator[Controller]:
    made = Controller(port)
    try:
        made.ready.wait(5)
        yield made
    finally:
        made.client.disconnect()
        made.client.loop_stop()


@pytest.mark.skipif(MOSQUITTO is None, reason="no Mosquitto on this machine")
async def test_a_controller_behind_a_broker_answers_and_every_order_becomes_two_facts(tmp_path: Path) -> None:
    port, facts = free_port(), list[Fact]()
    with broker(tmp_path, port), controller(port) as box:
        keeper = Keeper(arm(1, address=f"mqtt:127.0.0.1:{port}/yard/arm"), facts.append, lambda: 7)
        running = asyncio.ensure_future(keeper.run())
        keeper.give([Order(5, "arm", Command.OPEN, "fire brigade", "王五")])
        async with asyncio.timeout(10):
            while len(facts) < 3:
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert box.told == ["open"]
    assert facts == [
        Operation(5, "王五", "barrier_released", "arm", "fire brigade"),
        DeviceState(7, "arm", "ok"),
        Operation(7, "system", "barrier_open_done", "arm", "confirmed: opened"),
    ]


async def test_an_order_that_cannot_be_carried_out_is_told_and_a_newer_one_overtakes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gate.barrier.keeper.AGAIN_S", 0.01)
    facts: list[Fact] = []
    keeper = Keeper(arm(free_port()), facts.append, lambda: 9)
    keeper.give([Order(1, "arm", Command.OPEN, "a"), Order(2, "arm", Command.CLOSE, "b")])
    await keeper.flush()
    told = [(f.action if isinstance(f, Operation) else f.state) for f in facts if not isinstance(f, str)]  # type: ignore[union-attr]
    assert told == ["barrier_open", "barrier_close", "barrier_open_failed", "lost", "barrier_close_failed"]
