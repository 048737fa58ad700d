"""A soak: cameras killed, stalled and corrupted at random for as long as asked; nothing may be lost, nothing may grow.

    .venv/bin/python -m tests.soak --minutes 30 --cameras 4 [--seed 1] > soak.json

Real RTSP servers play a drawn street to real camera processes, which record and stream. At random moments a worker is
killed or hung, a server is killed, goes silent, ends or damages its pictures. Exit status 0 when each disturbance is on
record, no vehicle is told twice, every pass of the truck between disturbances is told with its plate, and memory grows
by less than 5 %.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.servers import SERVERS
from tests.vision.conftest import RtspServer
from tests.vision.drawn import PLATES, Actor, build_drawn, driving, film
from vision.bench import memory_mb
from vision.config import CameraConfig
from vision.facts import DeviceState, Sighting, VehicleClass
from vision.messages import Beat, Facts, FromWorker, LiveFragment, Watch
from vision.record import Retention, segments
from vision.source import SystemClock
from vision.supervise import CameraWorkers

CLOCK = SystemClock()
ROUND_MS = 8_000  # the street's film, in which the truck passes once
SETTLE_MS = 20_000
DISTURBANCES = ("kill worker", "hang worker", "kill server", "stall", "damage", "end")
_EXPECTED = {  # the states a disturbance may show as
    "kill worker": {"fault"},
    "hang worker": {"fault"},
    "kill server": {"lost", "stalled"},
    "stall": {"stalled", "lost"},
    "damage": {"damaged", "lost", "stalled"},
    "end": {"lost", "stalled"},
}


class Record:
    """Everything the workers said, as far as the verdict needs it."""

    def __init__(self) -> None:
        self.states: dict[str, list[DeviceState]] = defaultdict(list)
        self.finals: dict[str, list[Sighting]] = defaultdict(list)
        self.told: dict[str, set[str]] = defaultdict(set)
        self.again: list[str] = []
        self.fragments = self.facts = 0
        self.beat_ms: dict[str, int] = {}

    def __call__(self, camera: str, message: FromWorker) -> None:
        if isinstance(message, Beat):
            self.beat_ms[camera] = message.t_ms
        elif isinstance(message, LiveFragment):
            self.fragments += 1
        elif isinstance(message, Facts):
            for fact in message.facts:
                self.facts += 1
                if isinstance(fact, DeviceState):
                    self.states[camera].append(fact)
                elif fact.final:
                    if fact.vehicle in self.told[camera]:
                        self.again.append(fact.vehicle)
                    self.told[camera].add(fact.vehicle)
                    self.finals[camera].append(fact)


async def disturb(what: str, camera: str, workers: CameraWorkers, server: RtspServer, rng: random.Random) -> None:
    """One disturbance, and what brings the camera back."""
    pid = workers.pid(camera)
    match what:
        case "kill worker" if pid:
            os.kill(pid, signal.SIGKILL)
        case "hang worker" if pid:
            os.kill(pid, signal.SIGSTOP)
        case "kill server":
            port = server.port
            server.kill()
            await asyncio.sleep(rng.uniform(1, 6))
            await asyncio.to_thread(server.start, port)
        case "stall" | "damage":
            server.mode(what)
            await asyncio.sleep(rng.uniform(7, 10))
            server.mode("go")
        case "end":
            server.mode("end")
            server.mode("go")


async def soak(minutes: float, cameras: int, seed: int, folder: Path) -> dict[str, Any]:
    python = SERVERS["rtsp"].path()
    if python is None:
        raise SystemExit("no Python with GStreamer's RTSP server; `python -m tests.servers` installs it")
    rng, record = random.Random(seed), Record()
    truck = Actor(VehicleClass.TRUCK, driving(-200, 120, 200, 150, 220), PLATES[0])
    clip = film(folder / "street.mp4", [truck], ROUND_MS)
    names = [f"cam{n}" for n in range(1, cameras + 1)]
    servers = {name: RtspServer(python, [clip]) for name in names}
    footage = Retention(10**12, 200 * 10**6, 0)
    configs = [
        CameraConfig(name, name, "soak", servers[name].address, (640, 360), record_dir=folder / name, retention=footage)
        for name in names
    ]
    workers = CameraWorkers(configs, record, build=build_drawn)
    await workers.start()
    workers.broadcast(Watch(True))
    start_ms = CLOCK.now_ms() + SETTLE_MS
    done: list[dict[str, Any]] = []
    memory: list[tuple[float, float]] = []
    busy: set[str] = set()
    tasks = []
    end, began = time.monotonic() + 60 * minutes, time.monotonic()

    async def one(what: str, camera: str) -> None:
        before, begin_ms = len(record.states[camera]), CLOCK.now_ms()
        await disturb(what, camera, workers, servers[camera], rng)
        seen, back_s, start = [], None, time.monotonic()
        while time.monotonic() - start < 40 and back_s is None:
            await asyncio.sleep(0.25)
            seen = [s.state for s in record.states[camera][before:] if s.device == camera]
            if _EXPECTED[what] & set(seen) and seen[-1] == "ok":
                back_s = round(time.monotonic() - start, 1)
        span_ms = (begin_ms, CLOCK.now_ms())
        done.append({"what": what, "camera": camera, "states": seen, "back_s": back_s, "span_ms": span_ms})
        busy.discard(camera)

    while time.monotonic() < end:
        await asyncio.sleep(rng.uniform(4, 12))
        site = memory_mb(os.getpid())
        total = site + sum(memory_mb(p) for n in names if (p := workers.pid(n)) is not None)
        memory.append((round(time.monotonic() - began, 1), round(total, 1)))
        free = [n for n in names if n not in busy and n in record.beat_ms]
        if free and time.monotonic() < end - 45:
            camera = rng.choice(free)
            busy.add(camera)
            tasks.append(asyncio.create_task(one(rng.choice(DISTURBANCES), camera)))
            now, all_mb = memory[-1]
            print(f"{now:7.1f} s {all_mb:7.1f} MB, site {site:6.1f} MB, {len(done)} disturbances", file=sys.stderr)
    await asyncio.gather(*tasks)
    end_ms = CLOCK.now_ms()
    await workers.stop()
    for server in servers.values():
        server.kill()
    lost = {n: passes_lost(record, done, n, (start_ms, end_ms)) for n in names}
    return verdict(record, done, memory, lost, {n: len(segments(folder / n)) for n in names}) | {"minutes": minutes}


def passes_lost(record: Record, done: list[dict[str, Any]], camera: str, whole_ms: tuple[int, int]) -> int:
    """Passes that should have been told between disturbances and were not: one a round, the cut ones aside."""
    read = [s.t_ms for s in record.finals[camera] if any(p.text == PLATES[0] for p in s.plates)]
    spans = sorted(d["span_ms"] for d in done if d["camera"] == camera)
    lost, at_ms = 0, whole_ms[0]
    for begin_ms, end_ms in [*spans, (whole_ms[1], whole_ms[1])]:
        due = max(0, (begin_ms - at_ms - 2 * ROUND_MS) // ROUND_MS)
        lost += max(0, due - sum(at_ms <= t <= begin_ms for t in read))
        at_ms = max(at_ms, end_ms)
    return lost


def verdict(
    record: Record,
    done: list[dict[str, Any]],
    memory: list[tuple[float, float]],
    lost: dict[str, int],
    stored: dict[str, int],
) -> dict[str, Any]:
    """What was lost, what grew."""
    missed = [d for d in done if d["back_s"] is None]
    passes = {c: len(f) for c, f in record.finals.items()}
    read = sum(any(p.text == PLATES[0] for p in s.plates) for f in record.finals.values() for s in f)
    third = max(1, len(memory) // 3)
    early = sorted(m for _, m in memory[third : 2 * third])[third // 2]
    late = sorted(m for _, m in memory[-third:])[third // 2]
    growth = (late - early) / early
    return {
        "disturbances": len(done),
        "not_on_record_or_not_back": missed,
        "slowest_back_s": max((d["back_s"] or 0 for d in done), default=0),
        "facts": record.facts,
        "fragments": record.fragments,
        "passes": passes,
        "passes_read": read,
        "passes_lost_between": lost,
        "told_twice": record.again,
        "memory_mb": {"middle": early, "end": late, "growth_share": round(growth, 4)},
        "segments": stored,
        "good": not missed and not record.again and not any(lost.values()) and growth < 0.05,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(soak(args.minutes, args.cameras, args.seed, Path(folder)))
    print(json.dumps(result, indent=1))
    sys.exit(0 if result["good"] else 1)


if __name__ == "__main__":
    main()
