"""Clips out of footage, from the key frame before the wanted start, without decoding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from vision.errors import SourceError
from vision.record.segment import TICKS, Segment, retimed, segments


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was cut. start_ms: the instant of its first picture. gaps: stretches without footage (from, to)."""

    path: Path
    start_ms: int
    end_ms: int
    packets: int
    gaps: tuple[tuple[int, int], ...] = ()


_GAP_MS = 1500


def cut(directory: Path, start_ms: int, end_ms: int, folder: Path, name: str) -> Clip:
    """Write the original packets of a stretch of time to a file in `folder`: `name`.mp4, or .mkv as the footage is.

    Begins at the last key frame at or before start_ms, or the first there is. The clip ends where the picture's
    size or codec changes. Raises SourceError when there is no footage of that time.
    """
    chosen = [s for s in segments(directory) if s.first_ms <= end_ms and (s.last_ms is None or s.last_ms >= start_ms)]
    path = folder / f"{name}{chosen[0].path.suffix if chosen else '.mp4'}"
    part = path.with_name(f".{path.name}")
    writer: _ClipWriter | None = None
    try:
        for segment in chosen:
            with av.open(str(segment.path)) as container:
                stream = container.streams.video[0]
                if writer is None:
                    writer = _ClipWriter(part, stream, path.suffix)
                elif not writer.fits(stream):
                    break
                for t_ms, packet in _from_key_frame(segment, container, stream, start_ms, end_ms):
                    writer.write(t_ms, packet)
        if writer is None or writer.start_ms is None:
            raise SourceError(f"{directory}: no footage between {start_ms} and {end_ms} ms")
        writer.close()
        part.replace(path)
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{path}: clip could not be cut: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return Clip(path, writer.start_ms, writer.end_ms, writer.packets, tuple(writer.gaps))


class _ClipWriter:
    """Packets of several segments into one file, its time beginning at the first."""

    def __init__(self, path: Path, stream: Any, suffix: str) -> None:
        matroska = suffix == ".mkv"
        options = {} if matroska else {"movflags": "faststart"}
        self._out = av.open(str(path), "w", format="matroska" if matroska else "mp4", options=options)
        self._stream = self._out.add_stream_from_template(stream, opaque=True)
        self._stream.time_base = TICKS
        self._kind = _kind(stream)
        self._last_dts = -(2**62)
        self.start_ms: int | None = None
        self.end_ms = 0
        self.packets = 0
        self.gaps: list[tuple[int, int]] = []

    def fits(self, stream: Any) -> bool:
        """Whether packets of this stream can follow those already written."""
        return _kind(stream) == self._kind

    def write(self, t_ms: int, packet: Any) -> None:
        if self.start_ms is None:
            self.start_ms = self.end_ms = t_ms
        if t_ms - self.end_ms > _GAP_MS:
            self.gaps.append((self.end_ms, t_ms))
        shown = (t_ms - self.start_ms) * 90
        delay = round((packet.pts - packet.dts) * packet.time_base / TICKS) if packet.dts is not None else 0
        copy = retimed(packet, shown, max(shown - delay, self._last_dts + 1), self._stream)
        self._last_dts = copy.dts
        self._out.mux_one(copy)
        self.end_ms = max(self.end_ms, t_ms)
        self.packets += 1

    def close(self) -> None:
        self._out.close()


def _kind(stream: Any) -> tuple[str, int, int, bytes]:
    context = stream.codec_context
    return context.name, stream.width, stream.height, bytes(context.extradata or b"")


def _from_key_frame(
    segment: Segment, container: Any, stream: Any, start_ms: int, end_ms: int
) -> Iterator[tuple[int, Any]]:
    """(UTC ms, packet) of a segment from the last key frame not after start_ms to the last decoded by end_ms."""
    origin = stream.start_time or 0
    waiting: list[tuple[int, Any]] = []
    begun = False
    for packet in container.demux(stream):
        if packet.pts is None or not packet.size:
            continue
        t_ms = segment.first_ms + round((packet.pts - origin) * stream.time_base * 1000)
        if packet.is_keyframe:
            if t_ms > end_ms:
                return
            if not begun and t_ms <= start_ms:
                waiting.clear()
        if not begun and t_ms < start_ms:
            waiting.append((t_ms, packet))
            continue
        begun = True
        yield from waiting
        waiting.clear()
        decoded_ms = t_ms if packet.dts is None else t_ms - (packet.pts - packet.dts) * stream.time_base * 1000
        if decoded_ms > end_ms:
            return
        yield t_ms, packet
