import asyncio
import os
import termios
import time
import tty
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from gate.errors import LineError, ScaleError
from gate.facts import WeightSample
from gate.lines.line import LineLost
from gate.lines.serial_line import PortSettings, SerialLine
from gate.scale.live import LiveScale
from gate.scale.sampler import ScaleFact
from gate.site.devices import Scale
from tests.gate.scale.frames import yaohua
from vision.facts import DeviceState


def clock() -> int:
    return time.time_ns() // 1_000_000


def scale(address: str) -> Scale:
    return Scale(id="s1", deck="deck", address=address)


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for descriptor in (master, slave):
        os.close(descriptor)


async def take(facts: AsyncGenerator[ScaleFact, None], count: int, within_s: float = 8.0) -> list[ScaleFact]:
    async with asyncio.timeout(within_s):
        return [await anext(facts) for _ in range(count)]


async def test_a_serial_port_is_read_live(pty: tuple[int, str]) -> None:
    master, name = pty
    facts = LiveScale(scale(f"serial:{name}?baud=9600"), clock).facts()
    pending = asyncio.ensure_future(take(facts, 3))
    await asyncio.sleep(0.2)
    os.write(master, yaohua(0) + yaohua(48620)[:5])
    await asyncio.sleep(0.05)
    os.write(master, yaohua(48620)[5:])
    state, first, second = await pending
    await facts.aclose()
    assert isinstance(state, DeviceState)
    assert state.state == "ok"
    assert isinstance(first, WeightSample)
    assert isinstance(second, WeightSample)
    assert (first.kg, second.kg, second.raw) == (0, 48620, yaohua(48620).hex())
    assert abs(second.t_ms - clock()) < 2_000


async def test_a_serial_port_has_one_owner_and_keeps_its_modem_lines(pty: tuple[int, str]) -> None:
    _, name = pty
    settings = PortSettings(Path(name))
    line = SerialLine(settings)
    await line.open()
    with pytest.raises(LineLost, match="lock"):
        await SerialLine(settings).open()
    descriptor = os.open(name, os.O_RDWR | os.O_NOCTTY)
    assert not termios.tcgetattr(descriptor)[2] & termios.HUPCL
    os.close(descriptor)
    await line.close()


async def test_tcp_is_read_and_taken_up_again_after_it_broke() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(yaohua(1560))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    facts = LiveScale(scale(f"tcp:127.0.0.1:{port}"), clock).facts()
    seen = await take(facts, 6)
    await facts.aclose()
    server.close()
    await server.wait_closed()
    shape = [f.state if isinstance(f, DeviceState) else f.kg for f in seen]
    assert shape == ["ok", 1560, "lost", "ok", 1560, "lost"]


async def test_silence_is_a_state() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(yaohua(0))
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    facts = LiveScale(scale(f"tcp:127.0.0.1:{port}"), clock).facts()
    seen = await take(facts, 3)
    await facts.aclose()
    server.close()
    await server.wait_closed()
    assert isinstance(seen[2], DeviceState)
    assert (seen[2].state, seen[2].numbers["gap_ms"]) == ("stalled", 2000)


async def test_an_absent_device_is_lost_not_an_error() -> None:
    facts = LiveScale(scale("serial:/dev/does-not-exist"), clock).facts()
    (state,) = await take(facts, 1)
    await facts.aclose()
    assert isinstance(state, DeviceState)
    assert state.state == "lost"


@pytest.mark.parametrize(
    "address", ["tcp:host", "serial:", "smoke:signals", "serial:/dev/tty?parity=X", "replay:x.csv", "tcp:h:1?speed=2"]
)
def test_addresses_that_can_never_work_are_refused(address: str) -> None:
    with pytest.raises((LineError, ScaleError)):
        LiveScale(scale(address), clock)
