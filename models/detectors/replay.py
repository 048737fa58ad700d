"""Batches that take longer to make than to learn from: those made before are learned from again meanwhile."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from torch import Tensor

Batch = tuple[Tensor, ...]


def replayed(made: Iterable[Batch], keep: int, seed: int) -> Iterator[Batch]:
    """Every batch of `made` once as soon as it is there, and until the next one is, any of the last `keep` again."""
    fresh: deque[Batch] = deque()
    first = threading.Event()
    room = threading.Semaphore(keep)

    def gather() -> None:
        for batch in made:
            room.acquire()
            fresh.append(batch)
            first.set()

    threading.Thread(target=gather, daemon=True).start()
    first.wait()
    old: deque[Batch] = deque(maxlen=keep)
    rng = np.random.default_rng(seed)
    while True:
        if fresh:
            old.append(fresh.popleft())
            room.release()
            yield old[-1]
        else:
            yield old[int(rng.integers(len(old)))]
