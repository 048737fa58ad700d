"""`gatewarden demo`: a virtual site with hub and pages on this machine."""

import asyncio
import contextlib
import signal
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def command(
    directory: Annotated[
        Path | None, typer.Option(help="Where the demo keeps what it writes; a temporary folder when left out.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the pages.", min=0, max=65535)] = 8430,
    api_port: Annotated[int, typer.Option(help="Port of the site's own API.", min=1, max=65535)] = 8420,
) -> None:
    """Start a virtual site: the address it prints opens the pages. Ctrl-C ends it."""
    with contextlib.ExitStack() as stack:
        folder = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatewarden-demo-")))
        asyncio.run(_run(folder, port, api_port))


async def _run(directory: Path, port: int, api_port: int) -> None:
    from gate.running.demo import demo

    console = Console(stderr=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with demo(directory, hub_port=port, api_port=api_port) as running:
        print(running.page, flush=True)  # noqa: T201 - the address is this command's output
        console.print(
            "Open the address above in a browser; it signs you in, once. Ctrl-C ends the demo.", highlight=False
        )
        await stopped.wait()
        console.print("ending …", highlight=False)
