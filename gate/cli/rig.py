"""`gatewarden rig`: the virtual site, where every fraud can be staged and the truth is known."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

app = typer.Typer(no_args_is_help=True)
ScenarioFile = Annotated[Path, typer.Argument(help="A scenario file, or the name of one the house ships.")]
Paths = Annotated[list[Path] | None, typer.Argument(help="Scenario files or folders; the shipped ones if none.")]
Out = Annotated[Path | None, typer.Option(help="Folder to write to; one named after the scenario if not given.")]


@app.command("list")
def list_scenarios(
    paths: Paths = None, as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False
) -> None:
    """List scenarios: name, what it stages, and the findings that must follow."""
    from calibration_rigs.scenario import load_scenario
    from calibration_rigs.shelf import shelved

    for path in shelved(tuple(paths or ())):
        scenario, site = load_scenario(path)
        row = {
            "scenario": path.stem,
            "near": scenario.near,
            "must": list(scenario.expect.must),
            "seconds": scenario.seconds,
            "site": site.id,
            "zh": scenario.name.zh,
            "en": scenario.name.en,
        }
        must = ", ".join(scenario.expect.must) or "-"
        typer.echo(json.dumps(row, ensure_ascii=False) if as_json else f"{path.stem:40} {must:34} {scenario.name.zh}")


@app.command()
def run(
    scenario: ScenarioFile,
    out: Out = None,
    *,
    seed: Annotated[int | None, typer.Option(help="Of cameras' and cells' noise, instead of the scenario's.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Play before a running site, in real time.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Without pictures: scales and barriers.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="RTSP port of --serve.")] = 8554,
    linger: Annotated[float, typer.Option(min=0, help="Seconds --serve goes on after the scenario's end.")] = 30.0,
) -> None:
    """Run a scenario in physics: facts.jsonl, weights.csv and truth.jsonl, as fast as the machine can.

    With --serve: cameras on RTSP, scales, barriers and light barriers on their lines, and a site.yaml that names them,
    in real time; the scenario begins once every camera is watched.
    """
    from calibration_rigs.shelf import scenario_path

    path = scenario_path(scenario)
    target = out or Path(path.stem)
    if serve:
        _serve(path, target, port, linger, pictures=not headless)
        return
    from calibration_rigs.staging import judge, play

    with _bar() as bar:
        task = bar.add_task(f"{path.stem} → {target}", total=100)
        played = play(path, target, seed=seed, progress=lambda share: bar.update(task, completed=round(100 * share)))
    found = sorted(judge(played).standing)
    typer.echo(json.dumps({"scenario": path.stem, "out": str(target), "findings": found}, ensure_ascii=False))


def _serve(path: Path, out: Path, port: int, linger_s: float, *, pictures: bool) -> None:
    """Play a scenario before a running site; Ctrl-C ends it."""
    import threading

    from calibration_rigs.live import live_gate

    console = Console(stderr=True, highlight=False)
    try:
        with live_gate(path, out, port, pictures=pictures, linger_s=linger_s) as gate, _bar() as bar:
            offered = gate.offered
            addresses = {k: v for k, v in asdict(offered).items() if k != "site_file" and v}
            typer.echo(json.dumps({"site": str(offered.site_file), **addresses}))
            if pictures:
                console.print(f"start the site: gatewarden run {offered.site_file}   (waiting until it watches)")
                gate.stand(lambda: gate.watched)
            task = bar.add_task(path.stem, total=100)
            account = gate.play(threading.Event(), lambda share: bar.update(task, completed=round(100 * share)))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except OSError as error:
        console.print(f"port {port}: {error.strerror}")
        raise typer.Exit(1) from error
    rates = {name: round(count / account.seconds, 2) for name, count in account.pictures.items()}
    typer.echo(json.dumps({"scenario": path.stem, "pictures_per_s": rates, "behind_s": round(account.lost_s, 2)}))


@app.command()
def render(
    scenario: ScenarioFile,
    out: Out = None,
    *,
    dataset: Annotated[Path | None, typer.Option(help="Write training pictures with labels here instead.")] = None,
    pictures: Annotated[int, typer.Option(min=1, help="How many training pictures.")] = 800,
    seed: Annotated[int, typer.Option(help="Of the training pictures.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that draw clips; one a core if not given.")] = None,
) -> None:
    """Draw a scenario: clips, weight logs and truth; or training pictures of its site in changed light and traffic."""
    from calibration_rigs.shelf import scenario_path

    path = scenario_path(scenario)
    with _bar() as bar:
        if dataset is not None:
            from calibration_rigs.dataset import write_dataset

            target = dataset
            task = bar.add_task(f"{path.stem} → {target}", total=pictures)
            write_dataset(path, target, pictures, seed, progress=lambda done: bar.update(task, completed=done))
        else:
            from calibration_rigs.clip import render as draw

            target = out or Path(path.stem)
            task = bar.add_task(f"{path.stem} → {target}", total=100)
            cores = jobs or len(os.sched_getaffinity(0))
            draw(path, target, lambda share: bar.update(task, completed=round(100 * share)), jobs=cores)
    typer.echo(json.dumps({"scenario": path.stem, "out": str(target)}, ensure_ascii=False))


@app.command()
def sheet(
    out: Annotated[Path, typer.Argument(help="The picture to write, .jpg or .png.")],
    paths: Paths = None,
) -> None:
    """Draw one picture of every scenario onto one sheet."""
    import cv2

    from calibration_rigs.contact_sheet import contact_sheet
    from calibration_rigs.shelf import shelved

    files = list(shelved(tuple(paths or ())))
    with _bar() as bar:
        task = bar.add_task("contact sheet", total=len(files))
        picture = contact_sheet(files, lambda done: bar.update(task, completed=done))
    options = [cv2.IMWRITE_JPEG_QUALITY, 62] if out.suffix.lower() in (".jpg", ".jpeg") else []
    cv2.imwrite(str(out), picture, options)
    typer.echo(json.dumps({"sheet": str(out), "scenarios": len(files)}))


@app.command()
def evaluate(
    paths: Paths = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each scenario, each with other noise.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="The whole result as one JSON object.")] = False,
) -> None:
    """Put every scenario before the gate and compare its findings with the truth. Status 1 if any is wrong."""
    from calibration_rigs.evaluation import evaluate as judge_all
    from calibration_rigs.shelf import scenario_path, shelved

    named = tuple(p if p.exists() else scenario_path(p) for p in paths or ())
    files = list(shelved(named))
    with _bar() as bar:
        task = bar.add_task("scenarios", total=len(files) * seeds)
        result = judge_all(
            files, seeds, jobs, lambda verdict: bar.update(task, advance=1, description=verdict.scenario)
        )
    plain = result.to_plain()
    if as_json:
        typer.echo(json.dumps(plain, ensure_ascii=False))
    else:
        _table(plain)
    if plain["misses"] or plain["false"]:
        raise typer.Exit(1)


@app.command()
def day(
    passages: Annotated[int, typer.Option(min=1, help="Passes through the two gates.")] = 500,
    seed: Annotated[int, typer.Option(help="Of traffic and noise.")] = 1,
    misread: Annotated[float, typer.Option(min=0, max=1, help="Share of plates read with a wrong character.")] = 0.05,
    unreadable: Annotated[float, typer.Option(min=0, max=1, help="Share of passes without a readable plate.")] = 0.02,
    out: Annotated[Path | None, typer.Option(help="Write the day here, to be judged again.")] = None,
) -> None:
    """Generate a day of honest traffic, judge it, and say how its passages were joined. Status 1 under 99.5 %."""
    from calibration_rigs.day import compare, keep, make_day
    from calibration_rigs.staging import judge, look
    from calibration_rigs.tracks import Flaws

    with _bar() as bar:
        task = bar.add_task("a day", total=3)
        made = make_day(passages, seed, unreadable)
        bar.update(task, completed=1)
        played = look(made.take, seed, Flaws(misread=misread))
        bar.update(task, completed=2)
        judged = judge(played)
        matching = compare(made, played, judged)
        bar.update(task, completed=3)
    if out is not None:
        keep(made, played, judged, out)
    typer.echo(json.dumps({**asdict(matching), "share": round(matching.share, 5)}, ensure_ascii=False))
    raise typer.Exit(0 if matching.share >= 0.995 and not matching.wrong else 1)


def _table(plain: dict[str, Any]) -> None:
    table = Table("rule", "staged", "hit", "missed", "clean", "false", "brief")
    for rule, score in plain["rules"].items():
        missed = score["staged"] - score["hits"]
        numbers = (score["staged"], score["hits"], missed, score["clean"], score["false"], score["brief"])
        table.add_row(rule, *(str(v) for v in numbers))
    console = Console()
    console.print(table)
    for run_ in plain["wrong"]:
        console.print(f"{run_['scenario']} (seed {run_['seed']}): missed {run_['misses']}, false {run_['said']}")
    console.print(
        f"{plain['right']}/{plain['runs']} runs right, {plain['passages']} passages, {plain['hours']} h of gate life, "
        f"{plain['false_on_honest']} false on {plain['honest_passages']} honest passages, {plain['noise']} under 3 e"
    )


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
