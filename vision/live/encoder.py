"""The live stream of one camera: encoded once, in fragments a browser plays as they come."""

import io
import struct
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

_KEY_EVERY_MS = 1000


@dataclass(frozen=True, slots=True)
class Fragment:
    """One picture of the live stream: a moof and its mdat. A viewer begins at a key frame, after the init segment."""

    data: bytes
    keyframe: bool
    t_ms: int


class LiveEncoder:
    """Pictures in, fragmented MP4 out. One picture of delay; a key frame every second.

    mime: for MediaSource.addSourceBuffer. init: the bytes that go before the first fragment.
    """

    def __init__(self, width: int, height: int, *, rate: int = 15, kbit_per_s: int = 2500) -> None:
        self._sink = _Sink()
        flags = "empty_moov+default_base_moof+frag_every_frame"
        self._out = av.open(self._sink, "w", format="mp4", options={"movflags": flags})
        options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "crf": "25",
            "forced-idr": "1",
            "x264-params": f"keyint={max(rate, 1) * 4}:scenecut=0:threads=1:vbv-maxrate={kbit_per_s}"
            f":vbv-bufsize={kbit_per_s}",
        }
        self._stream = self._out.add_stream("libx264", rate=rate, options=options)
        self.width, self.height = width // 2 * 2, height // 2 * 2
        self._stream.width, self._stream.height = self.width, self.height
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, 1000)
        self._first_ms: int | None = None
        self._last_ms = self._key_ms = -(2**62)
        self._sent: deque[tuple[bool, int]] = deque()
        self._out.start_encoding()
        self.init = self._sink.take()
        sps = _sequence_parameters(bytes(self._stream.codec_context.extradata))
        self.mime = f'video/mp4; codecs="avc1.{sps.hex()}"'

    def encode(self, picture: NDArray[np.uint8], t_ms: int) -> list[Fragment]:
        """Encode a BGR picture of an instant; times must rise, others are passed over."""
        if t_ms <= self._last_ms:
            return []
        if self._first_ms is None:
            self._first_ms = t_ms
        self._last_ms = t_ms
        planes = cv2.cvtColor(picture[: self.height, : self.width], cv2.COLOR_BGR2YUV_I420)
        frame = av.VideoFrame.from_numpy_buffer(planes, format="yuv420p")
        frame.pts, frame.time_base = t_ms - self._first_ms, Fraction(1, 1000)
        if t_ms - self._key_ms >= _KEY_EVERY_MS:
            self._key_ms = t_ms
            frame.pict_type = PictureType.I
        for packet in self._stream.encode(frame):
            self._sent.append((packet.is_keyframe, t_ms))
            self._out.mux_one(packet)
        return self._fragments()

    def close(self) -> list[Fragment]:
        """End the stream; gives what was still inside."""
        self._out.close()
        return self._fragments()

    def _fragments(self) -> list[Fragment]:
        data = self._sink.take()
        out = []
        for start, end in _fragment_bounds(data):
            keyframe, t_ms = self._sent.popleft()
            out.append(Fragment(data[start:end], keyframe, t_ms))
        return out


class _Sink(io.RawIOBase):
    """Where the muxer writes; it cannot be sought in."""

    def __init__(self) -> None:
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        data = bytes(self._data)
        self._data.clear()
        return data


def _fragment_bounds(data: bytes) -> list[tuple[int, int]]:
    """Where each moof begins and its mdat ends."""
    bounds, at, start = [], 0, None
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"moof":
            start = at
        at += max(size, 8)
        if kind == b"mdat" and start is not None:
            bounds.append((start, at))
            start = None
    return bounds


def _sequence_parameters(extradata: bytes) -> bytes:
    """Profile, constraints and level out of H.264 headers, Annex B or avcC (RFC 6381, 3.3)."""
    if extradata[:1] == b"\x01":
        return extradata[1:4]
    at = extradata.index(b"\x00\x00\x01") + 4
    return extradata[at : at + 3]
