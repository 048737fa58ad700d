"""Carries orders out, one barrier each, and says as facts what was ordered and what came of it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from gate.barrier.driver import Driver, open_driver
from gate.barrier.order import Order
from gate.facts import Fact
from gate.lines.line import LineLost
from gate.site.devices import Barrier
from vision.facts import DeviceState

TRIES = 3
AGAIN_S = 1.0
WAITING_LIMIT = 16  # orders not yet carried out; an arm needs only the newest


class Keeper:
    """One barrier's orders, in their sequence. say: takes the facts; clock: UTC milliseconds now.

    An order that a newer one overtakes while it waits is passed over: what counts is where the arm should be now.
    Raises SiteError for an address that can never work.
    """

    def __init__(self, barrier: Barrier, say: Callable[[Fact], None], clock: Callable[[], int]) -> None:
        self._barrier, self._say, self._clock = barrier, say, clock
        self._driver: Driver = open_driver(barrier)
        self._orders: deque[Order] = deque(maxlen=WAITING_LIMIT)
        self._given = asyncio.Event()
        self._state = ""

    def give(self, orders: Iterable[Order]) -> None:
        """Take orders; they are facts from now on."""
        for order in orders:
            self._say(order.fact())
            self._orders.append(order)
            self._given.set()

    async def run(self) -> None:
        """Carry out what is ordered, until cancelled."""
        while True:
            await self._given.wait()
            await self.flush()

    async def flush(self) -> None:
        """Carry out what waits."""
        while self._orders:
            order = self._orders.popleft()
            if self._orders and self._orders[-1].command is not order.command:
                self._say(order.outcome(self._clock(), "overtaken by a newer order", done=False))
            else:
                await self._carry_out(order)
        self._given.clear()

    async def close(self) -> None:
        """Give the line back."""
        await self._driver.close()

    async def _carry_out(self, order: Order) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                detail = await self._driver.apply(order.command)
            except LineLost as lost:
                self._become("lost", str(lost))
                if attempt == TRIES:
                    self._say(order.outcome(self._clock(), str(lost), done=False))
                else:
                    await asyncio.sleep(AGAIN_S)
                continue
            self._become("ok")
            self._say(order.outcome(self._clock(), detail, done=True))
            return

    def _become(self, state: str, detail: str = "") -> None:
        if state != self._state:
            self._state = state
            self._say(DeviceState(self._clock(), self._barrier.id, state, detail))
