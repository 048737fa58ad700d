"""`gatewarden replay`: recorded inputs in, facts, passages, findings and evidence out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def command(
    site_file: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file; its inputs are recordings.")],
    out: Annotated[Path, typer.Option(help="Folder for facts, passages, findings and evidence.")],
    evidence: Annotated[bool, typer.Option(help="Cut clips, burn the weight in and seal them.")] = True,
) -> None:
    """Run a site on recorded inputs, as fast as the machine can. The same input gives the same facts and findings."""
    from gate.running.replay import Replay
    from gate.site import load_site
    from gate.site.cameras import recording_start_ms

    site = load_site(site_file)
    replay = Replay(site, site_file.parent, out, evidence=evidence)
    errors = Console(stderr=True)
    for fault in replay.report.faults:
        errors.print(f"register: {fault}", markup=False)
    start_ms = recording_start_ms(site)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("replay", total=None)

        def show(t_ms: int) -> None:
            bar.update(task, description=f"{(t_ms - start_ms) / 1000:8.1f} s of recording")

        report = replay.run(show)
    errors.print(
        f"{report.frames} frames, {report.facts} facts, {report.passages} passages, "
        f"{report.findings} findings, {report.bundles} evidence folders in {out}",
        markup=False,
        highlight=False,
    )
