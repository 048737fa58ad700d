"""The recorder of one camera: original packets into segments, for as long as there is room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av

from vision.facts import DeviceState
from vision.record.retention import Retention, free_bytes, sweep
from vision.record.segment import RECORDABLE, Segment, SegmentWriter, recover
from vision.source import Packet

_LOOK_MS = 60_000  # between looks at age and space
_ROOM = 256 << 20  # made at once when the disk is full
_RETRY_MS = 10_000


class Recorder:
    """Takes every packet of one camera, in order.

    Age and space are limits of this camera's own footage; on a full disk the oldest of all cameras beside it goes.
    States it returns, of device "<camera>/footage": "recording" (also each time footage was deleted, with how much),
    "storage_full" (the disk refuses; recording goes on as soon as there is room) and "storage_short" (limits
    exceeded, and all that is left is kept as evidence).
    """

    def __init__(
        self,
        directory: Path,
        device: str,
        limits: Retention,
        *,
        segment_ms: int = 60_000,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.directory = directory
        self._device, self._limits, self._segment_ms, self._free = device, limits, segment_ms, free
        self._writer: SegmentWriter | None = None
        self._state = ""
        self._looked_ms = self._failed_ms = -(2**62)
        directory.mkdir(parents=True, exist_ok=True)
        list(recover(directory))

    def write(self, packet: Packet) -> Iterator[DeviceState]:
        """Record one packet; yields what changed."""
        if packet.av.stream.codec_context.name not in RECORDABLE:
            return
        try:
            self._roll(packet)
            if self._writer is not None:
                self._writer.write(packet)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            yield from self._full(packet.t_ms, error)
            return
        if self._writer is not None and packet.t_ms - self._looked_ms >= _LOOK_MS:
            self._looked_ms = packet.t_ms
            yield from self._look(packet.t_ms)

    def close(self) -> Segment | None:
        """Finish the segment being written."""
        writer, self._writer = self._writer, None
        if writer is None:
            return None
        try:
            return writer.close()
        except (av.error.FFmpegError, OSError):
            return None

    def _roll(self, packet: Packet) -> None:
        """Begin a segment where one is due: always at a key frame."""
        if self._writer is not None:
            old = packet.t_ms - self._writer.first_ms >= self._segment_ms
            if self._writer.connection != packet.connection or (old and packet.keyframe):
                self.close()
        if self._writer is None and packet.keyframe and packet.t_ms - self._failed_ms >= _RETRY_MS:
            self._writer = SegmentWriter(self.directory, packet)

    def _look(self, now_ms: int) -> Iterator[DeviceState]:
        swept = sweep(self.directory, now_ms, self._limits, free=self._free)
        state = "storage_short" if swept.short_bytes else "recording"
        if state != self._state or swept.deleted:
            self._state = state
            detail = "the rest is kept as evidence" if swept.short_bytes else ""
            numbers = {
                "deleted": float(swept.deleted),
                "freed_bytes": float(swept.freed_bytes),
                "left_bytes": float(swept.left_bytes),
                "kept_bytes": float(swept.kept_bytes),
            }
            yield DeviceState(now_ms, f"{self._device}/footage", state, detail, numbers)

    def _full(self, now_ms: int, error: Exception) -> Iterator[DeviceState]:
        """The disk refused: let the oldest ordinary footage go and begin again at the next key frame."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        list(recover(self.directory))
        swept = sweep(self.directory.parent, now_ms, self._limits, need_bytes=_ROOM, free=self._free)
        if not swept.deleted:
            self._failed_ms = now_ms
        if self._state != "storage_full" or swept.deleted:
            self._state = "storage_full"
            self._looked_ms = now_ms - _LOOK_MS + 1000
            numbers = {"deleted": float(swept.deleted), "freed_bytes": float(swept.freed_bytes)}
            yield DeviceState(now_ms, f"{self._device}/footage", "storage_full", str(error), numbers)
