"""The area under precision over recall, by hand."""

import numpy as np
import pytest

from models.evaluate.vehicles import average_precision
from vision.facts import Detections


def _seen(*rows: tuple[float, float]) -> Detections:
    """Boxes 10 px wide at the given x, with scores."""
    boxes = np.array([[x, 0, x + 10, 10] for x, _ in rows], np.float64).reshape(-1, 4)
    return Detections(boxes, np.array([s for _, s in rows], np.float64), np.zeros(len(rows), np.int64))


_TRUTH = np.array([[0.0, 0, 10, 10], [100, 0, 110, 10]])


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (_seen((0, 0.9), (100, 0.8)), 1.0),
        (_seen((0, 0.9)), 0.5),
        (_seen((50, 0.9), (0, 0.8), (100, 0.7)), 2 / 3),  # the false one first: precision 1/2, then 2/3
        (_seen((0, 0.9), (1, 0.8), (100, 0.7)), 0.5 + 0.5 * 2 / 3),  # the second on the same box is false
        (_seen(), 0.0),
    ],
)
def test_average_precision(seen: Detections, expected: float) -> None:
    assert average_precision([(seen, _TRUTH)]) == pytest.approx(expected)


def test_no_truth_has_no_precision() -> None:
    assert np.isnan(average_precision([(_seen((0, 0.9)), np.zeros((0, 4)))]))
