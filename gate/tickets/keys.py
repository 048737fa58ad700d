"""The issuing office's Ed25519 key: one PKCS #8 PEM file that only its owner may read."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import TicketError


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new key in a new file of mode 0600. Raises TicketError when the file exists or cannot be made."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise TicketError(f"{path}: exists; a key is never written over") from error
    except OSError as error:
        raise TicketError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key of a file. Raises TicketError when others may read it, or it holds no Ed25519 key."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise TicketError(f"{path}: others may read this key; run chmod 600 on it")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise TicketError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise TicketError(f"{path}: no private key without password: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise TicketError(f"{path}: expected an Ed25519 key")
    return key


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public key as the site file's `registers.issuers` wants it."""
    return key.public_key().public_bytes_raw().hex()
