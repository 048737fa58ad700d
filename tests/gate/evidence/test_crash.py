"""Killed at any instant, the chain is whole and no sealed bundle is half written."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from tests.gate.evidence.scene import SITE, START_MS, clips_of, draft

NOW_MS = START_MS + 3_600_000


def child(act: Callable[[int], None]) -> tuple[int, int]:
    """Run something in a process of its own. Its id, and a pipe on which it reports."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            act(write)
        finally:
            os._exit(0)
    os.close(write)
    return pid, read


def reported(pipe: int) -> list[int]:
    """What a process wrote before it died: numbers of the bundles it was told are sealed."""
    with os.fdopen(pipe, "rb") as lines:
        return [int(line) for line in lines.read().split(b"\n") if line]


def seal_one(directory: Path, clip: Path, number: int, pipe: int) -> None:
    sealed = EvidenceStore(directory / "evidence", KeyRing(directory / "keys"), SITE).seal(
        draft(number, clips_of(number, clip)), NOW_MS + number
    )
    os.write(pipe, b"%d\n" % sealed.number)


def kill_at_event(count: int) -> None:
    """Die by SIGKILL at the count-th act on the file system from now on."""
    left = [count]

    def watch(event: str, _: object) -> None:
        if event == "open" or event.startswith(("os.", "shutil.", "fcntl.")):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def check(directory: Path, fingerprint: str, promised: list[int]) -> list[int]:
    """Before and after the store is opened again nothing is tampered with, and nothing promised is lost."""
    before = verify(directory / "evidence", fingerprint)
    assert before.standing is not Standing.TAMPERED, [p.say() for p in before.problems]
    store = EvidenceStore(directory / "evidence", KeyRing(directory / "keys"), SITE)
    after = verify(directory / "evidence", fingerprint)
    assert after.standing is Standing.VALID, [p.say() for p in after.problems]
    held = [b.number for b in store.bundles()]
    assert set(promised) <= set(held)
    return held


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_each_act_on_the_file_system(tmp_path: Path, clip: Path, stride: int) -> None:
    fingerprint = KeyRing(tmp_path / "keys").fingerprints[0]
    promised: list[int] = []
    held: list[int] = []

    for count in range(1, 500, stride):

        def act(pipe: int, count: int = count) -> None:
            kill_at_event(count)
            seal_one(tmp_path, clip, count % 50, pipe)

        pid, pipe = child(act)
        _, status = os.waitpid(pid, 0)
        new = reported(pipe)
        promised += new
        if (tmp_path / "evidence" / "chain.jsonl").exists():
            held = check(tmp_path, fingerprint, promised)
        if os.WIFEXITED(status):
            break
    assert os.WIFEXITED(status)
    assert new, "the last run was not killed and sealed its bundle"
    assert count > 30, "fewer acts than sealing takes: the hook does not see them"
    assert len(held) > len(promised), "no kill fell between naming the bundle and the answer"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_hundred_seals_under_kill_9(tmp_path: Path, clip: Path) -> None:
    rng = random.Random(9)
    kills = seals = 0
    for round_number in range(20):
        directory = tmp_path / f"{round_number}"
        fingerprint = KeyRing(directory / "keys").fingerprints[0]
        promised: list[int] = []

        def act(pipe: int, directory: Path = directory) -> None:
            for number in range(1000):
                seal_one(directory, clip, number % 50, pipe)

        while len(promised) < 10:
            pid, pipe = child(act)
            wanted, seen = rng.choice([0, 1, 2]), b""  # some die in their first seal, some later
            while seen.count(b"\n") < wanted:
                seen += os.read(pipe, 1)
            time.sleep(rng.uniform(0.0, 0.06))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            kills += 1
            promised += [int(line) for line in seen.split(b"\n")[:-1]] + reported(pipe)
            if (directory / "evidence" / "chain.jsonl").exists():
                check(directory, fingerprint, promised)
        seals += len(promised)
    assert seals >= 200
    assert kills >= 60
