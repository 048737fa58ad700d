"""A scale read live: opens its line, keeps it open, and says what comes and what state it is in."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from gate.lines.line import Line, LineLost
from gate.scale.indicators.registry import indicator
from gate.scale.line import poll_ms, scale_line
from gate.scale.reading import Indicator
from gate.scale.sampler import Sampler, ScaleFact
from gate.site.devices import Scale

Clock = Callable[[], int]

TICK_S = 0.5
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 30.0


@dataclass(slots=True)
class _Connection:
    line: Line
    parser: Indicator
    rejected_before: int  # by the parsers of earlier connections


class LiveScale:
    """Facts of one scale for as long as it is iterated: `async for fact in LiveScale(scale, clock).facts()`.

    clock: UTC milliseconds now. A line that is lost is tried again after 0.5 s, 1 s, … 30 s. Raises at once,
    ScaleError or LineError, for an address, indicator or setting that can never work.
    """

    def __init__(self, scale: Scale, clock: Clock) -> None:
        self._scale = scale
        self._clock = clock
        self._sampler = Sampler(scale)
        self._rejected = 0
        self._poll_s = poll_ms(scale.address) / 1000
        scale_line(scale)
        indicator(scale.indicator, scale.settings)

    async def facts(self) -> AsyncGenerator[ScaleFact, None]:
        """Weight samples and device states as they come, without end."""
        retry_s = FIRST_RETRY_S
        while True:
            connection = _Connection(
                scale_line(self._scale), indicator(self._scale.indicator, self._scale.settings), self._rejected
            )
            try:
                await connection.line.open()
                self._sampler.opened(self._clock())
                async with contextlib.aclosing(self._while_open(connection)) as facts:
                    async for fact in facts:
                        retry_s = FIRST_RETRY_S
                        yield fact
            except LineLost as lost:
                for fact in self._sampler.lost(self._clock(), str(lost)):
                    yield fact
            finally:
                await connection.line.close()
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)

    async def _while_open(self, connection: _Connection) -> AsyncGenerator[ScaleFact, None]:
        line, parser = connection.line, connection.parser
        receiving = asyncio.ensure_future(line.receive())
        asking = asyncio.ensure_future(self._ask(connection))
        silent_s = 0.0
        try:
            while True:
                await asyncio.wait({receiving}, timeout=TICK_S)
                now_ms = self._clock()
                if not receiving.done():
                    silent_s += TICK_S
                    if line.silence_limit_s is not None and silent_s >= line.silence_limit_s:
                        raise LineLost(f"{self._scale.address}: silent for {silent_s:g} s")
                    for fact in self._sampler.tick(now_ms):
                        yield fact
                    continue
                silent_s = 0.0
                readings = parser.feed(receiving.result())
                receiving = asyncio.ensure_future(line.receive())
                self._rejected = connection.rejected_before + parser.rejected
                for fact in self._sampler.frames(now_ms, readings, self._rejected):
                    yield fact
        finally:
            for task in (receiving, asking):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, LineLost):
                    await task

    async def _ask(self, connection: _Connection) -> None:
        """Ask an indicator that speaks only when asked; a failure to send shows as a line that breaks."""
        while connection.parser.poll:
            await connection.line.send(connection.parser.poll)
            await asyncio.sleep(self._poll_s)
