"""`gatewarden scale`: decode, find and watch weighing indicators."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gate.scale.decode import decode_file, parse_settings, reading_line
from gate.scale.indicators.registry import FORMATS, indicator

app = typer.Typer(no_args_is_help=True)
_KNOWN = ", ".join(f.name for f in FORMATS)
Settings = Annotated[list[str] | None, typer.Option("--set", help="A setting of the format, name=value; repeatable.")]


@app.command()
def decode(
    source: Annotated[Path, typer.Argument(help="File of raw bytes, '-' for standard input.", metavar="FILE|-")],
    indicator_name: Annotated[str, typer.Option("--indicator", "-i", help=f"Wire format, one of: {_KNOWN}.")],
    settings: Settings = None,
    json: Annotated[bool, typer.Option("--json/--text", help="One JSON object per frame, or one line of text.")] = True,
) -> None:
    """Print one line per valid frame; rejected frames are counted on stderr."""
    parser = indicator(indicator_name, parse_settings(settings or []))
    frames = 0
    for reading in decode_file(parser, source):
        frames += 1
        print(reading_line(reading) if json else _text(reading.public()))  # noqa: T201
    print(f"{frames} frames, {parser.rejected} rejected", file=sys.stderr)  # noqa: T201


@app.command()
def formats() -> None:
    """List the wire formats, other names they go by, and their settings."""
    for known in FORMATS:
        names = ", ".join((known.name, *known.aliases))
        fields = ", ".join(f.alias or name for name, f in known.settings.model_fields.items()) or "-"
        print(f"{names}\n    settings: {fields}")  # noqa: T201


def _text(fields: dict[str, float | bool | str | None]) -> str:
    return "  ".join(f"{name} {'?' if value is None else value}" for name, value in fields.items())
