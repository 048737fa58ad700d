"""Hand scanners: bytes from a line, one code to each line of text."""

from gate.tickets.ticket import PREFIX

LONGEST = 2_048  # characters of a code; more without an end of line is noise


class ScannedLines:
    """Takes bytes in any pieces and gives the tickets' codes in them; other codes are passed over.

    Scanners end a code by CR, LF or both, and may put STX and ETX around it.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Take the next bytes."""
        *lines, rest = (self._rest + data).replace(b"\r", b"\n").replace(b"\x03", b"\n").split(b"\n")
        self._rest = rest[-LONGEST:]
        texts = (line.strip(b"\x02 \t").decode("ascii", "replace") for line in lines)
        return [text for text in texts if text.startswith(PREFIX) and len(text) <= LONGEST]
