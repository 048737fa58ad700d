"""What an indicator says in one frame, and the interface every wire format stands behind."""

from dataclasses import dataclass
from typing import Protocol

STATUS_KEYS = ("kg", "net", "stable", "motion", "overload", "status")


@dataclass(frozen=True, slots=True)
class Reading:
    """One valid frame.

    kg: the weight shown, in kilograms; None for a frame without one (busy, an error, a tare).
    net, stable, motion, overload: None where the format, or this frame, does not tell.
    status: the format's own status text, None where it has none. tare_kg: the tare, where the frame carries it.
    raw: the frame's bytes as they came.
    """

    kg: float | None
    net: bool | None = None
    stable: bool | None = None
    motion: bool | None = None
    overload: bool | None = None
    status: str | None = None
    tare_kg: float | None = None
    raw: bytes = b""

    def public(self) -> dict[str, float | bool | str | None]:
        """The fields that `gatewarden scale decode` prints, in their order."""
        return {key: getattr(self, key) for key in STATUS_KEYS}


class Indicator(Protocol):
    """An incremental parser of one wire format; any chunking of the same bytes gives the same readings."""

    @property
    def rejected(self) -> int:
        """Frames refused so far: stretches of bytes, none longer than a frame, that are no valid frame."""
        ...

    @property
    def poll(self) -> bytes:
        """What must be sent to be told a weight; empty for indicators that send by themselves."""
        ...

    def feed(self, data: bytes) -> list[Reading]:
        """Readings of the frames that became complete with `data`, oldest first."""
        ...

    def finish(self) -> list[Reading]:
        """No more bytes will come: readings that waited for one, and the rest counted as rejected."""
        ...
