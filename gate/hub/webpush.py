"""Web Push: the hub's own key pair, and encrypted messages to phones."""

import asyncio
import base64

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid
from pywebpush import WebPushException, webpush
from sqlalchemy import delete

from gate.facts import canonical_json
from gate.hub.context import Hub
from gate.hub.sending import TIMEOUT_S, Note, SendError
from gate.hub.tables import PushSubscription, Setting

_KEY = "push_private_key"
_LIFETIME_S = 24 * 3600


async def push_key(hub: Hub) -> str:
    """The hub's private key (PEM), made at first use."""
    async with hub.store.read() as session:
        known = await session.get(Setting, _KEY)
    if known is not None:
        return known.value
    pem = (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
    async with hub.store.write() as session:
        await hub.store.insert_new(session, Setting, key=_KEY, value=pem)
        return (await session.get_one(Setting, _KEY)).value


def public_key(pem: str) -> str:
    """The public half as browsers ask for it: the uncompressed point in URL-safe base64."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class PushSender:
    """One phone. A phone that unsubscribed is forgotten."""

    def __init__(self, hub: Hub, phone: PushSubscription) -> None:
        self._hub, self._phone = hub, phone

    async def __call__(self, note: Note) -> None:
        pem = await push_key(self._hub)
        try:
            await asyncio.to_thread(self._post, note, pem)
        except WebPushException as error:
            status = getattr(error.response, "status_code", None)
            gone = status in (404, 410)
            if gone:
                async with self._hub.store.write() as session:
                    await session.execute(delete(PushSubscription).where(PushSubscription.id == self._phone.id))
            raise SendError(f"push service answered {status}", gone=gone) from error
        except (requests.RequestException, ValueError, OSError) as error:
            raise SendError(f"push: {type(error).__name__}: {error}") from error

    def _post(self, note: Note, pem: str) -> None:
        payload = {"title": note.title, "body": note.text, "url": note.url, "tag": note.tag, "severity": note.severity}
        webpush(
            subscription_info={
                "endpoint": self._phone.endpoint,
                "keys": {"p256dh": self._phone.p256dh, "auth": self._phone.auth},
            },
            data=canonical_json(payload),
            vapid_private_key=Vapid.from_pem(pem.encode()),
            vapid_claims={"sub": "mailto:hub@gatewarden.invalid"},
            ttl=_LIFETIME_S,
            timeout=TIMEOUT_S,
        )
