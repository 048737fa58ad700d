"""An indicator before a running site: one that sends by itself, one that answers, a transmitter on Modbus."""

import struct
import threading
from typing import Protocol
from urllib.parse import parse_qsl

from calibration_rigs.indicator_bytes import Speech, speech_of
from calibration_rigs.modbus_device import ModbusDevice, Unit
from gate.lines.line_end import LineEnd
from gate.scale.indicators.modbus import ModbusSettings
from gate.site.devices import Scale

LOOK_S = 0.1  # how long an answering line waits for a question before it sees whether it is to end
MOST_ASKED = 256  # bytes kept while no question is found in them


class LiveIndicator(Protocol):
    """address: under which the gate reads it."""

    address: str

    def say(self, raw: bytes) -> None:
        """Send a frame, or hold it ready for whoever asks."""
        ...

    def hush(self) -> None:
        """Say nothing any more until told otherwise."""
        ...

    def close(self) -> None:
        """Cut the line."""
        ...


def live_indicator(scale: Scale) -> LiveIndicator:
    """A line on which a scale's indicator speaks as its format does, asked as often as the scale's own address says.

    Raises ScaleError, or OSError.
    """
    line = _line(scale)
    every = dict(parse_qsl(scale.address.partition("?")[2])).get("poll_ms")
    if every is not None:
        line.address += f"{'&' if '?' in line.address else '?'}poll_ms={every}"
    return line


def _line(scale: Scale) -> LiveIndicator:
    speech = speech_of(scale)
    if speech.registers is None:
        return AnsweringLine(speech, "serial") if speech.asked else SendingLine()
    if scale.address.startswith("modbus-rtu:"):
        return AnsweringLine(speech, "modbus-rtu")
    return Transmitter(speech.registers)


class SendingLine:
    """A serial line on which frames come by themselves."""

    def __init__(self) -> None:
        self._end = LineEnd()
        self.address = f"serial:{self._end.port}?baud=9600"

    def say(self, raw: bytes) -> None:
        """See LiveIndicator."""
        self._end.send(raw)

    def hush(self) -> None:
        """See LiveIndicator: nothing is sent but what `say` is told."""

    def close(self) -> None:
        """See LiveIndicator."""
        self._end.close()


class AnsweringLine:
    """A serial line on which each question is answered with the newest frame."""

    def __init__(self, speech: Speech, kind: str) -> None:
        self._end, self._asked = LineEnd(), speech.asked
        self._latest = b""
        self._ended = threading.Event()
        self.address = f"{kind}:{self._end.port}?baud=9600"
        self._answering = threading.Thread(target=self._answer, name="answering indicator", daemon=True)
        self._answering.start()

    def say(self, raw: bytes) -> None:
        """See LiveIndicator."""
        self._latest = raw

    def hush(self) -> None:
        """See LiveIndicator."""
        self._latest = b""

    def close(self) -> None:
        """See LiveIndicator."""
        self._ended.set()
        self._answering.join()
        self._end.close()

    def _answer(self) -> None:
        heard = b""
        while not self._ended.is_set():
            heard += self._end.receive(LOOK_S)
            while self._asked in heard:
                heard = heard.partition(self._asked)[2]
                if self._latest:
                    self._end.send(self._latest)
            heard = heard[-MOST_ASKED:]


class Transmitter:
    """A Modbus TCP server whose registers hold the weight."""

    def __init__(self, settings: ModbusSettings) -> None:
        self._settings = settings
        self._device = ModbusDevice({settings.unit_id: Unit(registers=(settings.register_, settings.count))})
        kind = "tcp" if settings.framing == "tcp" else "modbus-tcp"
        self.address = f"{kind}:127.0.0.1:{self._device.port}"

    def say(self, raw: bytes) -> None:
        """See LiveIndicator. raw: the answer as a recording holds it, whose registers are taken."""
        data = raw[9:] if self._settings.framing == "tcp" else raw[3:-2]
        self._device.set_registers(
            self._settings.unit_id, self._settings.register_, struct.unpack(f">{len(data) // 2}H", data)
        )
        self._device.answer(answers=True)

    def hush(self) -> None:
        """See LiveIndicator."""
        self._device.answer(answers=False)

    def close(self) -> None:
        """See LiveIndicator."""
        self._device.close()
