"""The site's own Ed25519 keys: made at first start, kept in files only their owner may read, named by fingerprint.

A private key leaves this module only as a signature: it has no text form, is in no log and in no export.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import EvidenceError
from gate.evidence.files import sync_directory, write_new
from gate.evidence.statement import Statement, sign


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the 32 raw bytes of a public key, in hex: the key's name everywhere."""
    return hashlib.sha256(public_key).hexdigest()


def on_paper(name: str) -> str:
    """A fingerprint in sixteen groups of four, as it is printed for the record."""
    return " ".join(name[i : i + 4] for i in range(0, len(name), 4)).upper()


def from_paper(text: str) -> str:
    """The fingerprint a person typed: spaces, dashes, colons and case do not matter.

    Raises EvidenceError when what is left is not 64 hex digits.
    """
    name = re.sub(r"[\s:\-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", name):
        raise EvidenceError(f"fingerprint: expected 64 hex digits, got {len(name)} characters")
    return name


class KeyRing:
    """The private keys in one directory, by fingerprint. Which of them signs, the chain says.

    Opening an empty directory makes the first key. Files are <fingerprint>.key, PKCS #8, mode 0600 in a
    directory of mode 0700. Raises EvidenceError when a file can be read by others or is no Ed25519 key.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for unfinished in directory.glob(".*.new"):
            unfinished.unlink()
        self._keys = self._read()
        if not self._keys:
            self.make()

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    @property
    def fingerprints(self) -> tuple[str, ...]:
        return tuple(sorted(self._keys))

    def make(self) -> str:
        """Make and store a further key; its fingerprint."""
        key = Ed25519PrivateKey.generate()
        name = fingerprint(_public(key))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        temporary = self._directory / f".{name}.new"
        write_new(temporary, pem, mode=0o600)
        temporary.rename(self._directory / f"{name}.key")
        sync_directory(self._directory)
        self._keys[name] = key
        return name

    def public_key(self, name: str) -> bytes:
        """The 32 raw bytes of the public key. Raises EvidenceError when the key is not here."""
        return _public(self._key(name))

    def sign(self, body: Mapping[str, Any], name: str) -> Statement:
        """The body as a statement signed by that key. Raises EvidenceError when the key is not here."""
        return sign(body, self._key(name))

    def sign_cose(self, data: bytes, name: str) -> bytes:
        """64 bytes of signature on a COSE Sig_structure (RFC 9052, 4.4), the only other form this key ever signs.

        It is a CBOR array and can never be read as a statement. Raises EvidenceError for anything else, or when the
        key is not here.
        """
        if not data.startswith(b"\x84"):
            raise EvidenceError("expected a COSE Sig_structure, an array of four")
        return self._key(name).sign(data)

    def destroy(self, name: str) -> None:
        """Forget a key and remove its file: after it is retired or revoked it can sign nothing any more."""
        self._key(name)
        del self._keys[name]
        (self._directory / f"{name}.key").unlink()
        sync_directory(self._directory)

    def _read(self) -> dict[str, Ed25519PrivateKey]:
        return dict(_read_key(p) for p in sorted(self._directory.glob("*.key")))

    def _key(self, name: str) -> Ed25519PrivateKey:
        if name not in self._keys:
            self._keys = self._read()  # another process may have rotated
        if name not in self._keys:
            raise EvidenceError(f"{self._directory}: no private key for {name}")
        return self._keys[name]


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _read_key(path: Path) -> tuple[str, Ed25519PrivateKey]:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise EvidenceError(f"{path}: others may read this private key; expected mode 0600")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        raise EvidenceError(f"{path}: expected an Ed25519 private key in PKCS #8") from None
    if not isinstance(key, Ed25519PrivateKey) or fingerprint(_public(key)) != path.stem:
        raise EvidenceError(f"{path}: expected the Ed25519 key its name says")
    return path.stem, key
