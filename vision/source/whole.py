"""Whole pictures out of packets that may be parts of one.

A camera that sends a key frame in several slices, with its parameter sets before each, makes a demuxer take every
slice for a picture of its own. Parts of one picture carry one time stamp; how many there are is learnt, so that a
picture need not wait for the next one to be known as whole.
"""

from typing import Any

import av

from vision.source.sender import with_sender_time


class Whole:
    """Joins packets of one stream that are parts of one picture.

    A picture is given on once it has as many parts as the last one of its kind (key frame or not), or when the next
    begins; the first of each kind waits for the next.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._arrival_ms = 0
        self._stamp: int | None = None  # of the picture whose parts came last
        self._given = 0  # parts of that picture that were given on already
        self._usual: dict[bool, int] = {}
        self._begun = False  # a connection may begin in the middle of a picture: its first is not counted

    def add(self, packet: Any, arrival_ms: int) -> list[tuple[Any, int]]:
        """Take the next packet; the pictures that are whole by then, each with when its first part came, UTC ms."""
        out = []
        goes_on = packet.pts is not None and packet.pts == self._stamp
        if self._parts and not goes_on:
            out.append(self._take())
        if not goes_on:
            self._begun = self._begun or self._stamp is not None
            self._stamp, self._given = packet.pts, 0
        if not self._parts:
            self._arrival_ms = arrival_ms
        self._parts.append(packet)
        usual = self._usual.get(bool(self._parts[0].is_keyframe))
        if self._given or (usual is not None and len(self._parts) >= usual):
            out.append(self._take())
        return out

    def _take(self) -> tuple[Any, int]:
        parts, self._parts = self._parts, []
        self._given += len(parts)
        if self._begun:
            self._usual[bool(parts[0].is_keyframe)] = self._given
        return (parts[0] if len(parts) == 1 else _joined(parts)), self._arrival_ms


def _joined(parts: list[Any]) -> Any:
    """One packet of several, their bytes one after the other as they came."""
    first = parts[0]
    whole = av.Packet(b"".join(bytes(p) for p in parts))
    whole.pts, whole.dts, whole.time_base = first.pts, first.dts, first.time_base
    whole.is_keyframe = first.is_keyframe
    whole.stream = first.stream
    return with_sender_time(whole, first)
