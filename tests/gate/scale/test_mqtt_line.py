import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from gate.facts import WeightSample
from gate.scale.live import LiveScale
from gate.site.devices import Scale
from tests.gate.scale.frames import yaohua
from tests.gate.scale.test_live import clock, take
from tests.servers import server
from vision.facts import DeviceState

MOSQUITTO = server("mosquitto")
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="no Mosquitto on this machine")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def broker(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    process = subprocess.Popen(
        [str(MOSQUITTO), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
                break
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def publish(port: int, payload: bytes) -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish("yard/scale", payload, qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


async def test_published_bytes_are_read_and_a_broker_that_dies_is_noticed(tmp_path: Path) -> None:
    port = free_port()
    scale = Scale(id="s1", deck="deck", address=f"mqtt:127.0.0.1:{port}/yard/scale")
    facts = LiveScale(scale, clock).facts()
    with broker(tmp_path, port):
        pending = asyncio.ensure_future(take(facts, 2))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(publish, port, yaohua(48620))
        state, sample = await pending
    (gone,) = await take(facts, 1)
    await facts.aclose()
    assert isinstance(state, DeviceState)
    assert state.state == "ok"
    assert isinstance(sample, WeightSample)
    assert sample.kg == 48620
    assert isinstance(gone, DeviceState)
    assert gone.state == "lost"


async def test_no_broker_is_a_lost_line() -> None:
    scale = Scale(id="s1", deck="deck", address=f"mqtt:127.0.0.1:{free_port()}/yard/scale")
    facts = LiveScale(scale, clock).facts()
    (state,) = await take(facts, 1)
    await facts.aclose()
    assert isinstance(state, DeviceState)
    assert state.state == "lost"
