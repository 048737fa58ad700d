"""An indicator behind a gateway that publishes its bytes over MQTT."""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from gate.errors import ScaleError
from gate.scale.lines.line import LineLost

CONNECT_S = 10.0
QUEUE_LIMIT = 1_000  # messages not yet read; the oldest go first


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the bytes are published. ask: topic that takes what must be sent to the indicator, "" for none.

    password_file holds the password alone, so that it stands in no site file. tls: with the system's certificates.
    """

    host: str
    port: int
    topic: str
    user: str = ""
    password_file: Path | None = field(default=None)
    tls: bool = False
    ask: str = ""


class MqttLine:
    """One subscription; the payload of each message is what the indicator sent."""

    silence_limit_s: float | None = None  # the broker's keep-alive notices a broken connection

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._where = f"mqtt:{broker.host}:{broker.port}/{broker.topic}"
        self._client: Client | None = None
        self._arrived: asyncio.Queue[bytes | LineLost] = asyncio.Queue()

    async def open(self) -> None:
        """Connect and subscribe. Raises LineLost; ScaleError when the password file cannot be read."""
        loop = asyncio.get_running_loop()
        self._arrived = asyncio.Queue()
        subscribed: asyncio.Future[None] = loop.create_future()
        client = self._client = self._new_client(loop, subscribed)
        try:
            await asyncio.to_thread(client.connect, self._broker.host, self._broker.port, 20)
            client.loop_start()
            await asyncio.wait_for(subscribed, CONNECT_S)
        except (OSError, TimeoutError, LineLost) as error:
            await self.close()
            raise LineLost(f"{self._where}: {error or 'no answer'}") from error

    async def receive(self) -> bytes:
        """The next payload. Raises LineLost when the broker is gone."""
        item = await self._arrived.get()
        if isinstance(item, LineLost):
            raise item
        return item

    async def send(self, data: bytes) -> None:
        """Publish on the `ask` topic, if there is one. Raises LineLost."""
        if self._client is None:
            raise LineLost(f"{self._where}: not open")
        if self._broker.ask:
            self._client.publish(self._broker.ask, data)

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.on_disconnect = None
            with contextlib.suppress(OSError):
                client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def _new_client(self, loop: asyncio.AbstractEventLoop, subscribed: asyncio.Future[None]) -> Client:
        """A client whose callbacks, run in paho's thread, hand over to the loop."""
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"gatewarden-{secrets.token_hex(6)}")
        if self._broker.user:
            client.username_pw_set(self._broker.user, _password(self._broker.password_file))
        if self._broker.tls:
            client.tls_set()

        def on_connect(_c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
            if reason.is_failure:
                loop.call_soon_threadsafe(_fail, subscribed, LineLost(str(reason)))
            else:
                client.subscribe(self._broker.topic, qos=1)

        def on_subscribe(_c: Any, _u: Any, _m: Any, reasons: Any, _p: Any) -> None:
            refused = next((r for r in reasons if r.is_failure), None)
            outcome = LineLost(f"subscription refused: {refused}") if refused else None
            loop.call_soon_threadsafe(_fail, subscribed, outcome)

        def on_message(_c: Any, _u: Any, message: MQTTMessage) -> None:
            loop.call_soon_threadsafe(self._put, bytes(message.payload))

        def on_disconnect(_c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
            loop.call_soon_threadsafe(self._put, LineLost(f"{self._where}: {reason}"))

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        client.on_message, client.on_disconnect = on_message, on_disconnect
        return client

    def _put(self, item: bytes | LineLost) -> None:
        if item == b"":
            return
        if self._arrived.qsize() >= QUEUE_LIMIT:
            self._arrived.get_nowait()
        self._arrived.put_nowait(item)


def _fail(future: asyncio.Future[None], error: LineLost | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ScaleError(f"{path}: cannot be read as a password file: {error}") from error
