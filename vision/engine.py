"""Running a model file: one small interface over onnxruntime, OpenVINO and CUDA.

Many workers share a gate's few cores, so every engine keeps to its thread budget and never spins while it waits.
"""

import hashlib
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vision.card import Card, Shape, Tensor
from vision.errors import ModelError

Provider = Literal["cpu", "openvino", "cuda"]
_DTYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8", "tensor(float16)": "float16", "tensor(int64)": "int64"}


class Engine(Protocol):
    """A loaded model of one input."""

    def run(self, batch: NDArray[Any]) -> list[NDArray[Any]]:
        """The model's outputs in their order. Raises ModelError for a batch of another shape or type."""
        ...


def open_engine(path: Path, *, card: Card | None = None, provider: Provider = "cpu", threads: int = 2) -> Engine:
    """Load a model file, checked against its card: SHA-256, input and output shapes.

    threads: how many cores one call of `run` may use. Raises ModelError naming the file and what was expected.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    if card is not None:
        verify_hash(path, card)
    engine = _OpenVino(path, threads) if provider == "openvino" else _Onnx(path, provider, threads)
    if card is not None:
        _check_tensors(path, "input", card.inputs, engine.inputs)
        _check_tensors(path, "output", card.outputs, engine.outputs)
    return engine


def verify_hash(path: Path, card: Card) -> None:
    """Raises ModelError when the file is not the one its card describes."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != card.sha256:
        raise ModelError(f"{path}: SHA-256 is {digest[:16]}…, but the card of {card.name} expects {card.sha256[:16]}…")


class _Onnx:
    def __init__(self, path: Path, provider: Provider, threads: int) -> None:
        import onnxruntime as ort

        wanted = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}[provider]
        if wanted not in ort.get_available_providers():
            raise ModelError(f"{path}: provider {provider} asked for, but this onnxruntime has no {wanted}")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(str(path), options, providers=[wanted])
        except Exception as error:
            raise ModelError(f"{path}: expected an ONNX model, onnxruntime says: {error}") from error
        self._path = path
        self.inputs = tuple(_from_ort(node) for node in self._session.get_inputs())
        self.outputs = tuple(_from_ort(node) for node in self._session.get_outputs())
        if len(self.inputs) != 1:
            raise ModelError(f"{path}: expected a model of one input, this one has {len(self.inputs)}")

    def run(self, batch: NDArray[Any]) -> list[NDArray[Any]]:
        _check_batch(self._path, self.inputs[0], batch)
        return list(self._session.run(None, {self.inputs[0].name: batch}))


class _OpenVino:
    def __init__(self, path: Path, threads: int) -> None:
        try:
            import openvino
        except ImportError as error:
            raise ModelError(
                f"{path}: provider openvino asked for, but the extra 'openvino' is not installed"
            ) from error
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        try:
            self._model = openvino.Core().compile_model(str(path), "CPU", settings)
        except RuntimeError as error:
            raise ModelError(f"{path}: expected an ONNX model, OpenVINO says: {error}") from error
        self._path = path
        self.inputs = tuple(_from_openvino(port) for port in self._model.inputs)
        self.outputs = tuple(_from_openvino(port) for port in self._model.outputs)
        if len(self.inputs) != 1:
            raise ModelError(f"{path}: expected a model of one input, this one has {len(self.inputs)}")

    def run(self, batch: NDArray[Any]) -> list[NDArray[Any]]:
        _check_batch(self._path, self.inputs[0], batch)
        result = self._model([batch])
        return [np.array(result[index]) for index in range(len(self.outputs))]


def _from_ort(node: Any) -> Tensor:
    shape: Shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return Tensor(node.name, shape, _DTYPES.get(node.type, node.type))


def _from_openvino(port: Any) -> Tensor:
    shape: Shape = tuple(size.get_length() if size.is_static else None for size in port.get_partial_shape())
    return Tensor(port.get_any_name(), shape, np.dtype(port.get_element_type().to_dtype()).name)


def _check_tensors(path: Path, side: str, wanted: tuple[Tensor, ...], found: tuple[Tensor, ...]) -> None:
    if len(wanted) != len(found):
        raise ModelError(f"{path}: the card expects {len(wanted)} {side}(s), the file has {len(found)}")
    for want, got in zip(wanted, found, strict=True):
        if want.name != got.name or not want.accepts(got.shape) or want.dtype != got.dtype:
            raise ModelError(f"{path}: {side} {_describe(got)}, but the card expects {_describe(want)}")


def _check_batch(path: Path, wanted: Tensor, batch: NDArray[Any]) -> None:
    if not wanted.accepts(batch.shape) or batch.dtype.name != wanted.dtype:
        got = _describe(Tensor(wanted.name, batch.shape, batch.dtype.name))
        raise ModelError(f"{path}: was handed {got}, expected {_describe(wanted)}")


def _describe(tensor: Tensor) -> str:
    shape = "×".join("N" if size is None else str(size) for size in tensor.shape)
    return f"{tensor.name} {shape} {tensor.dtype}"
