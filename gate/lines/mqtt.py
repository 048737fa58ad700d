"""One connection to a message broker: TLS, a password, delivery acknowledged. Whoever speaks MQTT here holds one."""

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gate.errors import BrokerError

CONNECT_S = 10.0
PUBLISH_S = 20.0
KEEPALIVE_S = 20
QUEUE_LIMIT = 1_000  # messages not yet taken; the oldest go first
_NOBODY_LISTENS = 16  # MQTT 5, 3.4.2.1: "No matching subscribers"


@dataclass(frozen=True, slots=True)
class Login:
    """How a broker is reached. url: mqtts://host[:8883] or mqtt://host[:1883]. user: "" for nobody. ca: trust, the
    system's when None.
    """

    url: str
    user: str = ""
    password: str = ""
    ca: Path | None = None


class BrokerConnection:
    """A connection for the length of an `async with`. topics: (topic, quality of service) to listen to.

    protocol: MQTT 5 says when nobody listens to a message; gateways of indicators often speak 3.1.1 only.
    """

    def __init__(
        self,
        login: Login,
        topics: Sequence[tuple[str, int]],
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
    ) -> None:
        self._login, self._topics, self._protocol = login, list(topics), protocol
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[tuple[str, bytes] | BrokerError] = asyncio.Queue()
        self._acknowledged: dict[int, asyncio.Future[None]] = {}
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._client = self._new_client()

    async def __aenter__(self) -> Self:
        """Connect and subscribe. Raises BrokerError."""
        parts = urlsplit(self._login.url)
        port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        try:
            await asyncio.to_thread(self._client.connect, parts.hostname or "", port, KEEPALIVE_S)
            self._client.loop_start()
            await asyncio.wait_for(self._ready, CONNECT_S)
        except (OSError, ValueError, TimeoutError, BrokerError) as error:
            await self._close()
            raise BrokerError(f"{self._login.url}: {error or 'no answer'}") from error
        except asyncio.CancelledError:  # nobody will leave what was never entered
            await self._close()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._close()

    async def publish(self, where: str, payload: bytes, qos: int = 1) -> None:
        """Hand a message to the broker; with quality 1, until it has it and somebody listens. Raises BrokerError."""
        try:
            sent = self._client.publish(where, payload, qos)
        except (OSError, ValueError) as error:
            raise BrokerError(f"{where}: {error}") from error
        if sent.rc != 0:
            raise BrokerError(f"{where}: not sent ({sent.rc})")
        if qos == 0:
            return
        done = self._acknowledged[sent.mid] = self._loop.create_future()
        try:
            await asyncio.wait_for(done, PUBLISH_S)
        except TimeoutError as error:
            raise BrokerError(f"{where}: the broker does not acknowledge") from error
        finally:
            self._acknowledged.pop(sent.mid, None)

    async def receive(self) -> tuple[str, bytes]:
        """The next message: topic and payload. Raises BrokerError when the broker is gone."""
        item = await self._arrived.get()
        if isinstance(item, BrokerError):
            raise item
        return item

    async def _close(self) -> None:
        self._client.on_disconnect = None
        with contextlib.suppress(OSError):
            self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _new_client(self) -> Client:
        """A client whose callbacks, run in paho's thread, hand over to the loop."""
        client = Client(CallbackAPIVersion.VERSION2, f"gatewarden-{secrets.token_hex(8)}", protocol=self._protocol)
        if self._login.user:
            client.username_pw_set(self._login.user, self._login.password)
        if self._login.url.startswith("mqtts:"):
            client.tls_set_context(ssl.create_default_context(cafile=self._login.ca))

        def on_connect(_c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
            if reason.is_failure:
                self._soon(_settle, self._ready, BrokerError(str(reason)))
            elif self._topics:
                client.subscribe(self._topics)
            else:
                self._soon(_settle, self._ready, None)

        def on_subscribe(_c: Any, _u: Any, _m: Any, reasons: Any, _p: Any) -> None:
            refused = next((r for r in reasons if r.is_failure), None)
            self._soon(_settle, self._ready, BrokerError(f"subscription refused: {refused}") if refused else None)

        def on_message(_c: Any, _u: Any, message: MQTTMessage) -> None:
            self._soon(self._take, (message.topic, bytes(message.payload)))

        def on_publish(_c: Any, _u: Any, mid: int, reason: Any, _p: Any) -> None:
            unheard = reason.is_failure or reason.value == _NOBODY_LISTENS
            self._soon(self._acknowledge, mid, BrokerError(str(reason)) if unheard else None)

        def on_disconnect(_c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
            self._soon(self._lost, str(reason))

        client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
        client.on_publish, client.on_disconnect = on_publish, on_disconnect
        return client

    def _soon(self, call: Any, *values: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call, *values)

    def _take(self, item: tuple[str, bytes] | BrokerError) -> None:
        if self._arrived.qsize() >= QUEUE_LIMIT:
            self._arrived.get_nowait()
        self._arrived.put_nowait(item)

    def _acknowledge(self, mid: int, error: BrokerError | None) -> None:
        """The broker has a message. For one of quality 0 nobody waits; for others `publish` does so already."""
        if waiting := self._acknowledged.get(mid):
            _settle(waiting, error)

    def _lost(self, reason: str) -> None:
        _settle(self._ready, BrokerError(reason))  # whoever connects says to where
        error = BrokerError(f"{self._login.url}: {reason}")
        for waiting in self._acknowledged.values():
            _settle(waiting, error)
        self._take(error)


def _settle(future: asyncio.Future[None], error: BrokerError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
