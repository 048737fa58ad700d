"""A sliding window of freshly drawn training crops, rendered beside the training and kept on disk so a run can resume.

Shard number r is always drawn from the generator (seed, r): which worker draws it, and when, changes nothing.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthesis.crops import CropSource, Mix

SHARD = 2048
FIELDS = ("image", "text", "colour", "rows", "plate", "corners", "centres")
Arrays = dict[str, NDArray[np.generic]]

_source: CropSource | None = None


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """data: the data folder or None; folder: where shards lie; window: how many are kept; ahead: drawn in advance."""

    data: Path | None
    folder: Path
    seed: int
    workers: int = 1
    window: int = 32
    ahead: int = 3
    mix: Mix = field(default_factory=Mix)


class Pool:
    """Hands out the window's shards, newest last, one round after another."""

    def __init__(self, plan: PoolPlan, first: int = 0) -> None:
        self._plan, self._next = plan, max(first - plan.window + 1, 0)
        self._round = first
        plan.folder.mkdir(parents=True, exist_ok=True)
        self._window: deque[Arrays] = deque(maxlen=plan.window)
        self._executor = ProcessPoolExecutor(
            plan.workers, get_context("spawn"), initializer=_open, initargs=(plan.data, plan.seed, plan.mix)
        )
        self._coming: deque[Future[Path]] = deque()

    def __iter__(self) -> Iterator[tuple[int, list[Arrays]]]:
        """(round, window) without end; the window holds every shard drawn so far, up to the plan's number."""
        while True:
            while self._next <= self._round + self._plan.ahead:
                self._coming.append(self._executor.submit(_shard, self._plan.folder, self._plan.seed, self._next))
                self._next += 1
            waiting = self._round - (self._next - len(self._coming)) + 1
            for _ in range(waiting):
                self._window.append(load(self._coming.popleft().result()))
            (self._plan.folder / _name(self._round - self._plan.window)).unlink(missing_ok=True)
            yield self._round, list(self._window)
            self._round += 1

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


def draw(source: CropSource, seed: int, number: int, count: int = SHARD) -> Arrays:
    """Shard `number` as arrays by FIELDS."""
    rng = np.random.default_rng((seed, 11, number))
    samples = [source.draw(rng) for _ in range(count)]
    return {field: np.array([getattr(sample, field) for sample in samples]) for field in FIELDS}


def load(path: Path) -> Arrays:
    with np.load(path) as packed:
        return {field: packed[field] for field in FIELDS}


def _name(number: int) -> str:
    return f"{number:06}.npz"


def _open(data: Path | None, seed: int, mix: Mix) -> None:
    global _source  # noqa: PLW0603 - one source a worker process, opened once
    os.nice(5)
    cv2.setNumThreads(1)
    _source = CropSource(data, seed, mix)


def _shard(folder: Path, seed: int, number: int) -> Path:
    assert _source is not None
    path = folder / _name(number)
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, **draw(_source, seed, number))  # type: ignore[arg-type]
        part.replace(path)
    return path
