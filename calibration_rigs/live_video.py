"""Pictures as a network camera sends them: H.264 without delay, cut into RTP packets (RFC 3550, RFC 6184)."""

import base64
import struct
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

PAYLOAD_TYPE = 96
CLOCK_HZ = 90_000
MOST_BYTES = 1_400  # of one packet's payload
_SPS, _PPS, _FRAGMENT = 7, 8, 28
_NTP_EPOCH_S = 2_208_988_800  # of 1970 since 1900


@dataclass(frozen=True, slots=True)
class Coded:
    """One coded picture. units: its NAL units without start codes; t_ms: when it was taken, UTC."""

    t_ms: int
    key: bool
    units: tuple[bytes, ...]


class Coder:
    """Codes one camera's pictures. rate: pictures a second, for the coder's own planning."""

    def __init__(self, size: tuple[int, int], rate: float, crf: int = 20) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = *size, "yuv420p"
        context.framerate = Fraction(rate).limit_denominator(1000)
        context.time_base = Fraction(1, 1000)
        context.options = {
            "crf": str(crf), "preset": "veryfast", "tune": "zerolatency", "g": str(max(1, round(2 * rate))),
            "threads": "1", "x264-params": "repeat-headers=1:slices=1",
        }  # fmt: skip
        self._context = context
        self._first_ms: int | None = None

    def code(self, picture: NDArray[np.uint8], t_ms: int, key: bool = False) -> Coded:
        """One BGR picture taken at t_ms, later than the last. key: viewers must be able to begin with it."""
        self._first_ms = t_ms if self._first_ms is None else self._first_ms
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = t_ms - self._first_ms
        frame.pict_type = PictureType.I if key else PictureType.NONE
        packets = self._context.encode(frame)
        data = b"".join(bytes(p) for p in packets)
        return Coded(t_ms, any(p.is_keyframe for p in packets), nal_units(data))


def nal_units(data: bytes) -> tuple[bytes, ...]:
    """The NAL units of an Annex B byte stream, without start codes."""
    parts = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return tuple(p for p in parts if p)


def parameter_sets(coded: Coded) -> tuple[bytes, bytes] | None:
    """Sequence and picture parameters of a key picture, None where it has none."""
    sps = next((u for u in coded.units if u[0] & 31 == _SPS), None)
    pps = next((u for u in coded.units if u[0] & 31 == _PPS), None)
    return None if sps is None or pps is None else (sps, pps)


def description(name: str, sps: bytes, pps: bytes) -> str:
    """The session description (SDP) of a stream."""
    sets = ",".join(base64.b64encode(s).decode() for s in (sps, pps))
    return "\r\n".join(
        [
            "v=0",
            "o=- 0 0 IN IP4 0.0.0.0",
            f"s={name}",
            "c=IN IP4 0.0.0.0",
            "t=0 0",
            "a=control:*",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}",
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex()};sprop-parameter-sets={sets}",
            "a=control:track0",
            "",
        ]
    )


class Packets:
    """Cuts one viewer's pictures into RTP packets, numbered in order."""

    def __init__(self, source: int) -> None:
        self._source, self._number = source, 0
        self._sent = self._octets = 0

    def of(self, coded: Coded) -> list[bytes]:
        """The packets of one picture; the last one carries the marker."""
        bodies = [body for unit in coded.units for body in fragments(unit)]
        return [self._packet(body, coded.t_ms, i == len(bodies) - 1) for i, body in enumerate(bodies)]

    def report(self, t_ms: int) -> bytes:
        """A sender report (RTCP): what the stream's time is in UTC."""
        seconds, rest = divmod(t_ms, 1000)
        ntp = ((seconds + _NTP_EPOCH_S) << 32) + (rest << 32) // 1000
        return struct.pack(">BBHIQIII", 0x80, 200, 6, self._source, ntp, _stamp(t_ms), self._sent, self._octets)

    def _packet(self, body: bytes, t_ms: int, last: bool) -> bytes:
        head = struct.pack(
            ">BBHII", 0x80, PAYLOAD_TYPE | 0x80 * last, self._number & 0xFFFF, _stamp(t_ms), self._source
        )
        self._number += 1
        self._sent = (self._sent + 1) & 0xFFFFFFFF
        self._octets = (self._octets + len(body)) & 0xFFFFFFFF
        return head + body


def fragments(unit: bytes, most: int = MOST_BYTES) -> list[bytes]:
    """A NAL unit as RTP payloads: itself where it fits, else fragments of type FU-A."""
    if len(unit) <= most:
        return [unit]
    indicator, kind, body = (unit[0] & 0xE0) | _FRAGMENT, unit[0] & 31, unit[1:]
    step = most - 2
    starts = range(0, len(body), step)
    return [
        bytes([indicator, kind | 0x80 * (at == 0) | 0x40 * (at + step >= len(body))]) + body[at : at + step]
        for at in starts
    ]


def _stamp(t_ms: int) -> int:
    return t_ms * (CLOCK_HZ // 1000) & 0xFFFFFFFF
