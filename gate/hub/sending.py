"""One message to one target: apprise channels, signed webhooks, phones by Web Push."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import apprise
import httpx

from gate.facts import canonical_json
from gate.hub.tables import Alert

TIMEOUT_S = 20.0
_GRADES_ZH = {1: "提示", 2: "警告", 3: "严重", 4: "特急"}
_GRADES_EN = {1: "notice", 2: "warning", 3: "serious", 4: "critical"}
_LISTED = 12  # alerts a digest spells out


class SendError(Exception):
    """A message did not get through. gone: the target exists no more."""

    def __init__(self, detail: str, gone: bool = False) -> None:
        super().__init__(detail)
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Note:
    """A message about one alert, or a digest of several. tag: what a phone shows once."""

    title: str
    text: str
    url: str
    tag: str
    severity: int
    alerts: tuple[str, ...]


class Sender(Protocol):
    async def __call__(self, note: Note) -> None:
        """Deliver, or raise SendError."""


def compose(alerts: list[Alert], public_url: str, timezone: str, storm: bool = False) -> Note:
    """The words of a message, Chinese first."""
    first = max(alerts, key=lambda a: (a.severity, -a.t_ms))
    ids = tuple(a.id for a in alerts)
    if len(alerts) == 1:
        head = "多次" if storm else _GRADES_ZH.get(first.severity, "")
        title = f"【{head}】{first.plate or first.site}"
        return Note(title, _words(first, timezone), f"{public_url}/alerts/{first.id}", first.id, first.severity, ids)
    lines = [f"[{_GRADES_ZH.get(a.severity, '')}] {_time(a, timezone)} {a.plate} {a.zh}" for a in alerts[:_LISTED]]
    if len(alerts) > _LISTED:
        lines.append(f"… 共 {len(alerts)} 条 / {len(alerts)} in all")
    title = f"【{_GRADES_ZH.get(first.severity, '')}】{len(alerts)} 条告警 / {len(alerts)} alerts"
    return Note(title, "\n".join(lines), f"{public_url}/alerts", f"digest-{ids[0]}", first.severity, ids)


def _words(alert: Alert, timezone: str) -> str:
    where = f"{alert.site} · {_time(alert, timezone)}" + (f" · {alert.plate}" if alert.plate else "")
    return f"{alert.zh}\n{alert.en}\n{where}\n{_GRADES_EN.get(alert.severity, '')}, level {alert.level}"


def _time(alert: Alert, timezone: str) -> str:
    return f"{datetime.fromtimestamp(alert.t_ms / 1000, ZoneInfo(timezone)):%m-%d %H:%M:%S}"


async def understood(address: str) -> bool:
    """Whether apprise knows such an address. In a thread: its first use imports more than a hundred modules."""
    return await asyncio.to_thread(apprise.Apprise.instantiate, address) is not None


class AppriseSender:
    """A channel by its apprise address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def __call__(self, note: Note) -> None:
        channel = apprise.Apprise()
        if not await understood(self._address) or not channel.add(self._address):
            raise SendError("apprise does not understand this address")
        kind = apprise.NotifyType.FAILURE if note.severity >= 3 else apprise.NotifyType.WARNING
        try:
            sent = await asyncio.wait_for(
                channel.async_notify(body=f"{note.text}\n{note.url}", title=note.title, notify_type=kind),
                TIMEOUT_S,
            )
        except TimeoutError:
            raise SendError(f"no answer within {TIMEOUT_S:g} s") from None
        if not sent:
            raise SendError("the channel refused the message or could not be reached")


class WebhookSender:
    """A webhook: JSON, signed with HMAC-SHA256 over the body in X-Gatewarden-Signature."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret

    async def __call__(self, note: Note) -> None:
        body = canonical_json(
            {
                "title": note.title,
                "text": note.text,
                "url": note.url,
                "severity": note.severity,
                "alerts": list(note.alerts),
            }
        ).encode()
        signature = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Gatewarden-Signature": f"sha256={signature}"}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise SendError(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise SendError(f"answered {answer.status_code}")
