"""A recorded clip, read as fast as it can be consumed."""

from collections.abc import Iterator
from typing import Any

import av

from vision.errors import SourceError
from vision.facts import DeviceState
from vision.source.address import hide_credentials
from vision.source.decode import Decoder
from vision.source.frame import Frame, Packet, Tick
from vision.source.health import Health


def open_container(target: str, shown: str, **how: Any) -> tuple[Any, Any]:
    """An opened container and its video stream. Raises SourceError."""
    try:
        container = av.open(target, **how)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{shown}: cannot be opened as video: {hide_credentials(str(error))}") from error
    if not container.streams.video:
        container.close()
        raise SourceError(f"{shown}: has no video stream")
    return container, container.streams.video[0]


class RecordedSource:
    """A clip from its beginning to its end; its first picture is at start_ms.

    The same file gives the same items each time. A clip cut short or damaged is read as far as it goes: the last
    item is the state "ended", and its numbers count pictures and damaged ones.
    """

    def __init__(self, path: str, device: str, start_ms: int) -> None:
        self._device, self._start_ms, self._path = device, start_ms, path
        self._container, self._stream = open_container(path, f"file:{path}")
        self._closed = False
        self.health = Health()

    def __iter__(self) -> Iterator[Packet | Frame | DeviceState | Tick]:
        stream = self._stream
        decoder = Decoder(stream)
        step_ms = 1000 / float(stream.average_rate or 25)
        origin = decoder.time_ms(stream.start_time)
        last, index, broken = self._start_ms - 1, 0, ""
        packets = self._container.demux(stream)
        while not self._closed:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                broken, packet = str(error), None
            stamp = None if packet is None or packet.dts is None else decoder.time_ms(packet.pts)
            origin = stamp if origin is None else origin
            if packet is not None and packet.dts is not None:
                at = self._start_ms + round((stamp if stamp is not None else index * step_ms) - (origin or 0))
                yield Packet(at, packet.is_keyframe, 0, packet)
            for video in decoder.decode(packet if packet is not None and packet.size else None):
                pts = decoder.time_ms(video.pts)
                t_ms = self._start_ms + round(pts - (origin or 0)) if pts is not None else last + round(step_ms)
                last = max(t_ms, last + 1)
                if index == 0:
                    yield DeviceState(last, self._device, "ok")
                self.health.frame(last)
                yield Frame(video, last, index, pts_ms=pts or 0.0, keyframe=bool(video.key_frame))
                index += 1
            if packet is None or packet.size == 0:
                break
        self.health.decode_errors = decoder.errors
        numbers = {"frames": float(index), "damaged": float(decoder.errors)}
        yield DeviceState(max(last, self._start_ms), self._device, "ended", broken, numbers)
        self.close()

    def close(self) -> None:
        """Stop reading; the file is released."""
        if not self._closed:
            self._closed = True
            self._container.close()
