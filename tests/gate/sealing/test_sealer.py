"""The sealing process beside the gate: seals each passage once, prints its slip, and outlives being killed."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil

from gate.evidence.report import Standing
from gate.evidence.store import SealedBundle
from gate.evidence.verify import verify
from gate.records import Passage, WeightsTaken
from gate.sealing.dossier import Dossier
from gate.sealing.sealer import AGAIN_MS, Sealer, Workshop
from tests.gate.evidence.scene import SITE, START_MS, draft
from tests.gate.fraud.scene import site

WEIGHTS = WeightsTaken(48_620.0, 15_140.0, "two_weighings", START_MS - 3_600_000)


def workshop(directory: Path) -> Workshop:
    where = site().model_copy(update={"id": SITE})
    return Workshop(where, {}, directory / "evidence", directory / "keys", {}, directory / "slips")


def dossier(number: int) -> Dossier:
    made = draft(number).passage
    assert isinstance(made, Passage)
    return Dossier(replace(made, vehicles=("cam:4",), weights=WEIGHTS), (), ())


async def until(done: list[SealedBundle], count: int) -> None:
    async with asyncio.timeout(60):
        while len(done) < count:
            await asyncio.sleep(0.05)


async def test_passages_are_sealed_once_and_slips_printed_though_the_process_is_killed(tmp_path: Path) -> None:
    done: list[SealedBundle] = []
    sealer = Sealer(workshop(tmp_path), lambda: START_MS + 3_600_000, lambda _d, bundle: done.append(bundle))
    for number in (1, 2, 3):
        sealer.put(dossier(number))
    assert sealer.waiting == 3
    running = asyncio.create_task(sealer.run())
    await until(done, 1)
    for child in psutil.Process().children(recursive=True):
        if "spawn_main" in " ".join(child.cmdline()):
            os.kill(child.pid, signal.SIGKILL)
    await until(done, 3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sealer.waiting == 0
    assert len({b.id for b in done}) == 3
    assert sorted(p.name for p in (tmp_path / "slips").iterdir()) == sorted(f"{b.path.name}.pdf" for b in done)
    assert verify(tmp_path / "evidence").standing is Standing.VALID
    again = Sealer(workshop(tmp_path), lambda: START_MS, lambda _d, bundle: done.append(bundle))
    again.put(dossier(2))
    assert again.waiting == 0, "sealed before"


async def test_a_slip_that_cannot_be_printed_undoes_no_seal(tmp_path: Path) -> None:
    done: list[SealedBundle] = []
    (tmp_path / "slips").write_text("a file where the folder should be")
    sealer = Sealer(workshop(tmp_path), lambda: START_MS + 3_600_000, lambda _d, bundle: done.append(bundle))
    sealer.put(dossier(1))
    running = asyncio.create_task(sealer.run())
    await until(done, 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (sealer.waiting, sealer.failing) == (0, 0)


async def test_a_passage_waits_for_its_post_roll_to_be_on_disk(tmp_path: Path) -> None:
    done: list[SealedBundle] = []
    now_ms = dossier(1).passage.end_ms + 1_000
    sealer = Sealer(workshop(tmp_path), lambda: now_ms, lambda _d, bundle: done.append(bundle))
    sealer.put(dossier(1))
    running = asyncio.create_task(sealer.run())
    await asyncio.sleep(0.6)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (done, sealer.waiting) == ([], 1)


async def test_a_passage_that_cannot_be_sealed_lets_others_pass_and_is_not_lost(tmp_path: Path) -> None:
    done: list[SealedBundle] = []
    now_ms = START_MS + 3_600_000
    sealer = Sealer(workshop(tmp_path), lambda: now_ms, lambda _d, bundle: done.append(bundle))
    sealer.put(dossier(1))
    staging = tmp_path / "evidence" / "staging"
    staging.rmdir()
    staging.write_text("no folder: nothing can be staged")
    running = asyncio.create_task(sealer.run())
    async with asyncio.timeout(60):
        while not sealer.failing:
            await asyncio.sleep(0.05)
    assert (sealer.waiting, done) == (1, [])
    staging.unlink()
    staging.mkdir()
    sealer.put(dossier(2))
    await until(done, 1)
    assert (sealer.waiting, sealer.failing) == (1, 1), "it waits a while before it is tried again"
    now_ms += AGAIN_MS
    await until(done, 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (sealer.waiting, sealer.failing) == (0, 0)
    assert verify(tmp_path / "evidence").standing is Standing.VALID
