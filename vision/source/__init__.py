"""Where pictures come from: recorded clips, clips played as live, network cameras, USB cameras."""

from collections.abc import Iterator
from typing import Protocol

from vision.errors import SourceError
from vision.facts import DeviceState
from vision.source.address import hide_credentials, parse_address
from vision.source.clock import Clock, SystemClock
from vision.source.frame import Frame, Image, Packet, Tick
from vision.source.health import Health
from vision.source.live import LiveSource
from vision.source.played import PlayedSource, clip_duration_ms
from vision.source.recorded import RecordedSource


class Source(Protocol):
    """A stream of what a camera gives: packets first, then the pictures they complete, and changes of state."""

    health: Health

    def __iter__(self) -> Iterator[Packet | Frame | DeviceState | Tick]: ...

    def close(self) -> None: ...


def open_source(
    address: str,
    *,
    device: str,
    start_ms: int,
    clock: Clock,
    stall_s: float = 5.0,
    latency_ms: int = 0,
    camera_time: bool = False,
) -> Source:
    """The source an address names.

    device: id in the site file, named in states. start_ms: for file: the instant of the first picture, for play:
    the instant a round began. latency_ms, camera_time: of network and USB cameras, see LiveSource. Raises SourceError
    when the address or a recorded clip cannot be used; a live camera that does not answer is a state, not an error.
    """
    parsed = parse_address(address)
    match parsed.kind:
        case "file":
            return RecordedSource(parsed.target, device, start_ms)
        case "play":
            return PlayedSource(parsed.target, device, start_ms, clock)
        case _:
            return LiveSource(parsed, device, clock, stall_s=stall_s, latency_ms=latency_ms, camera_time=camera_time)


__all__ = [
    "Clock",
    "Frame",
    "Health",
    "Image",
    "LiveSource",
    "Packet",
    "PlayedSource",
    "RecordedSource",
    "Source",
    "SourceError",
    "SystemClock",
    "Tick",
    "clip_duration_ms",
    "hide_credentials",
    "open_source",
    "parse_address",
]
