"""What sealing costs beyond copying the clips, and how fast verification reads."""

import hashlib
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.evidence import Clip
from gate.evidence.files import copy_new
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from tests.gate.evidence.scene import START_MS, draft, new_store

MEBIBYTE = 1 << 20
ROUNDS = 12


@pytest.mark.slow
def test_sealing_takes_little_beyond_the_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Median time to seal with clips of 30 MB, less the median time to copy those clips alone: under 200 ms."""
    source = tmp_path / "clip.mp4"
    source.write_bytes(os.urandom(15 * MEBIBYTE))
    store = new_store(tmp_path)
    sealing, copying = [], []
    for number in range(ROUNDS):
        t = START_MS + number
        clips = (Clip(source, "north", t, t + 1), Clip(source, "north", t, t + 1, "burned"))
        begin = time.perf_counter()
        store.seal(draft(number, clips), t)
        sealing.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        for copy in range(2):
            copy_new(source, tmp_path / f"{number}-{copy}")
        copying.append(time.perf_counter() - begin)
    beyond_ms = (statistics.median(sealing) - statistics.median(copying)) * 1000
    with capsys.disabled():
        print(f"\nseal {statistics.median(sealing) * 1000:.0f} ms, of it beyond the copy {beyond_ms:.0f} ms")
    assert beyond_ms < 200


def forget(directory: Path) -> int:
    """Have the system drop a folder's files from memory, so that they are read from the disk. Bytes in it."""
    size = 0
    for path in (p for p in directory.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            size += path.stat().st_size
    return size


@pytest.mark.slow
def test_verification_runs_at_disk_speed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verification of 600 MB from the disk costs hardly more than reading and hashing them; the disk is the limit."""
    source = tmp_path / "clip.mp4"
    source.write_bytes(os.urandom(30 * MEBIBYTE))
    store = new_store(tmp_path)
    for number in range(10):
        t = START_MS + number
        clips = (Clip(source, "north", t, t + 1), Clip(source, "north", t, t + 1, "burned"))
        store.seal(draft(number, clips), t)
    evidence = tmp_path / "evidence"
    files = [p for p in evidence.rglob("*.*") if p.is_file()]
    plain, verified = [], []
    for _ in range(5):
        size = forget(evidence)
        plain.append(timed(lambda: [hashed(p) for p in files]))
        forget(evidence)
        verified.append(timed(lambda: verify(evidence, store.fingerprint)))
    speeds = [size / statistics.median(wall for wall, _ in times) / 1e6 for times in (plain, verified)]
    per_core = [size / statistics.median(cpu for _, cpu in times) / 1e6 for times in (plain, verified)]
    with capsys.disabled():
        print(f"\nSHA-256 alone {speeds[0]:.0f} MB/s, {per_core[0]:.0f} MB per second of one core")
        print(f"verification  {speeds[1]:.0f} MB/s, {per_core[1]:.0f} MB per second of one core")
    assert verify(evidence, store.fingerprint).standing is Standing.VALID
    assert per_core[1] > per_core[0] * 0.7


def hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu
