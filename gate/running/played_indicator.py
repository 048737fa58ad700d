"""An indicator that plays recorded bytes over a real pty, round after round, in step with a clip played as live."""

import csv
import threading
import time
from pathlib import Path

from gate.lines.line_end import LineEnd
from vision.source import Clock

TICK_S = 0.02


class PlayedIndicator:
    """Sends a recording's frames, each at its time, from `start` to `close`.

    port: the line's name, open at once. weights: CSV with at_ms and raw. round_ms: how long one round is. Bytes that
    nobody reads are lost, as on a real line.
    """

    def __init__(self, weights: Path, round_ms: int, clock: Clock) -> None:
        with weights.open(newline="") as file:
            self._frames = [(int(row["at_ms"]), bytes.fromhex(row["raw"])) for row in csv.DictReader(file)]
        self._epoch_ms, self._round_ms, self._clock = 0, round_ms, clock
        self._ended = threading.Event()
        self._sender = threading.Thread(target=self._send, name="played indicator", daemon=True)
        self._line = LineEnd()
        self.port = self._line.port

    def start(self, epoch_ms: int) -> None:
        """Begin to send; the first round began at `epoch_ms`."""
        self._epoch_ms = epoch_ms
        self._sender.start()

    def close(self) -> None:
        """End: the line is cut."""
        self._ended.set()
        if self._sender.is_alive():
            self._sender.join()
        self._line.close()

    def _send(self) -> None:
        sent_ms = self._clock.now_ms() - self._epoch_ms
        while not self._ended.is_set():
            time.sleep(TICK_S)
            now_ms = self._clock.now_ms() - self._epoch_ms
            for data in self._between(sent_ms, now_ms):
                self._line.send(data)
            sent_ms = now_ms

    def _between(self, after_ms: int, until_ms: int) -> list[bytes]:
        """Frames due in a stretch of time shorter than a round, oldest first."""
        rounds = range(after_ms // self._round_ms, until_ms // self._round_ms + 1)
        due = ((r * self._round_ms + at_ms, data) for r in rounds for at_ms, data in self._frames)
        return [data for at_ms, data in due if after_ms < at_ms <= until_ms]
