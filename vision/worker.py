"""The process of one camera: sees, records, streams; only facts and finished pictures leave it."""

import ctypes
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import cv2

from vision.build import build_pipeline
from vision.camera import CameraPipeline
from vision.config import CameraConfig
from vision.errors import VisionError
from vision.eye import Eye, Fact
from vision.facts import DeviceState, Sighting
from vision.line import Line
from vision.messages import Beat, Crops, Facts, Stop
from vision.plates.crop import png
from vision.screen import Screen
from vision.source import Frame, SystemClock

_BEAT_MS = 1000
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of mallopt, in malloc.h


Build = Callable[[CameraConfig], CameraPipeline]


def run_worker(config: CameraConfig, connection: Connection, build: Build = build_pipeline) -> None:
    """Body of a worker process: runs until told to stop, until its site is gone, or until a recording ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    _return_memory()
    clock = SystemClock()
    line = Line(connection)
    try:
        Worker(config, line, clock, build).run()
    except VisionError as error:
        line.send(Facts((DeviceState(clock.now_ms(), config.id, "fault", str(error)),)))
    finally:
        line.close()


class Worker:
    """One camera's eye and screen, at the end of a line to its site."""

    def __init__(self, config: CameraConfig, line: Line, clock: SystemClock, build: Build) -> None:
        self._config, self._line, self._clock = config, line, clock
        self._screen = Screen(config)
        self._eye = Eye(config, build(config), clock)
        self._beat_ms = -(2**62)

    def run(self) -> None:
        """See until there is nothing more to see, or nobody to tell."""
        try:
            for seen, facts in self._eye.run():
                self._tell(facts)
                if isinstance(seen, Frame) and self._screen.wanted:
                    self._screen.show(seen, self._eye.pipeline.in_view(seen.t_ms))
                if seen is not None and not self._between():
                    break
        finally:
            self._tell(self._eye.close())
            for end in self._screen.close():
                self._line.send(end)

    def _between(self) -> bool:
        """What is due between two pictures; False when it is time to end."""
        now = self._clock.now_ms()
        for message in self._line.received():
            if isinstance(message, Stop):
                return False
            for end in self._screen.tell(message):
                self._line.send(end)
        for picture in self._screen.due(now if self._config.live else 2**62):
            self._line.send(picture)
        if now - self._beat_ms >= _BEAT_MS:
            self._beat_ms = now
            self._line.send(Beat(now, self._eye.numbers(now)))
        return not self._line.gone

    def _tell(self, facts: Sequence[Fact]) -> None:
        if not facts:
            return
        self._line.send(Facts(tuple(facts)))
        for fact in facts:
            if isinstance(fact, Sighting) and fact.final and (crops := self._eye.pipeline.take_crops(fact.vehicle)):
                plates = tuple((c.text, c.t_ms, png(c.picture)) for c in crops)
                self._line.send(Crops(fact.vehicle, plates))


def _return_memory() -> None:
    """Have glibc give pictures' memory back when they are done with; elsewhere nothing (mallopt(3))."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, 1 << 20), (_TRIM_THRESHOLD, 16 << 20), (_ARENA_MAX, 2)):
            mallopt(option, value)
