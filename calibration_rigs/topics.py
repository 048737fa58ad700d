"""Topics of a message broker that light barriers publish on: a Mosquitto of the rig's own, for as long as it plays."""

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

_PROGRAM, _BESIDE = "mosquitto", "/usr/sbin"  # where distributions keep it, seldom on a user's path
_START_S, _STEP_S = 10.0, 0.05


def broker_program() -> str | None:
    """The broker's program, None where this machine has none."""
    return shutil.which(_PROGRAM) or shutil.which(_PROGRAM, path=_BESIDE)


class Topics:
    """A broker on this machine, open to it alone, until closed. What is said of a topic stays there for who asks later.

    program: Mosquitto. Raises OSError where it does not start.
    """

    def __init__(self, program: str) -> None:
        self.port = _free_port()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatewarden-rig-")))
            settings = folder / "mosquitto.conf"
            settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n", "utf-8")
            broker = subprocess.Popen(  # noqa: S603 - found on this machine, with settings of our own
                [program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(_end, broker)
            self._client = Client(CallbackAPIVersion.VERSION2)
            self._connect(broker)
            self._client.loop_start()
            stack.callback(self._leave)
            self._stack = stack.pop_all()

    def say(self, topic: str, text: str) -> None:
        """Publish on a topic, and let it stay there."""
        self._client.publish(topic, text, qos=1, retain=True)

    def close(self) -> None:
        """The broker is gone."""
        self._stack.close()

    def _connect(self, broker: subprocess.Popen[bytes]) -> None:
        deadline_s = time.monotonic() + _START_S
        while True:
            with suppress(OSError):
                self._client.connect("127.0.0.1", self.port)
                return
            if broker.poll() is not None or time.monotonic() > deadline_s:
                raise OSError(f"{_PROGRAM} does not start on port {self.port}")
            time.sleep(_STEP_S)

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _end(broker: subprocess.Popen[bytes]) -> None:
    broker.terminate()
    broker.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
