"""Codes of tickets read live: hand scanners on their lines, and the pictures of cameras that are asked to look."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

import cv2
import numpy as np

from gate.facts import CodeRead, Fact
from gate.lines.line import Line, LineLost
from gate.lines.opening import open_line
from gate.site.devices import Scanner
from gate.site.model import Site
from gate.tickets.code import read_codes
from gate.tickets.scanner import ScannedLines
from vision.facts import DeviceState
from vision.source import Frame

LOOK_S = 1.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0

Say = Callable[[Fact], None]


async def read_scanner(scanner: Scanner, say: Say, clock: Callable[[], int]) -> None:
    """Read one scanner until cancelled; a line that is lost is opened again. Raises LineError for a wrong address."""
    wait_s, state = FIRST_RETRY_S, ""
    while True:
        line, lines = open_line(scanner.address), ScannedLines()
        try:
            await line.open()
            wait_s = FIRST_RETRY_S
            if state != "ok":
                state = "ok"
                say(DeviceState(clock(), scanner.id, state))
            await _listen(line, lines, scanner.id, say, clock)
        except LineLost as lost:
            if state != "lost":
                state = "lost"
                say(DeviceState(clock(), scanner.id, state, str(lost)))
        finally:
            await line.close()
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_RETRY_S)


async def _listen(line: Line, lines: ScannedLines, device: str, say: Say, clock: Callable[[], int]) -> None:
    while True:
        for text in lines.feed(await line.receive()):
            say(CodeRead(clock(), device, text))


class RecordedCodes:
    """Looks for codes in one recorded camera's pictures as `watch_codes` does live: once a second of the recording's
    own time, while `wanted` says at an instant (UTC ms) that a vehicle without a ticket is before it.
    """

    def __init__(self, camera: str, wanted: Callable[[str, int], bool]) -> None:
        self._camera, self._wanted = camera, wanted
        self._next_ms = 0

    def look(self, frame: Frame) -> Iterator[CodeRead]:
        """The codes in a picture, where it is time to look."""
        if frame.t_ms >= self._next_ms and self._wanted(self._camera, frame.t_ms):
            self._next_ms = frame.t_ms + round(LOOK_S * 1000)
            for text in read_codes(frame.luma(1)):
                yield CodeRead(frame.t_ms, self._camera, text)


async def watch_codes(
    site: Site,
    picture: Callable[[str], Awaitable[bytes]],
    wanted: Callable[[str], bool],
    say: Say,
    clock: Callable[[], int],
) -> None:
    """Look for codes in the pictures of the cameras that are asked to, once a second while `wanted` says so.

    picture: a camera's newest picture as JPEG; wanted: whether a vehicle without a ticket is before a camera.
    """
    cameras = [c.id for c in site.cameras if c.read_codes]
    while cameras:
        for camera in cameras:
            if not wanted(camera):
                continue
            with contextlib.suppress(TimeoutError):
                t_ms = clock()
                for text in await asyncio.to_thread(_codes, await picture(camera)):
                    say(CodeRead(t_ms, camera, text))
        await asyncio.sleep(LOOK_S)


def _codes(jpeg: bytes) -> list[str]:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    return [] if picture is None else read_codes(np.asarray(picture, np.uint8))
