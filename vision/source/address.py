"""Camera addresses: what they name, and how they are written where people read them."""

import re
from dataclasses import dataclass
from typing import Literal

from vision.errors import SourceError

Kind = Literal["file", "play", "rtsp", "usb"]
EXPECTED = "rtsp://…, rtsps://…, rtsp+udp://…, file:clip.mp4, play:clip.mp4 or usb:0"


@dataclass(frozen=True, slots=True)
class Address:
    """One parsed address. target: a path, a URL FFmpeg understands, or a device number."""

    kind: Kind
    target: str
    transport: str = "tcp"

    @property
    def shown(self) -> str:
        """The address without user and password, fit for logs and messages."""
        return hide_credentials(self.target if self.kind == "rtsp" else f"{self.kind}:{self.target}")


def parse_address(text: str) -> Address:
    """Take an address apart. Raises SourceError, without credentials in its text."""
    scheme, _, rest = text.partition(":")
    if scheme in ("rtsp", "rtsps") and rest.startswith("//") and len(rest) > 2:
        return Address("rtsp", text)
    if scheme == "rtsp+udp" and rest.startswith("//") and len(rest) > 2:
        return Address("rtsp", f"rtsp:{rest}", "udp")
    if scheme in ("file", "play") and rest:
        return Address("file" if scheme == "file" else "play", rest)
    if scheme == "usb" and rest.isdecimal():
        return Address("usb", rest)
    raise SourceError(f"camera address {hide_credentials(text)!r}: expected {EXPECTED}")


def hide_credentials(text: str) -> str:
    """A text in which no URL carries a user name or password."""
    return re.sub(r"(\w+://)[^/\s]*@", r"\1", text)
