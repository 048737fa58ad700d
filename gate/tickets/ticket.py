"""A lift ticket and the notice that voids one, and their signed compact form: "GW1:" and base45 text.

Bytes: version and kind (1) · first 4 bytes of the issuer's key · fields · Ed25519 signature over all before (64).
A field is an unsigned LEB128 number, or a UTF-8 text with its length in front. A ticket takes about 200 characters,
a QR code of version 8 with 15 % error correction.
"""

import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.errors import TicketError
from gate.tickets import base45

PREFIX = "GW1:"
_TICKET, _VOID = 0x11, 0x12  # version 1; kind
_SIGNATURE_BYTES = 64
_KEY_HINT_BYTES = 4
_TEXT_LIMIT = 64  # bytes of one text field
_KG_LIMIT = 1_000_000
_TIME_LIMIT_S = 2**36


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to take `kg` of `product` from `site` on `plate`, once, from `from_ms` until before `until_ms` (UTC ms).

    Times are kept to the second. buyer: who it goes to, may be empty.
    """

    id: str
    site: str
    plate: str
    product: str
    kg: int
    issued_ms: int
    from_ms: int
    until_ms: int
    buyer: str = ""


@dataclass(frozen=True, slots=True)
class Void:
    """A ticket is void from `t_ms` on."""

    ticket: str
    t_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a token says, and the key that signed it: 32 raw bytes as hex."""

    content: Ticket | Void
    issuer: str


class BadSignatureError(TicketError):
    """A well-formed token that none of the issuers signed. content: what it claims."""

    def __init__(self, content: Ticket | Void) -> None:
        super().__init__("signed by none of the issuers known here")
        self.content = content


def normal_plate(text: str) -> str:
    """A plate as the gate compares it: NFKC, upper case, without spaces, dots and dashes."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if c not in " ·•.-_\t\u200b\ufeff")


def seal(content: Ticket | Void, key: Ed25519PrivateKey) -> str:
    """The signed token. Raises TicketError when a field does not fit."""
    if isinstance(content, Ticket):
        _check(content)
        c = content
        texts = b"".join(_text(t) for t in (c.id, c.site, c.plate, c.product, c.buyer))
        times = (c.issued_ms // 1000, c.from_ms // 1000, (c.until_ms - c.from_ms) // 1000)
        body = bytes([_TICKET]) + _hint(key.public_key()) + texts + _number(c.kg) + b"".join(map(_number, times))
    else:
        fields = _text(content.ticket) + _number(content.t_ms // 1000) + _text(content.reason)
        body = bytes([_VOID]) + _hint(key.public_key()) + fields
    return PREFIX + base45.encode(body + key.sign(body))


def unseal(token: str, issuers: tuple[str, ...]) -> Signed:
    """What a token says, once one of the issuers (public keys in hex) is found to have signed it.

    Raises TicketError when it is no token, BadSignatureError when no issuer signed it.
    """
    if not token.startswith(PREFIX):
        raise TicketError(f"no ticket: expected text that begins with {PREFIX!r}")
    try:
        data = base45.decode(token[len(PREFIX) :])
        content = _Reader(data[:-_SIGNATURE_BYTES]).content()
    except (ValueError, IndexError) as error:
        raise TicketError(f"no ticket: {error}") from error
    body, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
    for issuer in issuers:
        raw = bytes.fromhex(issuer)
        if raw[:_KEY_HINT_BYTES] != body[1 : 1 + _KEY_HINT_BYTES]:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(signature, body)
        except InvalidSignature:
            continue
        return Signed(content, issuer)
    raise BadSignatureError(content)


def check_issuers(issuers: tuple[str, ...]) -> tuple[str, ...]:
    """The keys themselves. Raises TicketError for one that is not 32 bytes in hex."""
    for issuer in issuers:
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(issuer))
        except ValueError as error:
            raise TicketError(f"issuer {issuer!r}: expected an Ed25519 public key, 64 hex digits") from error
    return tuple(i.lower() for i in issuers)


def _check(ticket: Ticket) -> None:
    if not ticket.id or not ticket.site or not ticket.plate:
        raise TicketError("a ticket needs an id, a site and a plate")
    if not 0 < ticket.kg <= _KG_LIMIT:
        raise TicketError(f"ticket {ticket.id}: kg: expected 1 to {_KG_LIMIT}, got {ticket.kg}")
    if not 0 <= ticket.from_ms < ticket.until_ms:
        raise TicketError(f"ticket {ticket.id}: its end must come after its beginning")


def _hint(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes_raw()[:_KEY_HINT_BYTES]


def _number(value: int) -> bytes:
    if not 0 <= value < _TIME_LIMIT_S:
        raise TicketError(f"a ticket cannot hold the number {value}")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _text(value: str) -> bytes:
    data = value.encode()
    if len(data) > _TEXT_LIMIT:
        raise TicketError(f"{value!r}: longer than {_TEXT_LIMIT} bytes, which is what a ticket's field holds")
    return bytes([len(data)]) + data


class _Reader:
    """Reads fields back; ValueError or IndexError on anything `seal` does not write."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def content(self) -> Ticket | Void:
        kind = self._byte()
        self._at += _KEY_HINT_BYTES
        content = self._ticket() if kind == _TICKET else self._void() if kind == _VOID else None
        if content is None or self._at != len(self._data):
            raise ValueError("of a kind or length this program does not know")
        return content

    def _ticket(self) -> Ticket:
        id_, site, plate, product, buyer = (self._text() for _ in range(5))
        kg, issued_s, from_s, lasts_s = (self._number() for _ in range(4))
        return Ticket(id_, site, plate, product, kg, issued_s * 1000, from_s * 1000, (from_s + lasts_s) * 1000, buyer)

    def _void(self) -> Void:
        return Void(self._text(), self._number() * 1000, self._text())

    def _byte(self) -> int:
        value = self._data[self._at]
        self._at += 1
        return value

    def _text(self) -> str:
        length = self._byte()
        data = self._data[self._at : self._at + length]
        if len(data) != length or length > _TEXT_LIMIT:
            raise ValueError("a field is cut short")
        self._at += length
        return data.decode()

    def _number(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift > 35:
                raise ValueError("a number is too long")
        if value >= _TIME_LIMIT_S:
            raise ValueError("a number is too large")
        return value
