"""What can be trained and measured here, by name: `gatewarden models train NAME`, `gatewarden models evaluate`.

A target is named by the module that holds it, and that module is only imported when it is asked for, so that a gate
never needs the training extra. Each training module offers `train(job: TrainingJob) -> Path`, each evaluation module
`evaluate(job: EvaluationJob) -> list[dict]`, one row a model and measurement.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

Device = Literal["cpu", "cuda"]

TRAINING = {
    "reader": "models.train.reader",
    "plate-detector": "models.detectors.plates",
    "vehicle-detector": "models.detectors.vehicles",
    "attributes": "models.attributes.train",
}

PUBLISHED = {"vehicle-detector": "models.detectors.published"}  # those that ultralytics can train too

EVALUATION = {
    "reader": "models.evaluate.reader",
    "scenes": "models.evaluate.scenes",
    "vehicles": "models.evaluate.vehicles",
    "attributes": "models.evaluate.attributes",
}
MEASURED_BY = {
    "reader": "reader",
    "plate-detector": "scenes",
    "vehicle-detector": "vehicles",
    "attributes": "attributes",
}


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One training run. minutes: how long it may take; resume: go on from the last checkpoint in `out`.

    pretrained: weights to start from, for targets that can use them; peers: other projects' models, for targets that
    can learn from them. published: ultralytics' weights or architecture, to train with it instead of our own network.
    """

    data: Path
    out: Path
    seed: int = 1
    device: Device = "cpu"
    minutes: float = 60.0
    resume: bool = False
    threads: int = 2
    pretrained: str | None = None
    peers: Path | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationJob:
    """One measurement. data: the folder of README.md's layout; peers: other projects' models to set beside ours;
    candidate: the folder of a training whose model is to be set beside ours too.
    """

    data: Path
    peers: Path | None = None
    threads: int = 2
    candidate: Path | None = None


def train(name: str, job: TrainingJob) -> Path:
    """Train one target; gives the ONNX file. Raises KeyError for a name not in TRAINING, or PUBLISHED where needed."""
    module = TRAINING[name] if job.published is None else PUBLISHED[name]
    path: Path = import_module(module).train(job)
    return path


def evaluate(name: str, job: EvaluationJob) -> list[dict[str, Any]]:
    """Measure one target beside its peers. Raises KeyError for a name not in EVALUATION."""
    rows: list[dict[str, Any]] = import_module(EVALUATION[name]).evaluate(job)
    return rows
