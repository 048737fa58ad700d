"""How a site reaches its hub: the token it shows, whom it trusts, by which way it speaks."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from gate.errors import SiteError
from gate.lines.mqtt import Login
from gate.site.model import HubLink, Site
from gate.uplink.broker_link import BrokerLink
from gate.uplink.orders import OrderTaker, RemoteOrder
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender

TIMEOUT_S = 20.0


class HubAccess:
    """The hub of one site. Raises SiteError when the token's file or the authority's cannot be read.

    base: folder relative paths of the site file start from.
    """

    def __init__(self, site: Site, hub: HubLink, base: Path) -> None:
        self._site, self._hub = site.id, hub
        self._ca = base / hub.ca_file if hub.ca_file else None
        self._token, self._trust = _token(site.id, hub, base), _trust(self._ca)

    def sender(self, outbox: Outbox, heartbeat: Callable[[], dict[str, Any]]) -> Sender:
        """What sends the outbox, by HTTPS, or by MQTT where the site file says so."""
        mqtt = self._hub.mqtt
        login = Login(mqtt, self._site, self._token, self._ca) if mqtt else None
        link = BrokerLink(self._site, self._token, login) if login else None
        return Sender(outbox, self._hub.url, self._token, heartbeat=heartbeat, tls=self._trust, broker=link)

    def orders(self, outbox: Outbox, carry_out: Callable[[RemoteOrder], None], clock: Callable[[], int]) -> OrderTaker:
        """What takes orders from the hub's pages; always by HTTPS."""
        headers = {"Authorization": f"Bearer {self._token}"}
        client = httpx.AsyncClient(base_url=self._hub.url, headers=headers, verify=self._trust or True)
        return OrderTaker(self._site, self._token, client, outbox, carry_out, clock)

    def client(self) -> httpx.Client:
        """For questions one at a time, outside the event loop."""
        headers = {"Authorization": f"Bearer {self._token}"}
        return httpx.Client(base_url=self._hub.url, headers=headers, timeout=TIMEOUT_S, verify=self._trust or True)


def _token(site: str, hub: HubLink, base: Path) -> str:
    try:
        return (base / hub.token_file).read_text().strip()
    except OSError as error:
        raise SiteError(f"hub.token_file: {error}; `gatewarden hub site add {site}` gives a token") from error


def _trust(ca: Path | None) -> ssl.SSLContext | None:
    """For a hub whose authority the system does not know; None for the system's own."""
    try:
        return ssl.create_default_context(cafile=ca) if ca else None
    except (OSError, ssl.SSLError) as error:
        raise SiteError(f"hub.ca_file: {ca}: {error}") from error
