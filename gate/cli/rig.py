"""`gatewarden rig`: the virtual site, where every fraud can be staged and the truth is known."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

app = typer.Typer(no_args_is_help=True)
ScenarioFile = Annotated[Path, typer.Argument(help="A scenario file, or the name of one the house ships.")]
Out = Annotated[
    Path | None, typer.Option(help="Folder to write to; a folder named after the scenario where not given.")
]


@app.command()
def render(
    scenario: ScenarioFile,
    out: Out = None,
    dataset: Annotated[Path | None, typer.Option(help="Write training pictures with labels here instead.")] = None,
    pictures: Annotated[int, typer.Option(min=1, help="How many training pictures.")] = 800,
    seed: Annotated[int, typer.Option(help="Of the training pictures.")] = 1,
) -> None:
    """Draw a scenario: clips, weight logs and truth; or training pictures of its site in changed light and traffic."""
    from calibration_rigs.shelf import scenario_path

    path = scenario_path(scenario)
    with _bar() as bar:
        if dataset is not None:
            from calibration_rigs.dataset import write_dataset

            task = bar.add_task(f"{path.stem} → {dataset}", total=pictures)
            write_dataset(path, dataset, pictures, seed, progress=lambda done: bar.update(task, completed=done))
            return
        from calibration_rigs.clip import render as draw

        target = out or Path(path.stem)
        task = bar.add_task(f"{path.stem} → {target}", total=100)
        draw(path, target, lambda share: bar.update(task, completed=round(100 * share)))
    typer.echo(json.dumps({"scenario": path.stem, "out": str(target)}, ensure_ascii=False))


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
