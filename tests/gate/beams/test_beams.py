"""Light barriers on real lines: the inputs of a Modbus board, a broker's topic, a recording."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gate.beams import board
from gate.beams.reader import BeamReaders
from gate.beams.recorded import replay_beams
from gate.errors import SiteError
from gate.facts import BeamState, Fact
from gate.running.check import check_site
from gate.site.areas import Name
from gate.site.devices import Beam, Camera
from gate.site.model import Site
from tests.gate.scale.test_mqtt_line import MOSQUITTO, broker, free_port
from vision.facts import DeviceState


def beam(name: str, address: str, **changes: object) -> Beam:
    return Beam.model_validate({"id": name, "from": [0, 0], "to": [4, 0], "address": address} | changes)


@contextlib.asynccontextmanager
async def inputs(port: int) -> AsyncIterator[Callable[[int, bool], object]]:
    """A board of sixteen inputs on two units; what is given sets one."""
    bits = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
    words = [SimData(0, count=1, datatype=DataType.REGISTERS)]
    server = ModbusTcpServer([SimDevice(u, (bits, bits, words, words)) for u in (1, 2)], address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    try:
        yield lambda number, is_on: server.async_setValues(1, 2, number, [is_on])
    finally:
        await server.shutdown()


@contextlib.asynccontextmanager
async def reading(*beams: Beam) -> AsyncIterator[list[Fact]]:
    facts: list[Fact] = []
    running = asyncio.ensure_future(BeamReaders(beams, facts.append, lambda: 7).run())
    try:
        yield facts
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(facts: list[Fact], count: int) -> None:
    async with asyncio.timeout(10):
        while len(facts) < count:
            await asyncio.sleep(0.01)


async def test_inputs_of_a_board_become_facts_and_only_changes_are_told() -> None:
    port = free_port()
    address = f"modbus-tcp:127.0.0.1:{port}"
    async with (
        inputs(port) as wire,
        reading(beam("a", address, input=3), beam("b", address, input=9, broken_when="off")) as facts,
    ):
        await until(facts, 4)
        assert facts == [
            DeviceState(7, "a", "ok"),
            BeamState(7, "a", broken=False),
            DeviceState(7, "b", "ok"),
            BeamState(7, "b", broken=True),
        ]
        for on in (True, False):
            await wire(3, on)  # type: ignore[misc]
            await until(facts, 5 if on else 6)
            await asyncio.sleep(3 * board.POLL_S)
        assert facts[4:] == [BeamState(7, "a", broken=True), BeamState(7, "a", broken=False)]


async def test_a_board_that_dies_is_lost_and_found_again_with_what_changed_meanwhile() -> None:
    port = free_port()
    async with reading(beam("a", f"modbus-tcp:127.0.0.1:{port}")) as facts:
        await until(facts, 1)
        assert isinstance(facts[0], DeviceState)
        assert (facts[0].device, facts[0].state) == ("a", "lost")
        async with inputs(port) as wire:
            await until(facts, 3)
            assert facts[1:] == [DeviceState(7, "a", "ok"), BeamState(7, "a", broken=False)]
        await until(facts, 4)
        assert isinstance(facts[3], DeviceState)
        async with inputs(port) as wire:
            await wire(0, True)  # type: ignore[misc]
            await until(facts, 5)
            assert facts[4] == DeviceState(7, "a", "ok")
            async with asyncio.timeout(5):
                while facts[-1] != BeamState(7, "a", broken=True):
                    await asyncio.sleep(0.01)


@pytest.mark.skipif(MOSQUITTO is None, reason="no Mosquitto on this machine")
async def test_a_topic_says_how_a_barrier_is(tmp_path: Path) -> None:
    port = free_port()
    with broker(tmp_path, port):
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.publish("yard/beam", b"1", qos=1, retain=True).wait_for_publish(5)
        async with reading(beam("a", f"mqtt:127.0.0.1:{port}/yard/beam")) as facts:
            await until(facts, 2)
            for payload in (b"no word", b"1", b'{"broken": false}', b"on", b"0"):
                client.publish("yard/beam", payload, qos=1).wait_for_publish(5)
            await until(facts, 5)
        client.disconnect()
        client.loop_stop()
    assert [f.broken for f in facts if isinstance(f, BeamState)] == [True, False, True, False]


@given(st.binary(max_size=60))
def test_no_payload_breaks_the_reader(payload: bytes) -> None:
    said = board._said(payload)
    assert said is None or isinstance(said, bool | dict)


def test_deeply_nested_words_are_no_word() -> None:
    assert board._said(b"[" * 100_000) is None
    assert board._said(b'{"broken": "yes"}') is None
    assert board._said(b"ON\n") is True


@pytest.mark.parametrize(
    "address", ["tcp:127.0.0.1:5", "modbus-tcp:nowhere", "bluetooth:x", "replay:beams.csv", "mqtt:127.0.0.1:1883"]
)
def test_an_address_that_cannot_work_live_is_refused_and_names_the_barrier(address: str) -> None:
    with pytest.raises(SiteError, match="'a'"):
        BeamReaders([beam("a", address)], lambda _: None, lambda: 0)


async def test_a_barrier_without_an_address_is_not_read() -> None:
    await BeamReaders([beam("a", "")], lambda _: None, lambda: 0).run()


def test_a_recording_is_read_in_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "beams.csv").write_text("at_ms,beam,broken\n900,a,1\n1500,b,1\n1200,a,0\n2000,other,1\n", "utf-8")
    wired = [beam("a", "replay:beams.csv"), beam("b", "replay:beams.csv"), beam("c", "")]
    assert list(replay_beams(wired, tmp_path, 10_000)) == [
        BeamState(10_900, "a", broken=True),
        BeamState(11_200, "a", broken=False),
        BeamState(11_500, "b", broken=True),
    ]


def test_a_site_check_lists_each_barrier_and_why_it_cannot_work(tmp_path: Path) -> None:
    (tmp_path / "beams.csv").write_text("at_ms,beam,broken\n900,b,1\n", "utf-8")
    wired = (
        beam("a", "modbus-tcp:10.0.0.30:502", input=4),
        beam("b", "replay:beams.csv"),
        beam("c", ""),
        beam("d", "tcp:10.0.0.30:502"),
    )
    camera = Camera(id="c1", name=Name(zh="门"), address="file:none.mp4", size=(640, 360))
    site = Site(id="s", name=Name(zh="场"), cameras=(camera,), beams=wired)
    checked = check_site(site, tmp_path, devices=False)
    told = [line for line in checked.lines if "light barrier" in line]
    assert told[:3] == [
        "ok     light barrier a: modbus-tcp:10.0.0.30:502, input 4",
        "ok     light barrier b: replay:beams.csv: 1 changes recorded",
        "ok     light barrier c: no address, nothing reads it",
    ]
    assert told[3].startswith("FAULT  light barrier 'd'")
    assert not checked.passed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("at_ms,beam\n1,a\n", "expected columns"),
        ("at_ms,beam,broken\nsoon,a,1\n", "beams.csv:2: at_ms"),
        ("at_ms,beam,broken\n5,a,perhaps\n", "beams.csv:2: broken"),
    ],
)
def test_a_wrong_recording_names_the_place(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "beams.csv").write_text(text, "utf-8")
    with pytest.raises(SiteError, match=reason):
        list(replay_beams([beam("a", "replay:beams.csv")], tmp_path, 0))
    with pytest.raises(SiteError, match="replay needs"):
        list(replay_beams([beam("a", "mqtt:h:1/t")], tmp_path, 0))
