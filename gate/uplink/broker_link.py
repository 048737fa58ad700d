"""A site's messages to its hub by way of an MQTT broker. Files go by HTTPS, where an upload can be resumed."""

import asyncio
import contextlib
import json
import secrets
from typing import Any

from gate.errors import BrokerError
from gate.facts import canonical_json
from gate.lines.mqtt import BrokerConnection, Login
from gate.uplink.messages import opened, signed, signing_key, topic

RECEIPT_S = 20.0


class BrokerLink:
    """Asks the hub one question at a time; connects when needed, and again after a failure."""

    def __init__(self, site: str, token: str, login: Login) -> None:
        self._site, self._key, self._login = site, signing_key(token), login
        self._broker: BrokerConnection | None = None
        self._asked = 0

    async def ingest(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The hub's status (as of HTTP) and its receipt, or {"detail": …}. Raises BrokerError."""
        try:
            broker = await self._connected()
            self._asked = secrets.randbits(52)  # a receipt recorded earlier answers no later question
            up = topic(self._site, "up")
            payload = canonical_json({"re": self._asked, "batch": body}).encode()
            await broker.publish(up, signed(up, payload, self._key))
            async with asyncio.timeout(RECEIPT_S):
                answer = await self._receipt(broker)
        except TimeoutError as error:
            await self.close()
            raise BrokerError("the hub gave no receipt") from error
        except BrokerError:
            await self.close()
            raise
        return int(answer["status"]), answer.get("receipt") or {"detail": answer.get("detail", "")}

    async def show(self, body: dict[str, Any]) -> None:
        """Weights of the moment, if the broker is there."""
        if self._broker is None:
            return
        live = topic(self._site, "live")
        with contextlib.suppress(BrokerError):
            await self._broker.publish(live, signed(live, canonical_json(body).encode(), self._key), qos=0)

    async def close(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.__aexit__(None, None, None)

    async def _connected(self) -> BrokerConnection:
        if self._broker is None:
            broker = BrokerConnection(self._login, [(topic(self._site, "receipt"), 1)])
            self._broker = await broker.__aenter__()
        return self._broker

    async def _receipt(self, broker: BrokerConnection) -> dict[str, Any]:
        """The answer to the last question; older ones, and what the hub has not signed, pass by."""
        while True:
            where, envelope = await broker.receive()
            payload = opened(where, envelope, self._key)
            if payload is None:
                continue
            answer: dict[str, Any] = json.loads(payload)
            if answer.get("re") == self._asked:
                return answer
