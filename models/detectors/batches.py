"""Batches by number: the same whoever makes them, so that a resumed run learns what it would have."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

Batch = tuple[Tensor, ...]


def mine(first: int) -> Iterator[int]:
    """The numbers, from `first` on, of the batches that fall to this worker: workers are asked in turn."""
    worker = get_worker_info()
    return count(first) if worker is None else count(first + worker.id, worker.num_workers)


def loaded(stream: IterableDataset[Batch], threads: int) -> Iterator[Batch]:
    """A stream's batches in order of their numbers, made by workers beside the training."""
    return iter(DataLoader(stream, batch_size=None, num_workers=max(threads // 2, 1), prefetch_factor=6))


def replayed(batches: Callable[[int], Iterator[Batch]], first: int, *, keep: int, seed: int) -> Iterator[Batch]:
    """Each batch once, and after it one of the last `keep` again: they take longer to make than to learn from.

    first: the step to begin with, two to a batch. What was kept before it is gone.
    """
    old: deque[Batch] = deque(maxlen=keep)
    for number, batch in enumerate(batches(first // 2), first // 2):
        old.append(batch)
        yield batch
        yield old[int(np.random.default_rng([seed, number]).integers(len(old)))]
