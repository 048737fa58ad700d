"""From one encoder to many viewers: a slow viewer loses pictures, never holds up the others."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from vision.live.encoder import Fragment

_BEHIND = 90  # fragments a viewer may be late before it is moved on to the newest key frame
_MOST_SINCE_KEY = 600


@dataclass(frozen=True, slots=True)
class Begun:
    """An encoder started: what its stream is, and the bytes that go before its fragments."""

    mime: str
    init: bytes


class Fanout:
    """The live stream of one camera as its viewers get it.

    A viewer receives a text (JSON with "mime"), the init segment, then fragments from a key frame on; after the
    encoder began anew, a text and an init segment again.
    """

    def __init__(self) -> None:
        self._mime, self._init, self._stream = "", b"", 0
        self._since_key: deque[Fragment] = deque(maxlen=_MOST_SINCE_KEY)
        self._viewers: set[_Viewer] = set()

    @property
    def viewers(self) -> int:
        """How many watch; the worker encodes only while somebody does."""
        return len(self._viewers)

    def begin(self, mime: str, init: bytes) -> None:
        """An encoder started."""
        self._mime, self._init = mime, init
        self._stream += 1
        self._since_key.clear()
        for viewer in self._viewers:
            viewer.restart()

    def end(self) -> None:
        """The encoder stopped; viewers wait for the next."""
        self._mime, self._init = "", b""
        self._since_key.clear()

    def push(self, fragment: Fragment) -> None:
        """A fragment came."""
        if fragment.keyframe:
            self._since_key.clear()
        self._since_key.append(fragment)
        for viewer in self._viewers:
            viewer.push(fragment)

    async def watch(self) -> AsyncGenerator[str | bytes, None]:
        """What one viewer is sent, in order, without end; ended by `aclose` (use contextlib.aclosing)."""
        async with aclosing(self.follow()) as items:
            async for item in items:
                if isinstance(item, Fragment):
                    yield item.data
                else:
                    yield json.dumps({"mime": item.mime})
                    yield item.init

    async def follow(self) -> AsyncGenerator["Begun | Fragment", None]:
        """The same as it is: an encoder's beginning, then its fragments from a key frame on."""
        viewer = _Viewer()
        self._viewers.add(viewer)
        for fragment in self._since_key:
            viewer.push(fragment)
        stream = -1
        try:
            while True:
                fragment = await viewer.next()
                if stream != self._stream:
                    stream = self._stream
                    yield Begun(self._mime, self._init)
                yield fragment
        finally:
            self._viewers.discard(viewer)


class _Viewer:
    """The fragments one viewer has still to get."""

    def __init__(self) -> None:
        self._waiting: deque[Fragment] = deque()
        self._more = asyncio.Event()
        self._needs_key = True

    def restart(self) -> None:
        self._waiting.clear()
        self._needs_key = True

    def push(self, fragment: Fragment) -> None:
        if len(self._waiting) >= _BEHIND:
            self.restart()
        if self._needs_key and not fragment.keyframe:
            return
        self._needs_key = False
        self._waiting.append(fragment)
        self._more.set()

    async def next(self) -> Fragment:
        while not self._waiting:
            self._more.clear()
            await self._more.wait()
        return self._waiting.popleft()
