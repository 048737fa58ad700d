"""A worker's line to its site: facts are never lost, pictures never hold up the gate."""

import contextlib
import queue
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

from vision.messages import FromWorker, LiveBegin, LiveFragment, ToWorker

_MOST_FRAGMENTS = 60  # waiting to be sent; beyond it pictures are left out up to the next key frame


class Line:
    """Both directions of a pipe, each in a thread of its own. gone: the other side has ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._out: queue.Queue[FromWorker | None] = queue.Queue()
        self._in: queue.Queue[ToWorker] = queue.Queue()
        self._fragments = 0
        self._needs_key = False
        self._count = threading.Lock()
        self.gone = False
        self._sender = threading.Thread(target=self._send_all, name="line out", daemon=True)
        self._sender.start()
        threading.Thread(target=self._receive_all, name="line in", daemon=True).start()

    def send(self, message: FromWorker) -> None:
        """Hand a message over; returns at once."""
        if isinstance(message, LiveBegin):
            self._needs_key = False
        if isinstance(message, LiveFragment):
            with self._count:
                full = self._fragments >= _MOST_FRAGMENTS
            if full or (self._needs_key and not message.fragment.keyframe):
                self._needs_key = True
                return
            self._needs_key = False
            with self._count:
                self._fragments += 1
        self._out.put(message)

    def received(self) -> Iterator[ToWorker]:
        """What came since the last call."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._in.get_nowait()

    def close(self, wait_s: float = 5.0) -> None:
        """Send what is left, then hang up."""
        self._out.put(None)
        self._sender.join(wait_s)
        self._connection.close()

    def _send_all(self) -> None:
        while (message := self._out.get()) is not None:
            try:
                self._connection.send(message)
            except (OSError, ValueError):
                self.gone = True
                return
            if isinstance(message, LiveFragment):
                with self._count:
                    self._fragments -= 1

    def _receive_all(self) -> None:
        try:
            while True:
                self._in.put(self._connection.recv())
        except (EOFError, OSError):
            self.gone = True
