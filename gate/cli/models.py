"""`gatewarden models`: what is shipped, how it measures, and training it again."""

import json
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from models import registry
from models.promote import promote, roll_back
from models.zoo import WEIGHTS, cards, keep_figures, trained
from vision.engine import verify_hash
from vision.errors import ModelError

app = typer.Typer(no_args_is_help=True)
_DATA = Annotated[Path, typer.Option("--data", help="Folder of real data: plates/, scenes/, vehicles/.")]


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="The cards as JSON.")] = False) -> None:
    """Every shipped model, its hash checked."""
    shipped = cards()
    for card in shipped:
        verify_hash(WEIGHTS / card.file, card)
    if as_json:
        print(json.dumps([json.loads(card.to_json()) for card in shipped], ensure_ascii=False))  # noqa: T201
        return
    for card in shipped:
        size = (WEIGHTS / card.file).stat().st_size / 1e6
        print(f"{card.name}\t{card.version}\t{card.task}\t{size:.1f} MB\t{card.sha256[:12]}")  # noqa: T201


@app.command()
def train(
    target: Annotated[str, typer.Argument(help=f"What to train: {', '.join(registry.TRAINING)}.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="Where checkpoints and the ONNX file go.")],
    data: _DATA = Path("data"),
    seed: Annotated[int, typer.Option("--seed")] = 1,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
    minutes: Annotated[float, typer.Option("--minutes", min=0.01, help="Length of the run on a nominal machine.")] = 60,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Cores to use.")] = 2,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in --out.")] = False,
    pretrained: Annotated[str | None, typer.Option("--pretrained", help="Weights to start from.")] = None,
    peers: Annotated[
        Path | None, typer.Option("--peers", help="Folder of other projects' models to learn from.")
    ] = None,
    from_ultralytics: Annotated[
        str | None,
        typer.Option("--from-ultralytics", help="Fine-tune these published weights, as yolo11n.pt; needs a network."),
    ] = None,
) -> None:
    """Train one model; prints the ONNX file it wrote."""
    _known(target, registry.TRAINING)
    if from_ultralytics is not None and target not in registry.PUBLISHED:
        raise typer.BadParameter(f"only for {', '.join(registry.PUBLISHED)}", param_hint="--from-ultralytics")
    if device not in ("cpu", "cuda"):
        raise typer.BadParameter("expected cpu or cuda", param_hint="--device")
    job = registry.TrainingJob(
        data, out, seed, "cuda" if device == "cuda" else "cpu", minutes, resume, threads, pretrained, peers,
        from_ultralytics,
    )  # fmt: skip
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    try:
        print(registry.train(target, job))  # noqa: T201
    except ModuleNotFoundError as error:
        raise ModelError(f"training {target} needs {error.name}: run `make train-env`") from error


@app.command()
def evaluate(
    target: Annotated[str | None, typer.Argument(help=f"Only one of: {', '.join(registry.EVALUATION)}.")] = None,
    *,
    data: _DATA = Path("data"),
    peers: Annotated[Path | None, typer.Option("--peers", help="Folder of other projects' models.")] = None,
    threads: Annotated[int, typer.Option("--threads", min=1)] = 2,
    write: Annotated[bool, typer.Option("--write", help="Keep what was measured in the shipped cards.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything measured, as JSON.")] = False,
) -> None:
    """Measure ours, and the peers beside it, in one run."""
    if target is not None:
        _known(target, registry.EVALUATION)
    job = registry.EvaluationJob(data, peers, threads)
    measured = {name: registry.evaluate(name, job) for name in ([target] if target else list(registry.EVALUATION))}
    if write:
        for card, evaluation in registry.MEASURED_BY.items():
            if evaluation in measured:
                keep_figures(WEIGHTS / f"{card}.json", measured[evaluation])
    if as_json:
        print(json.dumps(measured, ensure_ascii=False))  # noqa: T201
        return
    for name, rows in measured.items():
        _table(name, rows)


@app.command()
def compare(
    run: Annotated[Path, typer.Argument(help="Folder a training wrote: an ONNX file and its card.")],
    *,
    data: _DATA = Path("data"),
    peers: Annotated[Path | None, typer.Option("--peers", help="Folder of other projects' models.")] = None,
    threads: Annotated[int, typer.Option("--threads", min=1)] = 2,
    write: Annotated[bool, typer.Option("--write", help="Keep what was measured in the run's card.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything measured, as JSON.")] = False,
) -> None:
    """Measure a newly trained model beside the shipped one, in one run."""
    _, card = trained(run)
    _known(card.name, registry.MEASURED_BY)
    rows = registry.evaluate(registry.MEASURED_BY[card.name], registry.EvaluationJob(data, peers, threads, run))
    if write:
        keep_figures(run / f"{card.name}.json", rows)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))  # noqa: T201
        return
    _table(card.name, rows)


@app.command("promote")
def put_into_service(
    run: Annotated[Path, typer.Argument(help="Folder a training wrote: an ONNX file and its measured card.")],
) -> None:
    """Ship a newly trained model; the one it replaces can be had back with `models rollback`."""
    card = promote(run)
    print(f"{card.name}\t{card.version}\t{card.sha256[:12]}")  # noqa: T201


@app.command()
def rollback(name: Annotated[str, typer.Argument(help=f"One of: {', '.join(registry.MEASURED_BY)}.")]) -> None:
    """Take the last promotion of a model back."""
    _known(name, registry.MEASURED_BY)
    card = roll_back(name)
    print(f"{card.name}\t{card.version}\t{card.sha256[:12]}")  # noqa: T201


def _known(target: str, targets: dict[str, str]) -> None:
    if target not in targets:
        raise typer.BadParameter(f"expected one of {', '.join(targets)}, got {target}", param_hint="TARGET")


def _table(name: str, rows: list[dict[str, Any]]) -> None:
    table = Table(title=name)
    table.add_column("measured")
    for row in rows:
        table.add_column(str(row.get("model", "")), justify="right")
    keys = [key for key in dict.fromkeys(key for row in rows for key in row) if key != "model"]
    for key in keys:
        values = [row.get(key) for row in rows]
        if not any(isinstance(value, dict) for value in values):
            table.add_row(key, *(_figure(value) for value in values))
    Console().print(table)


def _figure(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{value[0]}/{value[1]}"
    return "–" if value is None else str(value)
