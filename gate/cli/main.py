"""The root of the command line: mounts one sub-command per noun and turns errors into exit statuses.

0 done, 1 failed (the reason on stderr), 2 wrong use.
"""

import logging
import sys
from importlib import import_module

import structlog
import typer

from gate.errors import GatewardenError, VisionError

# Sub-commands by name: module and help. Only the one asked for is imported, so that each starts quickly.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("gate.cli.demo", "A virtual site with hub and pages: no hardware, no network."),
    "run": ("gate.cli.run", "Run a real site."),
    "hub": ("gate.cli.hub", "The hub alone: alerts, passages and pages for many sites."),
    "replay": ("gate.cli.replay", "Run a site on recorded inputs, as fast as the machine can."),
    "judge": ("gate.cli.judge", "Judge recorded facts again, with other thresholds."),
    "site": ("gate.cli.site", "Begin, check and draw a site file; run it as a service."),
    "plates": ("gate.cli.plates", "Read number plates from pictures."),
    "scale": ("gate.cli.scale", "Decode, find and watch weighing indicators."),
    "rig": ("gate.cli.rig", "The virtual site: list, run, render and evaluate scenarios."),
    "calibrate": ("gate.cli.calibrate", "Calibrate cameras and scales."),
    "evidence": ("gate.cli.evidence", "Verify and export evidence."),
    "barrier": ("gate.cli.barrier", "Open a barrier by hand, with a reason."),
    "tickets": ("gate.cli.tickets", "Issue, check and void lift tickets."),
    "models": ("gate.cli.models", "List, train and evaluate models."),
    "bench": ("gate.cli.bench", "Throughput and latency of this machine, as JSON."),
}


app = typer.Typer(no_args_is_help=True, add_completion=False, help="Gatewarden watches the gates where loads leave.")


@app.callback()
def _root(verbose: bool = typer.Option(False, "--verbose", "-v", help="Log every step to stderr.")) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    )


def _mount(name: str) -> None:
    """Import one noun's module and hang its `app` (several commands) or `command` (one) into the root."""
    module_name, text = COMMANDS[name]
    module = import_module(module_name)
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name, help=text)
    else:
        app.command(name, help=text)(module.command)


def main() -> None:
    """Entry point of `gatewarden`."""
    named = next((a for a in sys.argv[1:] if not a.startswith("-")), None)
    for name in [named] if named in COMMANDS else COMMANDS:
        _mount(name)
    try:
        app()
    except (GatewardenError, VisionError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
