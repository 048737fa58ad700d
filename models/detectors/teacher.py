"""A peer as a teacher of every cell: what YOLOX-nano says of, and sees in, the very pictures the pupil is shown.

Its cells lie where ours lie, three strides of a square grid, so cell answers cell: a patient teacher that looks at each
cut and soiled scene itself teaches more than the labels of the few pictures there are (Beyer et al., Knowledge
distillation: a good teacher is patient and consistent, 2022).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.errors import ModelError

CLASSES, FEATURES = 80, 64
WIDTH = 4 + CLASSES + FEATURES
STRIDES = (8, 16, 32)
_FILE = "yolox_nano_coco_416.onnx"
_SAID = ("1066", "1108", "1150")
_FELT = ("1028", "1070", "1112")


class DenseTeacher:
    """YOLOX-nano with its sides let free and the features its heads read laid open."""

    def __init__(self, peers: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            _opened(peers / _FILE), options, providers=["CPUExecutionProvider"]
        )

    def look(self, picture: NDArray[np.uint8]) -> NDArray[np.float16]:
        """What it makes of a BGR picture (H, W, 3), sides multiples of 32: (cells, WIDTH).

        A row holds the box's distances from the cell's middle to its left, top, right and bottom in strides, the
        scores of COCO's classes, and the features. Cells of stride 8 first, row by row.
        """
        blob = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        out = self._session.run(None, {"images": blob})
        return np.concatenate(
            [_rows(said[0], felt[0]) for said, felt in zip(out[: len(STRIDES)], out[len(STRIDES) :], strict=True)]
        )


def _rows(said: NDArray[np.float32], felt: NDArray[np.float32]) -> NDArray[np.float16]:
    raw, features = said.reshape(said.shape[0], -1).T, felt.reshape(FEATURES, -1).T
    # Its boxes are given from a cell's corner, ours from its middle.
    away, half = raw[:, :2] - 0.5, np.exp(np.clip(raw[:, 2:4], -6, 5)) / 2
    return np.concatenate([half - away, half + away, raw[:, 4:5] * raw[:, 5:], features], 1).astype(np.float16)


def _opened(path: Path) -> bytes:
    import onnx

    model: Any = onnx.load(str(path))
    graph = model.graph
    made = {name: node for node in graph.node for name in node.output}
    wanted, left = set(), [*_SAID, *_FELT]
    while left:
        name = left.pop()
        if name in made and name not in wanted:
            wanted.add(name)
            left += made[name].input
    absent = set(_SAID + _FELT) - wanted
    if absent:
        raise ModelError(f"{path} is not the YOLOX-nano that can teach: it lacks {', '.join(sorted(absent))}")
    nodes = [node for node in graph.node if wanted & set(node.output)]
    free = graph.input[0].type.tensor_type.shape.dim
    for axis, name in ((2, "height"), (3, "width")):
        free[axis].dim_param = name
    for part, kept in ((graph.node, nodes), (graph.value_info, []), (graph.output, [])):
        del part[:]
        part.extend(kept)
    graph.output.extend(onnx.helper.make_tensor_value_info(name, 1, None) for name in (*_SAID, *_FELT))
    return bytes(model.SerializeToString())
