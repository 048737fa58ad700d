"""What the vehicle detector is asked to say of a scene."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the extra 'train'")

import torch
from torch import Tensor

from models.detectors.plate_targets import cells
from models.detectors.road_labels import CLASSES, RoadLabels
from models.detectors.road_targets import IGNORED, NOTHING, decode, general_overlap, padded, road_loss, targets

_SIZE = 256
_NOWHERE = np.zeros((0, 4))
_CENTRES, _STRIDES = (torch.from_numpy(part) for part in cells(_SIZE, _SIZE))


def labels(boxes: list[list[float]], kinds: list[int], ignored: list[list[float]] | None = None) -> RoadLabels:
    return RoadLabels(np.array(boxes).reshape(-1, 4), np.array(kinds, np.int64), np.array(ignored or []).reshape(-1, 4))


def asked(seen: Tensor, scores: Tensor, shown: RoadLabels) -> tuple[Tensor, Tensor, Tensor]:
    boxes, kinds = padded([shown])
    return targets(scores[None], seen[None], boxes, kinds, _CENTRES)


def guesses(seed: int) -> tuple[Tensor, Tensor]:
    """Boxes and scores as an untrained network gives them."""
    rng = torch.Generator().manual_seed(seed)
    raw = torch.randn((len(_CENTRES), 4), generator=rng)
    return decode(raw, _CENTRES, _STRIDES), torch.rand((len(_CENTRES), len(CLASSES)), generator=rng)


@settings(max_examples=50)
@given(
    st.floats(10, 200),
    st.floats(10, 200),
    st.floats(4, 240),
    st.floats(4, 240),
    st.integers(0, len(CLASSES) - 1),
    st.integers(0, 9),
)
def test_every_object_has_cells_of_its_own(
    x: float, y: float, width: float, height: float, kind: int, seed: int
) -> None:
    box = np.clip([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 0, _SIZE)
    wanted, _, weight = (part[0] for part in asked(*guesses(seed), labels([box.tolist()], [kind])))
    chosen = weight > 0
    assert 1 <= int(chosen.sum()) <= 10
    assert (wanted[chosen, kind] > 0).all()
    assert float(wanted.sum()) == pytest.approx(float(wanted[chosen, kind].sum()))
    middle, half = torch.from_numpy((box[:2] + box[2:]) / 2), torch.from_numpy((box[2:] - box[:2]) / 2).clamp(min=6)
    assert ((_CENTRES[chosen] - middle).abs() < half + 1e-3).all()


def test_the_cells_whose_boxes_lie_best_are_asked_for_the_most() -> None:
    truth = [40.0, 40.0, 168.0, 168.0]
    seen, scores = torch.tensor(truth).expand(len(_CENTRES), 4).clone(), torch.full((len(_CENTRES), len(CLASSES)), 0.5)
    level = _STRIDES == 16
    seen[~level, 2:] -= 40
    wanted, _, weight = (part[0] for part in asked(seen, scores, labels([truth], [3])))
    assert (weight[~level] == 0).all()
    assert float(wanted[:, 3].max()) == pytest.approx(1.0, abs=1e-3)


def test_a_cell_inside_two_objects_answers_for_the_one_it_covers() -> None:
    both = labels([[20.0, 20, 140, 140], [60, 60, 100, 100]], [3, 6])
    small = torch.tensor([60.0, 60, 100, 100]).expand(len(_CENTRES), 4)
    wanted, owner, weight = (part[0] for part in asked(small, torch.full((len(_CENTRES), len(CLASSES)), 0.5), both))
    near = (weight > 0) & ((_CENTRES - 80).abs() < 15).all(1)
    assert near.any()
    assert (owner[near] == 1).all()
    assert (wanted[near, 3] == 0).all()


def test_ignored_places_count_for_nothing() -> None:
    shown = labels([[20.0, 20, 140, 140]], [3], [[180.0, 180, 240, 240]])
    wanted, _, weight = (part[0] for part in asked(*guesses(1), shown))
    vague = ((_CENTRES > 180) & (_CENTRES < 240)).all(1)
    assert (wanted[vague] == -1).all()
    assert (weight[vague] == 0).all()
    assert (wanted[~vague] >= 0).all()


def test_labels_of_a_batch_are_filled_up() -> None:
    boxes, kinds = padded([labels([[1.0, 2, 3, 4]], [2], [[5.0, 6, 7, 8]]), labels([], [])])
    assert boxes.shape == (2, 2, 4)
    assert kinds.tolist() == [[2, IGNORED], [NOTHING, NOTHING]]


def test_following_the_loss_leads_to_the_right_boxes() -> None:
    truth = labels([[40.0, 60, 120, 130], [150, 150, 180, 240]], [3, 6])
    batch = (torch.zeros(0), *padded([truth]), _CENTRES, _STRIDES)
    out = torch.cat([torch.full((1, len(_CENTRES), len(CLASSES)), -4.0), torch.zeros(1, len(_CENTRES), 4)], -1)
    out.requires_grad_()
    optimiser = torch.optim.Adam([out], 0.1)
    losses = []
    for _ in range(150):
        loss, _ = road_loss(out, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]
    for box, kind in zip(truth.boxes, truth.kinds.tolist(), strict=True):
        best = int(out[0, :, kind].argmax())
        said = decode(out[0, best : best + 1, len(CLASSES) :], _CENTRES[best : best + 1], _STRIDES[best : best + 1])
        np.testing.assert_allclose(said.detach().numpy()[0], box, atol=4)


def test_general_overlap() -> None:
    a, b = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[20.0, 0, 30, 10]])
    assert float(general_overlap(a, a)) == pytest.approx(1)
    assert float(general_overlap(a, b)) == pytest.approx(-1 / 3)
