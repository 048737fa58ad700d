"""What the plate detector is asked to say of a scene."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the extra 'train'")

import torch

from models.detectors.plate_scenes import Scene
from models.detectors.plate_targets import VALUE_UNIT, cells, plate_loss, targets

_SIZE = 320


def _scene(centre: tuple[float, float], width: float, rows: int) -> Scene:
    high = width * (140 if rows == 1 else 220) / 440
    half = np.array([width, high]) / 2
    quad = np.array(centre) + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return Scene(np.zeros((_SIZE, _SIZE, 3), np.uint8), [quad.astype(np.float32)], [rows])


@given(st.floats(20, 300), st.floats(20, 300), st.floats(12, 300), st.sampled_from([1, 2]))
def test_every_plate_has_cells_that_know_its_corners(x: float, y: float, width: float, rows: int) -> None:
    scene = _scene((x, y), width, rows)
    scores, corners, heights = targets(scene, _SIZE)
    chosen = heights > 0
    assert chosen.any()
    assert (scores[chosen, rows - 1] > 0).all()
    assert (scores[chosen, 2 - rows] <= 0).all()
    centres, _ = cells(_SIZE, _SIZE)
    said = corners[chosen].reshape(-1, 4, 2) + centres[chosen, None]
    np.testing.assert_allclose(said, np.broadcast_to(scene.quads[0], said.shape), atol=1e-2)


def test_ignored_places_count_for_nothing() -> None:
    scene = _scene((80, 80), 60, 1)
    scene.ignored.append(np.array([[200, 200], [260, 200], [260, 220], [200, 220]], np.float32))
    scores, _, heights = targets(scene, _SIZE)
    centres, _ = cells(_SIZE, _SIZE)
    inside = ((centres > [200, 200]) & (centres < [260, 220])).all(1)
    assert (scores[inside] == -1).all()
    assert (heights[inside] == 0).all()


def test_loss_falls_to_nothing_for_the_right_answer() -> None:
    scores, corners, heights = (torch.from_numpy(part)[None] for part in targets(_scene((150, 150), 90, 2), _SIZE))
    strides = torch.from_numpy(cells(_SIZE, _SIZE)[1])[None]
    logits = torch.logit(scores.clamp(1e-4, 1 - 1e-4))
    perfect = torch.cat([logits, corners / (strides[..., None] * VALUE_UNIT)], -1)
    batch = (torch.zeros(0), scores, corners, heights, strides)
    right, _ = plate_loss(perfect, batch)
    wrong, _ = plate_loss(torch.zeros_like(perfect), batch)
    assert float(right) < 0.05
    assert float(wrong) > 20 * float(right)
