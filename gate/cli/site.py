"""`gatewarden site`: a new site file, what is wrong with one, what it looks like, and the service that runs it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gate.site import load_site

app = typer.Typer(no_args_is_help=True)
SiteFile = Annotated[Path, typer.Argument(help="The site file (YAML).", metavar="SITE.yaml")]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder of the new site; it is made.")],
    site_id: Annotated[str, typer.Option("--id", help="What the hub and evidence call it.")] = "east-gate",
    zh: Annotated[str, typer.Option(help="Its name in Chinese.")] = "东门",
    en: Annotated[str, typer.Option(help="Its name in English.")] = "East gate",
) -> None:
    """Begin a site: an annotated site.yaml to change, and the schema with which editors complete and check it."""
    from gate.site.begin import begin_site

    for written in begin_site(folder, site_id, zh, en):
        typer.echo(written)


@app.command()
def service(site_file: SiteFile) -> None:
    """Print a systemd unit: the site starts with the machine, and again whenever it ends."""
    from gate.running.service import service_unit

    typer.echo(service_unit(load_site(site_file), site_file), nl=False)


@app.command()
def check(
    site_file: SiteFile,
    devices: Annotated[bool, typer.Option(help="Also ask each camera and scale whether it answers.")] = True,
) -> None:
    """What is wrong with a site file, which rules stay blind, and whether each device answers."""
    from gate.running.check import check_site

    console = Console(stderr=False)
    report = check_site(load_site(site_file), site_file.parent, devices=devices)
    for line in report.lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if report.passed else 1)


@app.command()
def draw(
    site_file: SiteFile,
    out: Annotated[Path, typer.Option(help="Folder the pictures are written to.")],
    still: Annotated[
        list[str] | None, typer.Option(help="CAMERA=PICTURE for a camera that is no recorded input.")
    ] = None,
) -> None:
    """Draw zones, lanes, boundaries and a metre grid on each camera's still and on a plan."""
    from gate.site.draw import draw_site

    stills = {}
    for pair in still or []:
        camera, equals, path = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r}: expected CAMERA=PICTURE", param_hint="--still")
        stills[camera] = Path(path)
    for written in draw_site(load_site(site_file), site_file.parent, out, stills):
        typer.echo(written)
