"""A vehicle's positions thinned for a map, so that where it was at any moment is still right."""

import numpy as np
from numpy.typing import NDArray

from geofence.coordinates import stretch, to_plane

Array = NDArray[np.float64]


def thin(times_ms: NDArray[np.int64], positions: Array, tolerance_m: float) -> NDArray[np.int64]:
    """Numbers of the positions to keep: between them, going at an even pace is wrong by tolerance_m at most.

    times_ms: (N,) rising; positions: (N, 2) WGS-84 degrees, longitude first. Douglas and Peucker's halving with
    distances taken at equal times (Meratnia and de By, EDBT 2004), so that stops are kept as well as bends.
    """
    count = len(times_ms)
    if count < 3:
        return np.arange(count)
    plane = to_plane(positions)
    scale = stretch(plane)
    keep = np.zeros(count, bool)
    keep[[0, -1]] = True
    spans = [(0, count - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        middle = slice(first + 1, last)
        share = (times_ms[middle] - times_ms[first]) / max(int(times_ms[last] - times_ms[first]), 1)
        expected = plane[first] + share[:, None] * (plane[last] - plane[first])
        off = np.hypot(*(plane[middle] - expected).T) / scale[middle]
        if off.max() > tolerance_m:
            split = first + 1 + int(off.argmax())
            keep[split] = True
            spans += [(first, split), (split, last)]
    return np.flatnonzero(keep)
