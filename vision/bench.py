"""Throughput, latency and memory of the whole camera pipeline on this machine, and of a straight one beside it."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from vision.bench_peer import Find, straight_pipeline
from vision.build import build_pipeline
from vision.config import CameraConfig
from vision.eye import Eye
from vision.facts import Sighting
from vision.messages import Beat, Facts, FromWorker, LiveFragment, Watch
from vision.record import BurnedInWriter
from vision.source import Frame, RecordedSource, SystemClock
from vision.supervise import CameraWorkers
from vision.worker import Build

_TICKS = os.sysconf("SC_CLK_TCK")


def enlarge(clip: Path, out: Path, size: tuple[int, int], fps: int, seconds: int) -> Path:
    """A clip at the size and rate of a site's camera, its own pictures over and over."""
    frames = [i.at(i.width) for i in RecordedSource(str(clip), "bench", 0) if isinstance(i, Frame)][: fps * seconds]
    writer = BurnedInWriter(out, *size, crf=26, preset="ultrafast")
    for index in range(fps * seconds):
        forward, at = divmod(index, len(frames))
        writer.write(_scaled(frames[at if forward % 2 == 0 else -1 - at], size), index * 1000 // fps)
    writer.close()
    return out


def offline(config: CameraConfig, build: Build = build_pipeline) -> dict[str, float]:
    """One camera's clip as fast as it goes: frames per second, and processor seconds a frame."""
    eye = Eye(config, build(config), SystemClock())
    began, cpu, frames, facts = time.perf_counter(), time.process_time(), 0, 0
    for seen, told in eye.run():
        frames += isinstance(seen, Frame)
        facts += len(told)
    facts += len(eye.close())
    wall, busy = time.perf_counter() - began, time.process_time() - cpu
    return {
        "frames": frames,
        "facts": facts,
        "frames_per_s": round(frames / wall, 2),
        "cpu_ms_per_frame": round(1000 * busy / frames, 2),
    }


async def online(configs: list[CameraConfig], seconds: float, build: Build = build_pipeline) -> dict[str, Any]:
    """All cameras at once in real time, recording and watched, each in its own process."""
    clock = SystemClock()
    ear = _Ear(clock, len(configs))
    now = clock.now_ms()
    workers = CameraWorkers([replace(c, start_ms=now) for c in configs], ear, clock=clock, build=build)
    await workers.start()
    try:
        async with asyncio.timeout(60 + 10 * len(configs)):
            await ear.all_beating.wait()
        workers.broadcast(Watch(True, marks=True))
        await asyncio.sleep(3)  # encoders start
        ear.begin()
        pids = [workers.pid(c.id) for c in configs]
        before, first = [cpu_s(p) for p in pids], workers.health()
        began = time.monotonic()
        await asyncio.sleep(seconds)
        elapsed = time.monotonic() - began
        after, last = [cpu_s(p) for p in pids], workers.health()
        memory = [memory_mb(p) for p in pids]
    finally:
        await workers.stop()
    seen = {c: last[c]["frames"] - first[c]["frames"] for c in last}
    skipped = {c: last[c]["skipped"] - first[c]["skipped"] for c in last}
    return {
        "cameras": len(configs),
        "seconds": round(elapsed, 1),
        "frames_per_s": {c: round(n / elapsed, 2) for c, n in seen.items()},
        "skipped_share": round(sum(skipped.values()) / max(1.0, sum(seen.values())), 4),
        "cores_used": round((sum(after) - sum(before)) / elapsed, 3),
        "cpu_ms_per_frame": round(1000 * (sum(after) - sum(before)) / max(1.0, sum(seen.values())), 2),
        "memory_mb": [round(m, 1) for m in memory],
        "frame_to_fact_ms": _spread(ear.fact_ms),
        "frame_to_viewer_ms": _spread(ear.viewer_ms),
    }


def beside(config: CameraConfig, frames: int, find: Find, report: Callable[[str], None]) -> dict[str, Any]:
    """The straight pipeline on the same clip, or why it could not be run."""
    try:
        return straight_pipeline(Path(config.address.removeprefix("file:")), frames, find)
    except ImportError as error:
        report(f"the straight pipeline is left out: {error}")
        return {"left_out": str(error)}


@dataclass(slots=True)
class _Ear:
    """Notes when facts and pictures arrive, against the instant they are of."""

    clock: SystemClock
    cameras: int
    all_beating: asyncio.Event = field(default_factory=asyncio.Event)
    beating: set[str] = field(default_factory=set)
    fact_ms: list[int] = field(default_factory=list)
    viewer_ms: list[int] = field(default_factory=list)

    def __call__(self, camera: str, message: FromWorker) -> None:
        now = self.clock.now_ms()
        if isinstance(message, Beat):
            self.beating.add(camera)
            if len(self.beating) == self.cameras:
                self.all_beating.set()
        elif isinstance(message, Facts):
            self.fact_ms += [now - f.t_ms for f in message.facts if isinstance(f, Sighting)]
        elif isinstance(message, LiveFragment):
            self.viewer_ms.append(now - message.fragment.t_ms)

    def begin(self) -> None:
        self.fact_ms.clear()
        self.viewer_ms.clear()


def _spread(values: list[int]) -> dict[str, float]:
    if not values:
        return {"count": 0}
    p50, p95, top = np.percentile(values, [50, 95, 100])
    return {"count": len(values), "p50": float(p50), "p95": float(p95), "max": float(top)}


def _scaled(picture: np.ndarray[Any, np.dtype[np.uint8]], size: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    import cv2

    scaled: np.ndarray[Any, np.dtype[np.uint8]] = cv2.resize(picture, size)
    return scaled


def cpu_s(pid: int | None) -> float:
    """Processor seconds a process has used so far."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int | None) -> float:
    """Memory a process holds, what it shares counted by share."""
    if pid is None:
        return 0.0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
