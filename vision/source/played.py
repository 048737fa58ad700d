"""A recorded clip played as if it were a live camera, in a loop, in step with a clock."""

import time
from collections.abc import Iterator

import av

from vision.errors import SourceError
from vision.facts import DeviceState
from vision.source.clock import Clock
from vision.source.decode import Decoder
from vision.source.frame import Frame, Packet, Tick
from vision.source.health import Health
from vision.source.recorded import open_container

_LATE_MS = 2000  # further behind than this, the position is sought anew


def clip_duration_ms(path: str) -> int:
    """How long one round of a played clip takes; a simulator that keeps step uses the same number."""
    container, stream = open_container(path, f"play:{path}")
    try:
        if stream.duration is not None:
            seconds = float(stream.duration * stream.time_base)
            return round(seconds * 1000)
        if container.duration is not None:
            return int(container.duration // 1000)
        raise SourceError(f"play:{path}: does not say how long it is; expected a clip with a duration, such as MP4")
    finally:
        container.close()


class PlayedSource:
    """A clip whose position is always (now − epoch) modulo its duration."""

    def __init__(self, path: str, device: str, epoch_ms: int, clock: Clock) -> None:
        self._path, self._device, self._epoch_ms, self._clock = path, device, epoch_ms, clock
        self._duration_ms = clip_duration_ms(path)
        if self._duration_ms < 1:
            raise SourceError(f"play:{path}: is empty")
        self._closed = False
        self._index = self._round = 0
        self._last = -(2**62)
        self.health = Health()

    def __iter__(self) -> Iterator[Packet | Frame | DeviceState | Tick]:
        yield DeviceState(self._clock.now_ms(), self._device, "ok")
        while not self._closed:
            yield from self._once()

    def close(self) -> None:
        """Stop playing."""
        self._closed = True

    def _once(self) -> Iterator[Packet | Frame | Tick]:
        """From where the clip stands now to its end, or until it falls too far behind."""
        now = self._clock.now_ms()
        loop_ms = now - (now - self._epoch_ms) % self._duration_ms
        container, stream = open_container(self._path, f"play:{self._path}")
        self._round += 1
        try:
            decoder = Decoder(stream)
            first = decoder.time_ms(stream.start_time) or 0.0
            if now - loop_ms > 500:
                container.seek(int((now - loop_ms + first) / 1000 / float(stream.time_base)), stream=stream)
            for packet in container.demux(stream):
                if packet.dts is not None:
                    due = loop_ms + round((decoder.time_ms(packet.dts) or 0.0) - first)
                    yield from self._wait(due)
                    if self._closed or (due > now and self._clock.now_ms() - due > _LATE_MS):
                        return
                    stamp = packet.dts if packet.pts is None else packet.pts
                    shown = loop_ms + round((decoder.time_ms(stamp) or 0.0) - first)
                    yield Packet(shown, packet.is_keyframe, self._round, packet)
                yield from self._frames(decoder, packet if packet.size else None, loop_ms - first, now)
            yield from self._wait(loop_ms + self._duration_ms)
        except (av.error.FFmpegError, OSError) as error:
            raise SourceError(f"play:{self._path}: {error}") from error
        finally:
            self.health.decode_errors += decoder.errors
            container.close()

    def _frames(self, decoder: Decoder, packet: object, offset_ms: float, from_ms: int) -> Iterator[Frame]:
        for video in decoder.decode(packet):
            pts = decoder.time_ms(video.pts)
            t_ms = round((pts or 0.0) + offset_ms)
            if t_ms < from_ms - 40 or t_ms <= self._last:
                continue
            self._last = t_ms
            self.health.frame(t_ms)
            yield Frame(video, t_ms, self._index, pts_ms=pts or 0.0, keyframe=bool(video.key_frame))
            self._index += 1

    def _wait(self, due_ms: int) -> Iterator[Tick]:
        """Sleep until an instant, with a tick every so often."""
        while not self._closed and (left := due_ms - self._clock.now_ms()) > 0:
            time.sleep(min(left, 200) / 1000)
            if left > 200:
                yield Tick(self._clock.now_ms())
