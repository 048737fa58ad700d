"""Footage on disk: segments of original packets, named by the time they cover.

The directory is the index. A finished segment is "<first ms>-<last ms>.mp4" (".mkv" for what MP4 does not hold),
one being written "<first ms>.part.mp4", one that evidence rests on "<first ms>-<last ms>.keep.mp4". Inside, a
packet's time is its segment's first millisecond plus its presentation time after the segment's own start.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from vision.source import Packet

TICKS = Fraction(1, 90_000)
_NAME = re.compile(r"^(?P<first>\d+)(-(?P<last>\d+)(?P<keep>\.keep)?|(?P<part>\.part))\.(mp4|mkv)$")
_IN_MP4 = ("h264", "hevc", "mpeg4", "av1", "mjpeg")
RECORDABLE = (*_IN_MP4, "vp8", "vp9")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of footage. last_ms is None while it is being written, or was when the machine stopped."""

    path: Path
    first_ms: int
    last_ms: int | None
    kept: bool = False

    @property
    def size(self) -> int:
        """Bytes on disk, 0 when it has gone meanwhile."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def segments(directory: Path) -> list[Segment]:
    """The segments in a directory, oldest first. Files that are none are passed over."""
    found = []
    for path in directory.glob("*.m*") if directory.is_dir() else ():
        if match := _NAME.match(path.name):
            last = match["last"]
            found.append(Segment(path, int(match["first"]), int(last) if last else None, bool(match["keep"])))
    return sorted(found, key=lambda s: s.first_ms)


class SegmentWriter:
    """Writes packets into one segment, unchanged. What was written survives a crash, but for the last second."""

    def __init__(self, directory: Path, first: Packet) -> None:
        stream = first.av.stream
        self.first_ms = self.last_ms = first.t_ms
        self.connection = first.connection
        ending = "mp4" if stream.codec_context.name in _IN_MP4 else "mkv"
        self.path = directory / f"{first.t_ms}.part.{ending}"
        options = {"flush_packets": "1"}
        if ending == "mp4":
            options |= {"movflags": "empty_moov+default_base_moof+frag_keyframe", "frag_duration": "1000000"}
        self._base: Fraction = stream.time_base
        self._last_dts = -(2**62)
        self._out = av.open(str(self.path), "w", format="matroska" if ending == "mkv" else "mp4", options=options)
        self._stream = self._out.add_stream_from_template(stream, opaque=True)
        self._stream.time_base = TICKS

    def write(self, packet: Packet) -> None:
        """Append one packet. Raises OSError when the disk refuses."""
        shown = round((packet.t_ms - self.first_ms) * 90)
        delay = 0
        if packet.av.pts is not None and packet.av.dts is not None:
            delay = round((packet.av.pts - packet.av.dts) * self._base / TICKS)
        copy = retimed(packet.av, shown, max(shown - delay, self._last_dts + 1), self._stream)
        self._last_dts = copy.dts
        self._out.mux_one(copy)
        self.last_ms = max(self.last_ms, packet.t_ms)

    def close(self) -> Segment:
        """Finish the file and give it its name."""
        self._out.close()
        final = self.path.with_name(f"{self.first_ms}-{self.last_ms}{self.path.suffix}")
        self.path.rename(final)
        return Segment(final, self.first_ms, self.last_ms)

    def abandon(self) -> None:
        """Give up on a file that cannot be finished; what can be read of it stays."""
        try:
            self._out.close()
        except (av.error.FFmpegError, OSError):
            return


def retimed(packet: Any, pts: int, dts: int, stream: Any) -> Any:
    """A packet with the same bytes at another time, in 1/90000 s, for an output stream."""
    copy = av.Packet(bytes(packet))
    copy.pts, copy.dts = max(pts, dts), dts
    copy.time_base = TICKS
    copy.is_keyframe = packet.is_keyframe
    copy.stream = stream
    return copy


def recover(directory: Path) -> Iterable[Segment]:
    """Name the segments a stopped process left behind by what can be read of them; empty ones go."""
    for segment in segments(directory):
        if segment.last_ms is not None:
            continue
        last = _last_ms(segment)
        if last is None:
            segment.path.unlink(missing_ok=True)
            continue
        final = segment.path.with_name(f"{segment.first_ms}-{last}{segment.path.suffix}")
        segment.path.rename(final)
        yield Segment(final, segment.first_ms, last)


def _last_ms(segment: Segment) -> int | None:
    """The time of a segment's last readable packet."""
    last: int | None = None
    try:
        with av.open(str(segment.path)) as container:
            stream = container.streams.video[0]
            origin = stream.start_time or 0
            for packet in container.demux(stream):
                if packet.pts is not None and packet.size:
                    at = segment.first_ms + round((packet.pts - origin) * stream.time_base * 1000)
                    last = at if last is None else max(last, at)
    except (av.error.FFmpegError, OSError, IndexError):
        return last
    return last
