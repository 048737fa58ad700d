"""`gatewarden run`: a real site, until it is stopped."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gate.running.process import SiteProcess


def command(site_file: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file.")]) -> None:
    """Run a site on its live cameras and scales until Ctrl-C or SIGTERM."""
    from gate.running.process import SiteProcess
    from gate.site import parse_site

    text = site_file.read_text(encoding="utf-8") if site_file.exists() else ""
    if not text:
        raise typer.BadParameter(f"{site_file}: no such file, or an empty one", param_hint="SITE.yaml")
    process = SiteProcess(parse_site(text, str(site_file)), site_file.parent, text)
    console = Console(stderr=True)
    console.print(f"evidence key {process.fingerprint}", highlight=False)
    console.print(f"site {process.site.id} runs; Ctrl-C ends it", highlight=False)
    asyncio.run(run_until_stopped(process))


async def run_until_stopped(process: "SiteProcess") -> None:
    """Run a site process; Ctrl-C and SIGTERM end it in good order."""
    running = asyncio.create_task(process.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
