"""A broker's connection that is given up before it stood leaves nothing behind."""

import asyncio
import threading

import pytest

from gate.lines.mqtt import BrokerConnection, Login


async def test_whoever_gives_up_while_a_broker_is_silent_leaves_no_thread() -> None:
    called = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()
        writer.close()

    before = set(threading.enumerate())
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        entering = asyncio.create_task(BrokerConnection(Login(f"mqtt://127.0.0.1:{port}"), []).__aenter__())
        await called.wait()
        while not any(t.name.startswith("paho") for t in set(threading.enumerate()) - before):
            await asyncio.sleep(0.01)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        assert not [t for t in set(threading.enumerate()) - before if t.name.startswith("paho")]
