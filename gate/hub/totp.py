"""Time-based one-time codes, RFC 6238 with SHA-1, 30 s and six digits, as phone apps make them."""

import base64
import hashlib
import hmac
import secrets

from gate.hub.tokens import same

_STEP_MS = 30_000


def new_secret() -> str:
    """A new shared secret in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp_code(secret: str, t_ms: int) -> str:
    """The code of an instant."""
    digest = hmac.new(base64.b32decode(secret), (t_ms // _STEP_MS).to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def totp_step(secret: str, code: str, t_ms: int, after: int = 0) -> int | None:
    """The step a code is of: now, the one before or the one after, and later than `after`. None for a wrong code."""
    steps = (t_ms // _STEP_MS + shift for shift in (-1, 0, 1))
    return next((s for s in steps if s > after and same(totp_code(secret, s * _STEP_MS), code)), None)


def totp_address(secret: str, name: str) -> str:
    """The otpauth address apps scan."""
    return f"otpauth://totp/Gatewarden:{name}?secret={secret}&issuer=Gatewarden"
