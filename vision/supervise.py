"""Keeps one process per camera alive: started, watched, replaced when dead or hung, its gap on record."""

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from vision.build import build_pipeline
from vision.config import CameraConfig
from vision.facts import DeviceState, Sighting
from vision.messages import Beat, Caption, Facts, FromWorker, LiveEnd, Stop, ToWorker, Watch
from vision.source import Clock, SystemClock
from vision.worker import Build, run_worker

Listener = Callable[[str, FromWorker], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker may take, in seconds."""

    start_s: float = 30.0  # to its first beat: models are loaded
    beat_s: float = 4.0
    look_s: float = 0.5
    stop_s: float = 5.0
    back_off_s: tuple[float, ...] = (0.0, 1.0, 2.0, 5.0, 10.0)
    settled_s: float = 30.0  # a worker that lived this long is replaced at once


class CameraWorkers:
    """All camera processes of a site.

    The listener is called in the event loop with the camera's id and what its worker said. A worker that died or
    fell silent is a DeviceState "fault" of its camera; when its successor sees, "ok" with the gap in ms. Vehicle
    numbers go on from the last one told. The last caption and watch are told again to a successor.
    """

    def __init__(
        self,
        configs: Iterable[CameraConfig],
        listener: Listener,
        *,
        clock: Clock | None = None,
        patience: Patience | None = None,
        build: Build = build_pipeline,
    ) -> None:
        self._listener = listener
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        self._posts = {c.id: _Post(c, build) for c in configs}
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start every worker and the watch over them."""
        for post in self._posts.values():
            self._launch(post)
        self._watching = asyncio.create_task(self._watch(), name="camera workers")

    def send(self, camera: str, message: ToWorker) -> None:
        """Tell one worker something; nothing is kept for a dead one but captions and watches."""
        self._posts[camera].send(message)

    def broadcast(self, message: ToWorker) -> None:
        """Tell every worker something."""
        for post in self._posts.values():
            post.send(message)

    def health(self) -> dict[str, dict[str, float]]:
        """The latest numbers of every camera, with how often its worker was restarted."""
        return {c: {**p.numbers, "restarts": float(p.restarts)} for c, p in self._posts.items()}

    def pid(self, camera: str) -> int | None:
        """The process id of a camera's worker, None while there is none."""
        process = self._posts[camera].process
        return process.pid if process is not None else None

    @property
    def finished(self) -> bool:
        """Whether every worker has come to the end of a recording."""
        return all(p.ended for p in self._posts.values())

    async def stop(self) -> None:
        """End every worker in good order; those that do not are killed."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self.broadcast(Stop())
        await asyncio.gather(*(asyncio.to_thread(p.end, self._patience.stop_s) for p in self._posts.values()))
        await asyncio.sleep(0)

    def _launch(self, post: "_Post") -> None:
        post.launch(asyncio.get_running_loop(), self._heard)

    def _heard(self, post: "_Post", generation: int, message: FromWorker) -> None:
        """In the event loop: a worker said something."""
        if generation != post.generation:
            return
        now = asyncio.get_running_loop().time()
        post.heard_s = now
        if isinstance(message, Beat):
            post.numbers = message.numbers
            post.beating = True
        if isinstance(message, Facts):
            message = post.note(message)
        self._listener(post.config.id, message)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._patience.look_s)
            now = asyncio.get_running_loop().time()
            for post in self._posts.values():
                self._look_at(post, now)

    def _look_at(self, post: "_Post", now_s: float) -> None:
        """Replace a worker that is dead, once all it said was heard, or silent for too long."""
        if post.ended:
            return
        if post.process is None:
            if now_s >= post.again_s:
                self._launch(post)
            return
        limit = self._patience.beat_s if post.beating else self._patience.start_s
        if now_s - post.heard_s > limit:
            self._replace(post, now_s, f"was silent for {limit:g} s")
        elif not post.process.is_alive() and post.drained.is_set():
            self._replace(post, now_s, f"ended with {post.process.exitcode}")

    def _replace(self, post: "_Post", now_s: float, why: str) -> None:
        if post.done and post.process is not None and post.process.exitcode == 0:
            post.ended = True
            return
        lived = now_s - post.launched_s
        post.kill()
        back_off = self._patience.back_off_s
        post.failures = 0 if lived > self._patience.settled_s else post.failures + 1
        post.again_s = now_s + back_off[min(post.failures, len(back_off)) - 1 if post.failures else 0]
        post.restarts += 1
        t_ms = self._clock.now_ms()
        if post.down_ms is None:
            post.down_ms = t_ms
            detail = f"camera process {why}; it is started again"
            self._listener(post.config.id, LiveEnd())
            self._listener(post.config.id, Facts((DeviceState(t_ms, post.config.id, "fault", detail),)))


class _Post:
    """One camera's worker, and what its successor must know."""

    def __init__(self, config: CameraConfig, build: Build) -> None:
        self.config = config
        self._build = build
        self.process: SpawnProcess | None = None
        self.generation = self.failures = self.restarts = 0
        self.heard_s = self.launched_s = self.again_s = 0.0
        self.beating = self.ended = self.done = False
        self.down_ms: int | None = None
        self.numbers: dict[str, float] = {}
        self.drained = threading.Event()
        self._connection: Connection | None = None
        self._caption: Caption | None = None
        self._watch: Watch | None = None

    def launch(self, loop: asyncio.AbstractEventLoop, heard: Callable[["_Post", int, FromWorker], None]) -> None:
        """Start the process and a thread that listens to it."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        name = f"gatewarden camera {self.config.id}"
        self.process = context.Process(
            target=run_worker, args=(self.config, theirs, self._build), name=name, daemon=True
        )
        self.process.start()
        theirs.close()
        self._connection = ours
        self.generation += 1
        self.beating, self.drained = False, threading.Event()
        self.heard_s = self.launched_s = loop.time()
        arguments = (ours, loop, heard, self.generation, self.drained)
        threading.Thread(target=self._listen, args=arguments, name=name, daemon=True).start()
        for message in (self._caption, self._watch):
            if message is not None:
                self.send(message)

    def send(self, message: ToWorker) -> None:
        if isinstance(message, Caption):
            self._caption = message
        elif isinstance(message, Watch):
            self._watch = message
        if self._connection is not None:
            try:
                self._connection.send(message)
            except (OSError, ValueError):
                self._connection = None

    def note(self, message: Facts) -> Facts:
        """Keep the highest vehicle number, and say how long the camera was without a worker."""
        facts = list(message.facts)
        for i, fact in enumerate(facts):
            if isinstance(fact, Sighting):
                number = int(fact.vehicle.rpartition(":")[2])
                if number >= self.config.first_number:
                    self.config = replace(self.config, first_number=number + 1)
            elif fact.device == self.config.id:
                self.done = fact.state == "ended"
                if fact.state == "ok" and self.down_ms is not None:
                    numbers = {**fact.numbers, "gap_ms": float(fact.t_ms - self.down_ms)}
                    facts[i] = replace(fact, detail="camera process is back", numbers=numbers)
                    self.down_ms = None
        return Facts(tuple(facts))

    def kill(self) -> None:
        """End the process at once; what it said last is no longer heard."""
        self.generation += 1
        self._end_now()
        self.drained.wait(1.0)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def end(self, wait_s: float) -> None:
        """Wait for the process to end by itself, then make it; all it said is heard."""
        if self.process is not None:
            self.process.join(wait_s)
            self._end_now()
            self.drained.wait(1.0)

    def _end_now(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join(2.0)
            self.process = None

    def _listen(
        self,
        connection: Connection,
        loop: asyncio.AbstractEventLoop,
        heard: Callable[["_Post", int, FromWorker], None],
        generation: int,
        drained: threading.Event,
    ) -> None:
        try:
            while True:
                loop.call_soon_threadsafe(heard, self, generation, connection.recv())
        except (EOFError, OSError, RuntimeError):
            drained.set()
