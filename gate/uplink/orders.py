"""Takes what people order from the hub's pages: each order once, in time, and only what the hub signed.

hub ─► GET /api/v1/orders, held open ─► checked ─► carried out ─► message "order" in the outbox: what came of it
"""

import asyncio
import contextlib
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import structlog

from gate.errors import GatewardenError
from gate.facts import Fact, Operation
from gate.uplink.messages import opened, signing_key, topic
from gate.uplink.outbox import Outbox

log = structlog.get_logger(__name__)

_WAIT_S, _PATIENCE_S = 20.0, 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_MOVES = {"release": "open", "hold": "hold", "reweigh": "hold"}  # what the barrier is told (gate.barrier.order)


@dataclass(frozen=True, slots=True)
class RemoteOrder:
    """An order as the hub gave it. command: "release", "hold", "reweigh"; who: name and role of who gave it."""

    id: str
    command: str
    barrier: str
    who: str
    reason: str
    expires_ms: int


class OrderTaker:
    """Runs until cancelled. carry_out: gives an order to the barrier, GatewardenError where it cannot be.

    client: of the hub, with the site's token. clock: UTC milliseconds now.
    """

    def __init__(  # noqa: PLR0917 - who it is for, and what it works with
        self,
        site: str,
        token: str,
        client: httpx.AsyncClient,
        outbox: Outbox,
        carry_out: Callable[[RemoteOrder], None],
        clock: Callable[[], int],
    ) -> None:
        self._site, self._key, self._client = site, signing_key(token), client
        self._outbox, self._carry_out, self._clock = outbox, carry_out, clock
        self._under_way: dict[tuple[str, str], deque[str]] = defaultdict(deque)  # barrier and command: orders

    async def run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        async with self._client:
            while True:
                try:
                    new = await self.take()
                except (httpx.HTTPError, ValueError) as error:
                    log.info("no orders from the hub", why=str(error) or type(error).__name__, again_in_s=pause_s)
                    await asyncio.sleep(pause_s)
                    pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
                    continue
                pause_s = _FIRST_PAUSE_S
                if not new:
                    await asyncio.sleep(_FIRST_PAUSE_S)  # what was taken is not told yet, and comes again

    async def take(self) -> int:
        """Ask once; how many new orders there were. Raises httpx.HTTPError, ValueError."""
        answer = await self._client.get("/api/v1/orders", params={"wait_s": _WAIT_S}, timeout=_PATIENCE_S)
        answer.raise_for_status()
        orders = [order for envelope in answer.json() if (order := self._opened(str(envelope))) is not None]
        new = [o for o in orders if await asyncio.to_thread(self._outbox.take_order, o.id)]
        for order in new:
            self._begin(order)
        return len(new)

    def heard(self, fact: Fact) -> None:
        """Something became of what the barrier was told."""
        if not isinstance(fact, Operation) or not fact.action.startswith("barrier_"):
            return
        command, _, end = fact.action.removeprefix("barrier_").rpartition("_")
        waiting = self._under_way.get((fact.target, command))
        if end in ("done", "failed") and waiting:
            self._tell(waiting.popleft(), end, fact.detail)

    def _begin(self, order: RemoteOrder) -> None:
        if self._clock() >= order.expires_ms:
            self._tell(order.id, "refused", "it came too late")
            return
        place = (order.barrier, _MOVES.get(order.command, order.command))
        self._under_way[place].append(order.id)
        self._tell(order.id, "taken", "")
        try:
            self._carry_out(order)
        except GatewardenError as error:
            self._under_way[place].remove(order.id)
            self._tell(order.id, "refused", str(error))

    def _opened(self, envelope: str) -> RemoteOrder | None:
        """The order, None where the hub did not sign it for this site."""
        payload = opened(topic(self._site, "order"), envelope.encode(), self._key)
        if payload is None:
            log.warning("an order that is not the hub's")
            return None
        with contextlib.suppress(KeyError, TypeError, ValueError):
            said = json.loads(payload)
            if said["site"] == self._site:
                who = f"{said['who']} ({said['role']})"
                named = {k: str(said[k]) for k in ("id", "command", "barrier", "reason")}
                return RemoteOrder(**named, who=who, expires_ms=int(said["expires_ms"]))
        log.warning("an order that cannot be read")
        return None

    def _tell(self, order: str, state: str, detail: str) -> None:
        self._outbox.put("order", {"order": order, "state": state, "detail": detail[:2000]}, f"order:{order}:{state}")
