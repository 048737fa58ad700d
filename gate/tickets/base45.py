"""Base45 (RFC 9285): bytes as text of QR's alphanumeric alphabet, 3 characters for 2 bytes."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {c: i for i, c in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """The text of any bytes."""
    out = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            out.append(ALPHABET[digit])
    return "".join(out)


def decode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for anything `encode` does not write."""
    if len(text) % 3 == 1:
        raise ValueError("base45: one character is left over")
    out = bytearray()
    for at in range(0, len(text), 3):
        digits = text[at : at + 3]
        try:
            number = sum(_VALUE[c] * 45**i for i, c in enumerate(digits))
        except KeyError as error:
            raise ValueError(f"base45: character {error.args[0]!r} is not of its alphabet") from error
        try:
            out += number.to_bytes(len(digits) - 1, "big")
        except OverflowError as error:
            raise ValueError(f"base45: {digits!r} is no pair of bytes") from error
    return bytes(out)
