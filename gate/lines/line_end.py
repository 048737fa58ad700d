"""The far end of a serial line, as a device holds it: a real pty on whose other end the gate reads."""

import contextlib
import os
import select
import tty


class LineEnd:
    """Open at once, closed by `close`. port: the name under which the gate opens its end."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._ours)
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.port = os.ttyname(self._theirs)

    def send(self, data: bytes) -> None:
        """Bytes that nobody reads are lost, as on a real line."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, data)

    def receive(self, within_s: float) -> bytes:
        """What the gate has sent, as soon as there is something; empty after within_s without."""
        if not select.select([self._ours], [], [], within_s)[0]:
            return b""
        return os.read(self._ours, 4096)

    def close(self) -> None:
        """The line is cut."""
        os.close(self._ours)
        os.close(self._theirs)
