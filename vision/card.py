"""The card that travels beside every model file: what it is, what it eats and gives, what it was made from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vision.errors import ModelError

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of the model. shape: None stands for a free axis; dtype: numpy's name for it."""

    name: str
    shape: Shape
    dtype: str = "float32"

    def accepts(self, shape: Shape) -> bool:
        return len(shape) == len(self.shape) and all(
            want is None or got is None or want == got for want, got in zip(self.shape, shape, strict=True)
        )


@dataclass(frozen=True, slots=True)
class DataSource:
    """Data a model was trained or measured on, with the licence that allows it. use: "train" or "measure"."""

    name: str
    licence: str
    use: str = "train"
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What a model file is. sha256: of the file named `file`; classes: the outputs' labels, a reader's alphabet.

    settings: what pre- and post-processing need beyond shapes. metrics: measured figures, in groups such as per kind,
    per province and per size of plate.
    """

    name: str
    task: str
    version: str
    file: str
    sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    classes: tuple[str, ...] = ()
    data: tuple[DataSource, ...] = ()
    seed: int | None = None
    command: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def load_card(path: Path) -> Card:
    """Read a card. Raises ModelError naming the file and the field that is missing or wrong."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: expected a model card in JSON: {error}") from error
    if not isinstance(raw, dict):
        raise ModelError(f"{path}: expected a JSON object, got {type(raw).__name__}")
    try:
        return Card(
            name=str(raw["name"]),
            task=str(raw["task"]),
            version=str(raw["version"]),
            file=str(raw["file"]),
            sha256=str(raw["sha256"]),
            inputs=tuple(_tensor(part) for part in raw["inputs"]),
            outputs=tuple(_tensor(part) for part in raw["outputs"]),
            classes=tuple(raw.get("classes", ())),
            data=tuple(DataSource(**part) for part in raw.get("data", ())),
            seed=raw.get("seed"),
            command=str(raw.get("command", "")),
            settings=raw.get("settings", {}),
            metrics=raw.get("metrics", {}),
        )
    except KeyError as error:
        raise ModelError(f"{path}: the card lacks the field {error}") from error
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: a field of the card is of the wrong form: {error}") from error


def _tensor(raw: Mapping[str, Any]) -> Tensor:
    shape = tuple(None if size is None else int(size) for size in raw["shape"])
    return Tensor(str(raw["name"]), shape, str(raw.get("dtype", "float32")))
