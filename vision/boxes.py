"""Arithmetic of boxes: (N, 4) float64, x0 y0 x1 y1."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """Area of each box, zero where it is turned inside out."""
    size: NDArray[np.float64] = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    return size[:, 0] * size[:, 1]


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """(len(a), len(b)) shared areas."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    size = np.maximum(high - low, 0.0)
    shared: NDArray[np.float64] = size[..., 0] * size[..., 1]
    return shared


def overlaps(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """(len(a), len(b)) intersection over union, 0..1."""
    shared = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def contained(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """(len(a), len(b)) share of each a that lies inside each b."""
    shared = intersections(a, b)
    own = np.broadcast_to(areas(a)[:, None], shared.shape)
    return np.divide(shared, own, out=np.zeros_like(shared), where=own > 0)


def around(boxes: Boxes) -> Boxes:
    """The least box holding all of them, (4,)."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def suppress(boxes: NDArray[np.float64], scores: NDArray[np.float64], most_overlap: float) -> NDArray[np.int64]:
    """Indices of the boxes to keep, best score first: none overlaps a better one by more than `most_overlap`."""
    order = np.argsort(-scores, kind="stable")
    shared = overlaps(boxes[order], boxes[order])
    alive = np.ones(len(order), np.bool_)
    for i in range(len(order)):
        if alive[i]:
            alive[i + 1 :] &= shared[i, i + 1 :] <= most_overlap
    return np.asarray(order[alive], np.int64)
