"""Codes of tickets read live: hand scanners on their lines, and the pictures of cameras that are asked to look."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import cv2
import numpy as np

from gate.facts import CodeRead, Fact
from gate.lines.line import Line, LineLost
from gate.lines.opening import open_line
from gate.site.model import Scanner, Site
from gate.tickets.code import read_codes
from gate.tickets.scanner import ScannedLines
from vision.facts import DeviceState

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
