"""HTTP Live Streaming of the same fragments, for phones whose browsers take no fragments (RFC 8216, version 7)."""

import asyncio
import time
from collections import deque
from contextlib import aclosing

from vision.live.encoder import Fragment
from vision.live.fanout import Begun, Fanout

_IDLE_S = 12.0  # a phone that asked for nothing in so long is gone
_FIRST_WAIT_S = 8.0
_LEAST_SEGMENTS = 3  # a player begins three target durations before the end (RFC 8216, 6.3.3); some refuse fewer
_TARGET_S = 2  # never changes while a playlist lives (RFC 8216, 4.3.3.1); key frames come every second


class HlsStream:
    """One camera's stream for all phones together: one viewer of the fan-out, for as long as anybody asks."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._window: HlsWindow | None = None
        self._following: asyncio.Task[None] | None = None
        self._asked_s = 0.0
        self._grown = asyncio.Event()

    async def playlist(self) -> str | None:
        """The media playlist, begun by the first who asks for it; None while the camera gives nothing."""
        self._touch()
        end_s = time.monotonic() + _FIRST_WAIT_S
        while True:
            text = self._window.playlist() if self._window else None
            left_s = end_s - time.monotonic()
            if text is not None or left_s <= 0:
                return text
            self._grown.clear()
            try:
                await asyncio.wait_for(self._grown.wait(), left_s)
            except TimeoutError:
                return None

    def part(self, name: str) -> bytes | None:
        """The init segment or a segment by its name in the playlist; None when it is no longer or not yet there."""
        self._touch()
        return self._window.part(name) if self._window else None

    async def close(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    def _touch(self) -> None:
        self._asked_s = time.monotonic()
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        """Take in the stream until nobody has asked for a while."""
        try:
            async with aclosing(self._fanout.follow()) as items:
                while True:
                    async with asyncio.timeout(_IDLE_S):  # wait_for loses a cancellation that comes with an item
                        item = await anext(items)
                    if time.monotonic() - self._asked_s > _IDLE_S:
                        return
                    if isinstance(item, Begun):
                        self._window = HlsWindow(item.init, after=self._window)
                    elif self._window is not None:
                        self._window.push(item)
                        self._grown.set()
        except TimeoutError:
            return


class HlsWindow:
    """The last few segments of a live stream, each from key frame to key frame, in memory.

    after: the window before the encoder began anew; numbers go on from it.
    """

    def __init__(
        self, init: bytes, *, segments: int = 6, least_ms: int = 1000, after: "HlsWindow | None" = None
    ) -> None:
        self._init = init
        self._least_ms = least_ms
        self._ready: deque[tuple[int, bytes, float]] = deque(maxlen=segments)
        self._next: int = after._next if after else 0
        self._series: int = after._series + 1 if after else 0
        self._open: list[Fragment] = []

    def push(self, fragment: Fragment) -> None:
        """Take in the stream's next fragment."""
        if fragment.keyframe and self._open and fragment.t_ms - self._open[0].t_ms >= self._least_ms:
            seconds = (fragment.t_ms - self._open[0].t_ms) / 1000
            self._ready.append((self._next, b"".join(f.data for f in self._open), seconds))
            self._next += 1
            self._open = []
        if fragment.keyframe or self._open:
            self._open.append(fragment)

    def playlist(self) -> str | None:
        """The media playlist, or None while there are too few segments. Its names are those `part` knows."""
        if len(self._ready) < _LEAST_SEGMENTS:
            return None
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{_TARGET_S}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._ready[0][0]}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._series}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MAP:URI="init-{self._series}.mp4"',
        ]
        for number, _, seconds in self._ready:
            lines += [f"#EXTINF:{min(seconds, _TARGET_S + 0.49):.3f},", f"{number}.m4s"]
        return "\n".join(lines) + "\n"

    def part(self, name: str) -> bytes | None:
        """The bytes a name of the playlist stands for."""
        if name == f"init-{self._series}.mp4":
            return self._init
        return next((data for number, data, _ in self._ready if name == f"{number}.m4s"), None)
