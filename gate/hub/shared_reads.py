"""Answers that many open pages ask for alike: made once, given to all, and made anew when there are news."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi.responses import Response
from pydantic import BaseModel, TypeAdapter

from gate.hub.bus import Bus

_PACE_S = 0.5  # an answer is made anew at most so often; who asks sooner waits for it
_LONGEST_S = 5.0  # and at least so often: some changes make no news
_KEPT = 200
_ANYTHING: TypeAdapter[object] = TypeAdapter(object)


@dataclass(slots=True)
class _Answer:
    made_s: float
    news: int
    content: bytes


class SharedReads:
    """Keeps the newest answers; nothing given out is older than the news at the time it was asked for."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._making: dict[str, asyncio.Lock] = {}

    async def answer(self, key: str, kinds: tuple[str, ...], make: Callable[[], Awaitable[object]]) -> Response:
        """The answer of a key as JSON. key: all it depends on, the sites a person may see included.

        kinds: the news that change it.
        """
        asked = self._bus.news(kinds)
        answer = self._fresh(key, asked)
        if answer is None:
            async with self._making.setdefault(key, asyncio.Lock()):
                answer = self._fresh(key, asked) or await self._make(key, kinds, make)
            if len(self._making) > _KEPT:
                self._making = {k: lock for k, lock in self._making.items() if lock.locked()}
        return Response(answer.content, media_type="application/json", headers={"Cache-Control": "no-cache"})

    def _fresh(self, key: str, asked: int) -> _Answer | None:
        """The answer, if it tells all the news there were when it was asked for."""
        answer = self._answers.get(key)
        if answer is None or answer.news < asked or time.monotonic() - answer.made_s > _LONGEST_S:
            return None
        return answer

    async def _make(self, key: str, kinds: tuple[str, ...], make: Callable[[], Awaitable[object]]) -> _Answer:
        before = self._answers.get(key)
        if before is not None:
            await asyncio.sleep(before.made_s + _PACE_S - time.monotonic())
        news = self._bus.news(kinds)
        made = await make()
        content = made.model_dump_json().encode() if isinstance(made, BaseModel) else _ANYTHING.dump_json(made)
        answer = self._answers[key] = _Answer(time.monotonic(), news, content)
        self._answers.move_to_end(key)
        while len(self._answers) > _KEPT:
            self._answers.popitem(last=False)
        return answer


def scope(sites: frozenset[str] | None) -> str:
    """The part of a key that says what a person may see."""
    return "*" if sites is None else ",".join(sorted(sites))
