"""What the vehicle detector is asked to say of a scene."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the extra 'train'")

import torch

from models.detectors.plate_targets import cells
from models.detectors.road_labels import CLASSES, RoadLabels
from models.detectors.road_targets import decode, general_overlap, road_loss, targets

_SIZE = 256
_NOWHERE = np.zeros((0, 4))


@given(st.floats(10, 200), st.floats(10, 200), st.floats(4, 240), st.floats(4, 240), st.integers(0, len(CLASSES) - 1))
def test_every_object_has_cells_that_know_its_box(x: float, y: float, width: float, height: float, kind: int) -> None:
    box = np.clip(np.array([[x - width / 2, y - height / 2, x + width / 2, y + height / 2]]), 0, _SIZE)
    scores, boxes, weights = targets(RoadLabels(box, np.array([kind]), _NOWHERE), _SIZE)
    chosen = weights > 0
    assert chosen.any()
    assert (scores[chosen, kind] > 0).all()
    assert (np.delete(scores[chosen], kind, axis=1) == 0).all()
    np.testing.assert_allclose(boxes[chosen], np.broadcast_to(box, (chosen.sum(), 4)), atol=1e-4)


def test_the_smaller_of_two_has_the_cell_and_ignored_places_count_for_nothing() -> None:
    boxes = np.array([[20.0, 20, 140, 140], [60, 60, 100, 100]])
    scores, said, weights = targets(RoadLabels(boxes, np.array([3, 6]), np.array([[180.0, 180, 240, 240]])), _SIZE)
    centres, strides = cells(_SIZE, _SIZE)
    middle = (strides == 16) & (np.abs(centres - 80) < 12).all(1)
    assert (said[middle] == boxes[1]).all()
    vague = ((centres > 180) & (centres < 240)).all(1)
    assert (scores[vague] == -1).all()
    assert (weights[vague] == 0).all()


def test_loss_falls_to_nothing_for_the_right_answer() -> None:
    labels = RoadLabels(np.array([[40.0, 60, 120, 130], [150, 150, 180, 240]]), np.array([3, 6]), _NOWHERE)
    scores, boxes, weights = (torch.from_numpy(part)[None] for part in targets(labels, _SIZE))
    centres, strides = (torch.from_numpy(part)[None] for part in cells(_SIZE, _SIZE))
    away = torch.cat([centres - boxes[..., :2], boxes[..., 2:] - centres], -1).clamp(min=1e-2)
    perfect = torch.cat([torch.logit(scores.clamp(1e-4, 1 - 1e-4)), (away / strides[..., None]).log()], -1)
    batch = (torch.zeros(0), scores, boxes, weights, centres, strides)
    right, wrong = road_loss(perfect, batch)[0], road_loss(torch.zeros_like(perfect), batch)[0]
    assert float(right) < 0.05
    assert float(wrong) > 20 * float(right)
    chosen = weights[0] > 0
    said = decode(perfect[0, :, len(CLASSES) :], centres[0], strides[0])
    torch.testing.assert_close(said[chosen], boxes[0][chosen], atol=1e-2, rtol=0)


def test_general_overlap() -> None:
    a, b = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[20.0, 0, 30, 10]])
    assert float(general_overlap(a, a)) == pytest.approx(1)
    assert float(general_overlap(a, b)) == pytest.approx(-1 / 3)
