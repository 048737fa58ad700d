"""A camera's own clock, as the sender reports of its stream tell it (RFC 3550, 6.4.1; the demuxer's "prft" data)."""

import struct
from collections import deque
from typing import Any

_LEAST, _MOST = 15, 256  # packets the offset rests on
NEAR_MS = 500.0  # a camera whose clock is further away is not kept right, and not followed


def sent_ms(packet: Any) -> float | None:
    """When the camera says it took this picture, UTC ms by its own clock; None before its first report."""
    if not packet.has_sidedata("prft"):
        return None
    (microseconds,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
    return float(microseconds) / 1000


def with_sender_time(packet: Any, of: Any) -> Any:
    """A packet that tells the same sender time as another."""
    if of.has_sidedata("prft"):
        packet.set_sidedata(of.get_sidedata("prft"))
    return packet


class SenderClock:
    """How far a camera's clock is ahead of ours, by the packets that came with the least delay."""

    def __init__(self) -> None:
        self._ahead: deque[float] = deque(maxlen=_MOST)

    def note(self, sent: float, arrival_ms: float) -> None:
        """A packet sent at this instant of the camera's clock arrived at this instant of ours."""
        self._ahead.append(sent - arrival_ms)

    @property
    def offset_ms(self) -> float | None:
        """Positive: ahead of ours. Too low by the least delay of the way. None until enough packets came."""
        return round(max(self._ahead), 1) if len(self._ahead) >= _LEAST else None
