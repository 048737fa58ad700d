"""A signed statement: the one form in which the site and the hub put their names to something.

    {"body":{…},"signature":"<128 hex digits>"}

Body is canonical JSON. What is signed are exactly the body's bytes as they stand in the text, from its first
brace to its last, so that any Ed25519 tool can check a statement without knowing this program.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.errors import EvidenceError
from gate.facts import canonical_json

_FORM = re.compile(rb'\{"body":(\{.*\}),"signature":"([0-9a-f]{128})"\}', re.DOTALL)
NO_DIGEST = "0" * 64  # stands where there is nothing before


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as read. raw: all its bytes; signed: the body's bytes; the signature is not yet checked."""

    body: dict[str, Any]
    raw: bytes
    signed: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the whole text, signature and all, in hex."""
        return sha256(self.raw)

    def signed_by(self, public_key: bytes) -> bool:
        """Whether the 32 raw bytes of an Ed25519 public key made this signature (RFC 8032)."""
        return verified(public_key, self.signature, self.signed)


def sha256(data: bytes) -> str:
    """SHA-256 in lower case hex."""
    return hashlib.sha256(data).hexdigest()


def verified(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature holds; False as well for a key that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(body: Mapping[str, Any], key: Ed25519PrivateKey) -> Statement:
    """The signed statement of a body. Ed25519 has no randomness: the same body and key give the same bytes."""
    signed = canonical_json(body).encode()
    signature = key.sign(signed)
    raw = b'{"body":' + signed + b',"signature":"' + signature.hex().encode() + b'"}'
    return Statement(dict(body), raw, signed, signature)


def read_statement(raw: bytes, kind: str) -> Statement:
    """Parse a statement whose body's `format` must be `kind`; the signature stays to be checked.

    Raises EvidenceError when the text is not in the form above, not canonical, or of another format.
    """
    match = _FORM.fullmatch(raw)
    if match is None:
        raise EvidenceError('not in the form {"body":{…},"signature":"…"}')
    body = read_canonical(match[1])
    if body.get("format") != kind:
        raise EvidenceError(f"format is {body.get('format')!r}, expected {kind!r}")
    return Statement(body, raw, match[1], bytes.fromhex(match[2].decode()))


def read_canonical(raw: bytes) -> dict[str, Any]:
    """The JSON object that these bytes are the one canonical text of.

    Raises EvidenceError when they are no JSON object, or a text other than the canonical one.
    """
    try:
        value = json.loads(raw.decode())
        same = canonical_json(value).encode() == raw
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"no canonical JSON: {error}") from error
    if not same:
        raise EvidenceError("JSON, but not its canonical text")
    if not isinstance(value, dict):
        raise EvidenceError("no JSON object")
    return value
