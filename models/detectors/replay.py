"""Batches that take longer to make than to learn from: those made before are learned from again meanwhile."""

import threading
from collections import deque
from collections.abc import Generator, Iterable

import numpy as np
from torch import Tensor

Batch = tuple[Tensor, ...]
_LOOK_EVERY_S = 0.05


def replayed(made: Iterable[Batch], keep: int, seed: int) -> Generator[Batch, None, None]:
    """Every batch of `made` once as soon as it is there, and until the next one is, any of the last `keep` again.

    Close it when done: a thread of its own gathers the batches, and ends with it.
    """
    fresh: deque[Batch] = deque()
    first, done = threading.Event(), threading.Event()

    def gather() -> None:
        for batch in made:
            while len(fresh) >= keep and not done.wait(_LOOK_EVERY_S):
                pass
            if done.is_set():
                return
            fresh.append(batch)
            first.set()

    gatherer = threading.Thread(target=gather, daemon=True)
    gatherer.start()
    first.wait()
    old: deque[Batch] = deque(maxlen=keep)
    rng = np.random.default_rng(seed)
    try:
        while True:
            if fresh:
                old.append(fresh.popleft())
                yield old[-1]
            else:
                yield old[int(rng.integers(len(old)))]
    finally:
        done.set()
        gatherer.join()
