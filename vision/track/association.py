"""Which detection continues which track: least total cost under a gate."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from vision.boxes import Boxes, areas, overlaps

Pairs = list[tuple[int, int]]
_FORBIDDEN = 1e6


def assign(costs: NDArray[np.float64], allowed: NDArray[np.bool_]) -> Pairs:
    """(row, column) pairs of least total cost among those allowed; as many as possible."""
    if not costs.size or not allowed.any():
        return []
    rows, columns = linear_sum_assignment(np.where(allowed, costs, _FORBIDDEN))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if allowed[r, c]]


def by_overlap(tracks: Boxes, found: Boxes, alike: NDArray[np.bool_], least: float) -> Pairs:
    """Pairs whose overlap is at least `least`."""
    shared = overlaps(tracks, found)
    return assign(1.0 - shared, alike & (shared >= least))


def by_distance(
    tracks: Boxes, found: Boxes, alike: NDArray[np.bool_], reach: NDArray[np.float64], size_ratio: float = 2.0
) -> Pairs:
    """Pairs whose centres lie within `reach` of each track's size and whose areas are of like size.

    For what moved further than its own length between two looks, or was hidden meanwhile.
    """
    centre_a = (tracks[:, None, :2] + tracks[:, None, 2:]) / 2
    centre_b = (found[None, :, :2] + found[None, :, 2:]) / 2
    own = np.sqrt(np.maximum(areas(tracks), 1.0))
    distance = np.linalg.norm(centre_a - centre_b, axis=-1) / own[:, None]
    other = np.sqrt(np.maximum(areas(found), 1.0))
    ratio = np.maximum(own[:, None] / other[None, :], other[None, :] / own[:, None]) ** 2
    return assign(distance, alike & (distance <= reach[:, None]) & (ratio <= size_ratio))
