"""An indicator, or a serial server in front of one, reached over TCP."""

import asyncio
import contextlib

from gate.lines.line import LineLost

CONNECT_S = 5.0
_READ_BYTES = 4096


class TcpLine:
    """One TCP connection. A peer that vanished without a word is noticed by its silence."""

    silence_limit_s: float | None = 15.0

    def __init__(self, host: str, port: int) -> None:
        self._where = f"{host}:{port}"
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect. Raises LineLost."""
        try:
            connecting = asyncio.open_connection(self._host, self._port)
            self._reader, self._writer = await asyncio.wait_for(connecting, CONNECT_S)
        except (OSError, TimeoutError) as error:
            raise LineLost(f"{self._where}: {error or 'no answer'}") from error

    async def receive(self) -> bytes:
        """The next bytes. Raises LineLost when the peer closes."""
        if self._reader is None:
            raise LineLost(f"{self._where}: not open")
        try:
            data = await self._reader.read(_READ_BYTES)
        except OSError as error:
            raise LineLost(f"{self._where}: {error}") from error
        if not data:
            raise LineLost(f"{self._where}: closed by the other side")
        return data

    async def send(self, data: bytes) -> None:
        """Write all of `data`. Raises LineLost."""
        if self._writer is None:
            raise LineLost(f"{self._where}: not open")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise LineLost(f"{self._where}: {error}") from error

    async def close(self) -> None:
        """Disconnect."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
