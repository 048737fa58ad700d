"""A detector learns from a teacher that looks at the very pictures it is shown."""

import os
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra 'train'")

import torch

from models.detectors.batches import Batch, replayed
from models.detectors.net import NetSpec
from models.detectors.peers import YoloxNano
from models.detectors.plate_targets import cells
from models.detectors.road_labels import CLASSES, RoadLabels
from models.detectors.road_targets import decode, padded
from models.detectors.taught import TaughtNet, midway, plain, taught_loss
from models.detectors.teacher import CLASSES as COCO
from models.detectors.teacher import FEATURES, WIDTH, DenseTeacher
from vision.boxes import overlaps
from vision.errors import ModelError

_DATA = Path(os.environ.get("GATEWARDEN_DATA", Path(__file__).resolve().parents[4] / "shared/data"))
_PEER = _DATA / "peers/yolox_nano_coco_416.onnx"
_TINY = NetSpec(widths=(4, 4, 8, 8, 8), depths=(1, 1, 1), neck=8, classes=len(CLASSES), values=4)
_SIZE = 64
_CENTRES, _STRIDES = (torch.from_numpy(part) for part in cells(_SIZE, _SIZE))
_NOWHERE = np.zeros((0, 4))


@pytest.mark.skipif(not _PEER.is_file(), reason="the peers' models are not here")
def test_a_teacher_says_of_every_cell_what_the_peer_finds() -> None:
    path = next(iter(sorted((_DATA / "vehicles/fixed_camera/images").iterdir())))
    frame = np.zeros((416, 416, 3), np.uint8)
    frame[:] = cv2.resize(np.asarray(cv2.imread(str(path))), (416, 416))
    lesson = DenseTeacher(_DATA / "peers").look(frame).astype(np.float64)
    centres, strides = cells(416, 416)
    assert lesson.shape == (len(centres), WIDTH)
    found = YoloxNano(_DATA / "peers", 1).detect(frame, 0.4)
    assert len(found.boxes)
    boxes = np.concatenate([centres - lesson[:, :2] * strides[:, None], centres + lesson[:, 2:4] * strides[:, None]], 1)
    for box, score, label in zip(found.boxes, found.scores, found.labels, strict=True):
        cell = int((lesson[:, 4 + label] * (overlaps(boxes, box[None])[:, 0] > 0.95)).argmax())
        assert lesson[cell, 4 + label] == pytest.approx(score, abs=2e-3)
        np.testing.assert_allclose(boxes[cell], box, atol=1.0)


def test_a_peer_of_another_make_is_refused(tmp_path: Path) -> None:
    import onnx

    value = onnx.helper.make_tensor_value_info("images", 1, [1, 3, 416, 416])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["images"], ["output"])], "g", [value], [])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / _PEER.name))
    with pytest.raises(ModelError, match=_PEER.name):
        DenseTeacher(tmp_path)


def test_what_was_needed_to_be_taught_is_left_behind() -> None:
    net = TaughtNet(_TINY).eval()
    picture = torch.rand(1, 3, _SIZE, _SIZE)
    with torch.no_grad():
        whole, alone = net(picture), plain(net, _TINY)(picture)
    assert whole.shape == (1, len(_CENTRES), len(CLASSES) + WIDTH)
    torch.testing.assert_close(whole[..., : len(CLASSES) + 4], alone)


def test_half_of_what_was_learned() -> None:
    before, after = TaughtNet(_TINY), TaughtNet(_TINY)
    wanted = {name: (value + after.state_dict()[name]) / 2 for name, value in before.state_dict().items()}
    midway(before, after, 0.5)
    for name, value in after.state_dict().items():
        if value.dtype.is_floating_point:
            torch.testing.assert_close(value, wanted[name])


def test_what_is_held_does_not_change() -> None:
    net = TaughtNet(_TINY, held=True).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    optimiser = torch.optim.AdamW([part for part in net.parameters() if part.requires_grad], 0.1)
    net(torch.rand(2, 3, _SIZE, _SIZE)).square().mean().backward()
    optimiser.step()
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert not [name for name in changed if name.startswith(("stem", "stages.0"))]


def test_following_the_loss_leads_to_what_the_teacher_sees() -> None:
    rng = torch.Generator().manual_seed(2)
    lesson = torch.rand((1, len(_CENTRES), WIDTH), generator=rng)
    lesson[..., :4] = 1.5
    lesson[..., 4 : 4 + COCO] *= 0.02
    lesson[0, 10, 4 + 7] = 0.9
    batch = (torch.zeros(0), *padded([RoadLabels(_NOWHERE, np.zeros(0, np.int64), _NOWHERE)]), _CENTRES, _STRIDES)
    out = torch.zeros(1, len(_CENTRES), len(CLASSES) + WIDTH, requires_grad=True)
    optimiser = torch.optim.Adam([out], 0.1)
    for _ in range(200):
        loss, terms = taught_loss(out, (*batch, lesson.half()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert max(terms["seen"], terms["lay"]) < 0.1
    kinds = out.detach()[0, :, -COCO - FEATURES : -FEATURES].sigmoid()
    assert int(kinds[:, 7].argmax()) == 10
    assert float(kinds[10, 7]) == pytest.approx(0.9, abs=0.05)
    box = decode(out.detach()[0, 10:11, len(CLASSES) : len(CLASSES) + 4], _CENTRES[10:11], _STRIDES[10:11])
    away = 1.5 * float(_STRIDES[10])
    torch.testing.assert_close(
        box[0].double(), torch.cat([_CENTRES[10] - away, _CENTRES[10] + away]).double(), atol=2.0, rtol=0
    )


def test_batches_that_take_long_to_make_are_learned_from_again() -> None:
    def made(first: int) -> Iterator[Batch]:
        for number in count(first):
            yield (torch.tensor(number),)

    given = [int(batch[0]) for batch in islice(replayed(made, 0, keep=2, seed=1), 20)]
    assert given[::2] == list(range(10))
    assert all(0 <= new - again < 2 for new, again in zip(given[::2], given[1::2], strict=True))
    assert [int(batch[0]) for batch in islice(replayed(made, 6, keep=2, seed=1), 4)][::2] == [3, 4]
