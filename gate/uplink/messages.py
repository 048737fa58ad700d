"""Messages between sites and their hub by way of an MQTT broker: where they go, and who made them.

    gatewarden/<site>/up       a batch of messages, from the site
    gatewarden/<site>/receipt  the hub's answer to it
    gatewarden/<site>/order    what people order at its barrier; handed over by HTTPS alone
    gatewarden/<site>/live     weights of the moment, shown and forgotten

The broker is not trusted with what is said: every payload is signed with the site's device token (`signed`, `opened`).
"""

import hashlib
import hmac

_MAC_LENGTH = 64


def topic(site: str, what: str) -> str:
    """The topic of a site's "up", "receipt", "order" or "live"; site "+" for all."""
    return f"gatewarden/{site}/{what}"


def signed(where: str, payload: bytes, key: str) -> bytes:
    """A payload with its signature (HMAC-SHA256 in hex, over topic and payload) in front. key: `signing_key`."""
    return _mac(where, payload, key) + payload


def opened(where: str, envelope: bytes, key: str) -> bytes | None:
    """The payload of an envelope, None when nobody with the key made it for this topic."""
    mac, payload = envelope[:_MAC_LENGTH], envelope[_MAC_LENGTH:]
    return payload if hmac.compare_digest(mac, _mac(where, payload, key)) else None


def signing_key(token: str) -> str:
    """The key both ends know: the hash of the device token, which is all the hub keeps of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(where: str, payload: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), where.encode() + b"\n" + payload, "sha256").hexdigest().encode()
