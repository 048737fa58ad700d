"""What a line to an indicator can do."""

from typing import Protocol

from gate.errors import LineError


class LineLost(LineError):  # noqa: N818 - a state of the line, not a mistake of a caller
    """The line cannot be opened, or broke; its text says why. Trying again later may help."""


class Line(Protocol):
    """Bytes from, and to, one indicator. One owner at a time; `close` may be called at any time, twice too."""

    silence_limit_s: float | None
    """After this long without bytes the line is taken as broken and opened anew; None: silence says nothing."""

    async def open(self) -> None:
        """Raises LineLost."""
        ...

    async def receive(self) -> bytes:
        """The next bytes, as soon as there are any. Raises LineLost."""
        ...

    async def send(self, data: bytes) -> None:
        """Raises LineLost."""
        ...

    async def close(self) -> None:
        """Give the line back."""
        ...
