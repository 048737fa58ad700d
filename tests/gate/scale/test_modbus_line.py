import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator

import pytest
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gate.errors import ScaleError
from gate.facts import WeightSample
from gate.scale.live import LiveScale
from gate.site.devices import Scale
from tests.gate.scale.test_live import clock, take
from tests.gate.scale.test_mqtt_line import free_port
from vision.facts import DeviceState

DEVICE = SimDevice(1, [SimData(7, values=48620, datatype=DataType.INT32)])


@contextlib.asynccontextmanager
async def tcp_server(port: int) -> AsyncIterator[None]:
    server = ModbusTcpServer(DEVICE, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


async def test_a_transmitter_on_the_network_is_asked_and_its_loss_noticed() -> None:
    port = free_port()
    scale = Scale(id="s1", deck="d", indicator="modbus", address=f"modbus-tcp:127.0.0.1:{port}?poll_ms=50")
    facts = LiveScale(scale, clock).facts()
    async with tcp_server(port):
        seen = await take(facts, 4)
    async with asyncio.timeout(8):
        while not isinstance(lost := await anext(facts), DeviceState):
            pass
    await facts.aclose()
    assert isinstance(seen[0], DeviceState)
    samples = [f for f in seen if isinstance(f, WeightSample)]
    assert [(s.kg, s.net) for s in samples] == [(48620, False)] * 3
    assert samples[0].raw.startswith("0103040000bdec")
    assert lost.state == "lost"


async def test_a_transmitter_on_a_serial_bus_is_asked() -> None:
    near, far = os.openpty()
    tty.setraw(near)
    tty.setraw(far)
    line, line_far = os.openpty()
    tty.setraw(line)
    tty.setraw(line_far)
    loop = asyncio.get_running_loop()
    for a, b in ((near, line), (line, near)):  # a wire between two serial ports
        os.set_blocking(a, False)
        loop.add_reader(a, lambda a=a, b=b: os.write(b, os.read(a, 4096)))
    server = ModbusSerialServer(DEVICE, framer=FramerType.RTU, port=os.ttyname(far), baudrate=19200)
    await server.serve_forever(background=True)
    address = f"modbus-rtu:{os.ttyname(line_far)}?baud=19200&poll_ms=100"
    facts = LiveScale(Scale(id="s1", deck="d", indicator="modbus", address=address), clock).facts()
    try:
        seen = await take(facts, 3)
    finally:
        await facts.aclose()
        await server.shutdown()
        for a in (near, line):
            loop.remove_reader(a)
        for descriptor in (near, far, line, line_far):
            os.close(descriptor)
    assert [f.kg for f in seen if isinstance(f, WeightSample)] == [48620, 48620]


def test_a_modbus_line_needs_the_modbus_indicator() -> None:
    with pytest.raises(ScaleError, match="needs indicator 'modbus'"):
        LiveScale(Scale(id="s1", deck="d", address="modbus-tcp:127.0.0.1:502"), clock)
