"""Boxes, the letterbox and the suppression of doubles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.boxes import overlaps, suppress
from vision.cells import cell_grid
from vision.errors import PictureError
from vision.letterbox import check_frame, letterbox

_BOX = st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(1, 200)] * 2).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([320, 416, 640]))
def test_letterbox_keeps_points(width: int, height: int, size: int) -> None:
    canvas, fit = letterbox(np.zeros((height, width, 3), np.uint8), size)
    assert canvas.shape[0] % 32 == 0
    assert canvas.shape[1] % 32 == 0
    assert max(canvas.shape[:2]) <= size
    corner = np.array([[width, height]], np.float64)
    there = corner * fit.scale + fit.offset
    assert (there <= np.array(canvas.shape[1::-1]) + 1).all()
    np.testing.assert_allclose(fit.to_frame(there), corner)


def test_letterbox_shows_the_frame_and_grey_around_it() -> None:
    canvas, fit = letterbox(np.full((100, 200, 3), 7, np.uint8), 320)
    assert canvas.shape == (160, 320, 3)
    assert fit.scale == pytest.approx(1.6)
    canvas, _ = letterbox(np.full((90, 200, 3), 7, np.uint8), 320)
    assert (canvas[0] == 114).all()
    assert (canvas[80] == 7).all()


@given(st.lists(_BOX, min_size=1, max_size=12), st.floats(0.1, 0.9), st.randoms(use_true_random=False))
def test_suppress_keeps_the_best_and_no_doubles(boxes: list[tuple[float, ...]], most: float, random: object) -> None:
    del random
    array = np.array(boxes, np.float64)
    scores = np.linspace(1, 0.1, len(boxes))[::-1]
    kept = suppress(array, scores, most)
    shared = overlaps(array, array)
    assert kept[0] == len(boxes) - 1
    assert all(shared[a, b] <= most for i, a in enumerate(kept) for b in kept[i + 1 :])
    gone = set(range(len(boxes))) - set(kept.tolist())
    assert all(any(shared[g, k] > most and scores[k] >= scores[g] for k in kept) for g in gone)


def test_overlap_of_known_boxes() -> None:
    a = np.array([[0.0, 0, 10, 10]])
    b = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    np.testing.assert_allclose(overlaps(a, b), [[1, 1 / 3, 0]], atol=1e-9)


def test_cells_go_level_by_level() -> None:
    centres, strides = cell_grid(64, 96)
    assert len(centres) == 8 * 12 + 4 * 6 + 2 * 3
    assert centres[0].tolist() == [4, 4]
    assert centres[-1].tolist() == [80, 48]
    assert strides[96] == 16


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5, 3), np.float32),
    ],
)
def test_only_bgr_pictures(frame: np.ndarray) -> None:
    with pytest.raises(PictureError, match="BGR"):
        check_frame(frame)
