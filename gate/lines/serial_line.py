"""A serial port, owned alone, opened without moving DTR or RTS (some indicators reset by them)."""

import asyncio
import contextlib
import termios
from dataclasses import dataclass
from pathlib import Path

import serial

from gate.errors import LineError
from gate.lines.line import LineLost

_READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class PortSettings:
    """baud: bits per second; parity: N, E, O, M or S; stopbits: 1, 1.5 or 2."""

    path: Path
    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1


class QuietSerial(serial.Serial):  # type: ignore[misc, unused-ignore]
    """pyserial's port that leaves the modem lines as the system has them."""

    def _update_dtr_state(self) -> None:
        """Nothing: pyserial would set DTR on opening."""

    def _update_rts_state(self) -> None:
        """Nothing: pyserial would set RTS on opening."""


def open_port(settings: PortSettings) -> serial.Serial:
    """The port, exclusive and non-blocking; closing it later does not drop DTR. Raises LineLost, LineError."""
    try:
        port = QuietSerial(
            str(settings.path),
            settings.baud,
            settings.bytesize,
            settings.parity,
            settings.stopbits,
            timeout=0,
            exclusive=True,
        )
    except ValueError as error:
        raise LineError(f"{settings.path}: {error}") from error
    except (serial.SerialException, OSError) as error:
        raise LineLost(f"{settings.path}: {error}") from error
    with contextlib.suppress(termios.error):
        attributes = termios.tcgetattr(port.fileno())
        attributes[2] &= ~termios.HUPCL
        termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
    return port


class SerialLine:
    """One serial port, read when the system says bytes have come."""

    silence_limit_s: float | None = None

    def __init__(self, settings: PortSettings) -> None:
        self._settings = settings
        self._port: serial.Serial | None = None

    async def open(self) -> None:
        """Raises LineLost when the port is absent or owned by another process."""
        self._port = open_port(self._settings)

    async def receive(self) -> bytes:
        """The next bytes. Raises LineLost when the port goes away."""
        while True:
            port = self._open_port()
            try:
                data = port.read(_READ_BYTES)
            except (serial.SerialException, OSError, TypeError) as error:  # TypeError: closed while reading
                raise LineLost(f"{self._settings.path}: {error}") from error
            if data:
                return bytes(data)
            await self._readable(port.fileno())

    async def send(self, data: bytes) -> None:
        """Write all of `data`. Raises LineLost."""
        try:
            self._open_port().write(data)
        except (serial.SerialException, OSError) as error:
            raise LineLost(f"{self._settings.path}: {error}") from error

    async def close(self) -> None:
        """Close the port."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _open_port(self) -> serial.Serial:
        if self._port is None:
            raise LineLost(f"{self._settings.path}: not open")
        return self._port

    @staticmethod
    async def _readable(descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(descriptor, wake)
        try:
            await ready
        finally:
            loop.remove_reader(descriptor)
