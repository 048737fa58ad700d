"""Which detection continues which track: least total cost under a gate."""

import numpy as np
from numpy.typing import NDArray

from vision.boxes import Boxes, areas, overlaps

Pairs = list[tuple[int, int]]
_FORBIDDEN = 1e6


def assign(costs: NDArray[np.float64], allowed: NDArray[np.bool_]) -> Pairs:
    """(row, column) pairs of least total cost among those allowed; as many as possible."""
    if not costs.size or not allowed.any():
        return []
    gated = np.where(allowed, costs, _FORBIDDEN)
    wide = len(gated) <= gated.shape[1]
    pairs = _least_cost(gated) if wide else sorted((r, c) for c, r in _least_cost(gated.T))
    return [(r, c) for r, c in pairs if allowed[r, c]]


def _least_cost(costs: NDArray[np.float64]) -> Pairs:
    """Every row's column for the least sum, of (R, C) costs with R <= C: shortest augmenting paths, O(R² C).

    R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
    Computing 38, 1987. Written out because SciPy's would cost each camera 30 MB. Row and column 0 stand for none.
    """
    rows, columns = costs.shape
    of_row, of_column = np.zeros(rows + 1), np.zeros(columns + 1)  # prices
    row_at = np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        row_at[0], at = row, 0
        least, used = np.full(columns + 1, np.inf), np.zeros(columns + 1, dtype=bool)
        came_from = np.zeros(columns + 1, np.int64)
        while row_at[at]:
            used[at] = True
            reduced = costs[row_at[at] - 1] - of_row[row_at[at]] - of_column[1:]
            better = np.flatnonzero(~used[1:] & (reduced < least[1:])) + 1
            least[better], came_from[better] = reduced[better - 1], at
            nearest = int(np.where(used, np.inf, least)[1:].argmin()) + 1
            step = least[nearest]
            of_row[row_at[used]] += step
            of_column[used] -= step
            least[~used] -= step
            at = nearest
        while at:
            row_at[at] = row_at[came_from[at]]
            at = int(came_from[at])
    return sorted((int(row_at[c]) - 1, c - 1) for c in range(1, columns + 1) if row_at[c])


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
