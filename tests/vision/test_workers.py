"""Camera processes: what they say, that they come back, that nothing is told twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import psutil
import pytest

from tests.vision.conftest import RtspServer
from tests.vision.drawn import PLATES, build_drawn
from vision.config import CameraConfig
from vision.facts import DeviceState, Sighting
from vision.messages import (
    Beat,
    Caption,
    Crops,
    Facts,
    FromWorker,
    LiveBegin,
    LiveEnd,
    LiveFragment,
    Snapshot,
    TakeSnapshot,
    Watch,
    Weights,
)
from vision.overlay import WeightAt
from vision.record import segments
from vision.source import SystemClock
from vision.supervise import CameraWorkers, Patience


class Ear:
    """Keeps what workers said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, FromWorker]] = []

    def __call__(self, camera: str, message: FromWorker) -> None:
        self.said.append((camera, message))

    def of(self, kind: type) -> list[FromWorker]:
        return [m for _, m in self.said if isinstance(m, kind)]

    @property
    def facts(self) -> list[Sighting | DeviceState]:
        return [f for m in self.of(Facts) for f in m.facts]  # type: ignore[union-attr]

    @property
    def states(self) -> list[str]:
        return [f.state for f in self.facts if isinstance(f, DeviceState) and "/" not in f.device]

    async def until(self, done: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not done():
                await asyncio.sleep(0.05)


def config(address: str, **more: object) -> CameraConfig:
    return CameraConfig(id="gate", name="大门", site="某矿", address=address, size=(640, 360), **more)  # type: ignore[arg-type]


async def test_a_recording_is_seen_to_its_end(street: Path, tmp_path: Path) -> None:
    ear = Ear()
    told = config(f"file:{street}", start_ms=1_800_000_000_000, record_dir=tmp_path / "gate")
    workers = CameraWorkers([told], ear, build=build_drawn)
    await workers.start()
    await ear.until(lambda: workers.finished)
    await workers.stop()
    assert ear.states == ["ok", "ended"]
    last = [f for f in ear.facts if isinstance(f, Sighting) and f.final]
    assert [p.text for s in last for p in s.plates] == [PLATES[0]]
    (crops,) = ear.of(Crops)
    assert isinstance(crops, Crops)
    assert [text for text, _, _ in crops.plates] == [PLATES[0]]
    assert [s.first_ms for s in segments(tmp_path / "gate")] == [1_800_000_000_000]


async def test_live_pictures_come_only_while_somebody_watches(street: Path) -> None:
    ear, clock = Ear(), SystemClock()
    workers = CameraWorkers([config(f"play:{street}", start_ms=clock.now_ms())], ear, build=build_drawn)
    await workers.start()
    try:
        await ear.until(lambda: bool(ear.of(Beat)))
        assert not ear.of(LiveBegin)
        workers.send("gate", Weights((WeightAt(clock.now_ms(), 48_620.0, True),)))
        workers.send("gate", Caption(plate=PLATES[0], ticket="MT-1"))
        workers.send("gate", Watch(True))
        workers.send("gate", TakeSnapshot())
        await ear.until(lambda: len(ear.of(LiveFragment)) > 20 and bool(ear.of(Snapshot)))
        workers.send("gate", Watch(False))
        await ear.until(lambda: bool(ear.of(LiveEnd)))
        count = len(ear.of(LiveFragment))
        await asyncio.sleep(0.5)
        assert len(ear.of(LiveFragment)) == count
    finally:
        await workers.stop()
    begin = ear.of(LiveBegin)[0]
    assert isinstance(begin, LiveBegin)
    assert begin.mime.startswith('video/mp4; codecs="avc1.')
    shot = ear.of(Snapshot)[0]
    assert isinstance(shot, Snapshot)
    assert shot.jpeg[:2] == b"\xff\xd8"


async def test_a_killed_worker_is_back_within_ten_seconds_and_its_gap_recorded(street: Path) -> None:
    ear, clock = Ear(), SystemClock()
    workers = CameraWorkers([config(f"play:{street}", start_ms=clock.now_ms())], ear, build=build_drawn)
    await workers.start()
    try:
        await ear.until(lambda: any(isinstance(f, Sighting) for f in ear.facts))
        pid = workers.pid("gate")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await ear.until(lambda: ear.states[-2:] == ["fault", "ok"], 10)
        known = {f.vehicle for f in ear.facts if isinstance(f, Sighting)}
        count = len(ear.facts)
        await ear.until(lambda: any(isinstance(f, Sighting) for f in ear.facts[count:]), 10)
    finally:
        await workers.stop()
    back = [f for f in ear.facts if isinstance(f, DeviceState) and f.state == "ok"][-1]
    assert 0 < back.numbers["gap_ms"] < 10_000
    fresh = {f.vehicle for f in ear.facts[count:] if isinstance(f, Sighting)}
    assert not fresh & known


@pytest.mark.slow
async def test_a_hung_worker_is_replaced(street: Path) -> None:
    ear, clock = Ear(), SystemClock()
    told = config(f"play:{street}", start_ms=clock.now_ms())
    workers = CameraWorkers([told], ear, build=build_drawn, patience=Patience(beat_s=2.0))
    await workers.start()
    try:
        await ear.until(lambda: bool(ear.of(Beat)))
        pid = workers.pid("gate")
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await ear.until(lambda: ear.states[-2:] == ["fault", "ok"], 10)
    finally:
        await workers.stop()
    assert workers.health()["gate"]["restarts"] == 1


async def test_an_address_that_cannot_be_used_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    ear = Ear()
    workers = CameraWorkers([config(f"file:{tmp_path}/none.mp4")], ear, build=build_drawn)
    await workers.start()
    try:
        await ear.until(lambda: "fault" in ear.states)
    finally:
        await workers.stop()
    fault = next(f for f in ear.facts if isinstance(f, DeviceState))
    assert "none.mp4" in fault.detail


async def test_the_live_stream_plays_from_any_key_frame(rtsp: Callable[..., RtspServer], tmp_path: Path) -> None:
    ear = Ear()
    workers = CameraWorkers([config(rtsp().address)], ear, build=build_drawn)
    await workers.start()
    try:
        workers.send("gate", Watch(True))
        await ear.until(lambda: len(ear.of(LiveFragment)) > 40)
    finally:
        await workers.stop()
    begin, fragments = ear.of(LiveBegin)[0], [m.fragment for m in ear.of(LiveFragment)]  # type: ignore[union-attr]
    second = [i for i, f in enumerate(fragments) if f.keyframe][1]
    path = tmp_path / "joined.mp4"
    path.write_bytes(begin.init + b"".join(f.data for f in fragments[second:]))  # type: ignore[union-attr]
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == len(fragments) - second


SITE = """
import asyncio, sys
from tests.vision.drawn import build_drawn
from tests.vision.test_workers import Ear, config
from vision.messages import Beat
from vision.source import SystemClock
from vision.supervise import CameraWorkers

async def main():
    ear = Ear()
    told = config("play:" + sys.argv[1], start_ms=SystemClock().now_ms())
    workers = CameraWorkers([told], ear, build=build_drawn)
    await workers.start()
    await ear.until(lambda: bool(ear.of(Beat)))
    print(workers.pid("gate"), flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.slow
def test_a_site_that_is_killed_takes_its_workers_with_it(street: Path, tmp_path: Path) -> None:
    script = tmp_path / "site.py"
    script.write_text(SITE)
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script), str(street)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
    ) as site:
        assert site.stdout is not None
        worker = psutil.Process(int(site.stdout.readline()))
        site.kill()
        worker.wait(10)
    assert not worker.is_running()
