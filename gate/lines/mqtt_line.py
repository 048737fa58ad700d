"""An indicator behind a gateway that publishes its bytes over MQTT."""

from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.enums import MQTTProtocolVersion

from gate.errors import BrokerError, LineError
from gate.lines.line import LineLost
from gate.lines.mqtt import BrokerConnection, Login


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

    def login(self) -> Login:
        """Raises LineError when the password file cannot be read."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        url = f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"
        return Login(url, self.user, _password(self.password_file))


class MqttLine:
    """One subscription; the payload of each message is what the indicator sent."""

    silence_limit_s: float | None = None  # the broker's keep-alive notices a broken connection

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._connection: BrokerConnection | None = None

    async def open(self) -> None:
        """Connect and subscribe. Raises LineLost; LineError when the password file cannot be read."""
        topics = [(self._broker.topic, 1)]
        connection = BrokerConnection(self._broker.login(), topics, MQTTProtocolVersion.MQTTv311)
        try:
            self._connection = await connection.__aenter__()
        except BrokerError as error:
            raise LineLost(f"{self._broker.topic}: {error}") from error

    async def receive(self) -> bytes:
        """The next payload that is not empty. Raises LineLost when the broker is gone."""
        connection = self._opened()
        while True:
            try:
                _, payload = await connection.receive()
            except BrokerError as error:
                raise LineLost(f"{self._broker.topic}: {error}") from error
            if payload:
                return payload

    async def send(self, data: bytes) -> None:
        """Publish on the `ask` topic, if there is one. Raises LineLost."""
        connection = self._opened()
        if not self._broker.ask:
            return
        try:
            await connection.publish(self._broker.ask, data, qos=0)
        except BrokerError as error:
            raise LineLost(f"{self._broker.topic}: {error}") from error

    async def close(self) -> None:
        """Disconnect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.__aexit__(None, None, None)

    def _opened(self) -> BrokerConnection:
        if self._connection is None:
            raise LineLost(f"{self._broker.topic}: not open")
        return self._connection


def _password(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LineError(f"{path}: cannot be read as a password file: {error}") from error
