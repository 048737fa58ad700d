"""`gatewarden scale`: decode, find and watch weighing indicators."""

import asyncio
import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import ScaleError
from gate.scale.decode import decode_file, json_text, parse_settings, reading_line
from gate.scale.indicators.registry import FORMATS, indicator

if TYPE_CHECKING:
    from gate.scale.live import LiveScale
    from gate.scale.sniff import Found
    from gate.site.devices import Scale

app = typer.Typer(no_args_is_help=True)
_KNOWN = ", ".join(f.name for f in FORMATS)
Settings = Annotated[list[str] | None, typer.Option("--set", help="A setting of the format, name=value; repeatable.")]


@app.command()
def decode(
    source: Annotated[Path, typer.Argument(help="File of raw bytes, '-' for standard input.", metavar="FILE|-")],
    indicator_name: Annotated[str, typer.Option("--indicator", "-i", help=f"Wire format, one of: {_KNOWN}.")],
    settings: Settings = None,
    json: Annotated[bool, typer.Option("--json/--text", help="One JSON object per frame, or one line of text.")] = True,
    as_hex: Annotated[bool, typer.Option("--hex", help="The bytes are written as hex digits (02 2B 30 …).")] = False,
) -> None:
    """Print one line per valid frame; rejected frames are counted on stderr. Exit status 1 when none is valid."""
    parser = indicator(indicator_name, parse_settings(settings or []))
    frames = 0
    for reading in decode_file(parser, source, as_hex=as_hex):
        frames += 1
        print(reading_line(reading) if json else _text(reading.public()))  # noqa: T201
    print(f"{frames} frames, {parser.rejected} rejected", file=sys.stderr)  # noqa: T201
    if not frames:
        print("none of this format; `gatewarden scale sniff` tells which formats explain the bytes", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1)


@app.command()
def formats() -> None:
    """List the wire formats, other names they go by, and their settings."""
    for known in FORMATS:
        names = ", ".join((known.name, *known.aliases))
        fields = ", ".join(f.alias or name for name, f in known.settings.model_fields.items()) or "-"
        print(f"{names}\n    settings: {fields}")  # noqa: T201


@app.command()
def sniff(
    place: Annotated[str, typer.Argument(help="A serial port (/dev/ttyUSB0), tcp:host:port, or a file of raw bytes.")],
    seconds: Annotated[float, typer.Option(min=0.2, help="How long to listen at each setting.")] = 2.0,
    ask: Annotated[bool, typer.Option(help="Also send the questions of formats that speak only when asked.")] = False,
) -> None:
    """Find port settings and format by listening. Prints the best guesses as JSON; exit status 1 when none is sure."""
    from gate.scale.sniff import SURE, Found, address_of, best_of, guess_format

    if Path(place).is_file():
        data = Path(place).read_bytes()
        best = best_of([Found(None, None, None, len(data), guess_format(data))])
    else:
        best = best_of(asyncio.run(_sniffed(place, seconds, ask=ask)))
    if best is None or best.best is None:
        print("nothing that any known format explains", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1)
    address = place if best.baud is None else address_of(best, Path(place))
    for guess in best.guesses:
        print(json_text({"address": address, **dataclasses.asdict(guess)}))  # noqa: T201
    if best.best.sure < SURE:
        print("not sure: listen longer, or compare weights with the indicator's display", file=sys.stderr)  # noqa: T201
        raise typer.Exit(1)


@app.command()
def watch(
    site: Annotated[Path | None, typer.Argument(help="The site file; or --address and --indicator.")] = None,
    name: Annotated[str, typer.Option("--scale", help="Which of its scales; the first if not given.")] = "",
    address: Annotated[str, typer.Option(help="serial:…, tcp:…, mqtt:…, modbus-tcp:…")] = "",
    indicator_name: Annotated[str, typer.Option("--indicator", "-i")] = "yaohua",
    settings: Settings = None,
) -> None:
    """Show a scale's weight and curve live, until Ctrl-C."""
    from gate.scale.live import LiveScale
    from gate.site.devices import Scale

    if (site is None) == (not address):
        raise typer.BadParameter("give a site file, or --address")
    if site is None:
        given = dict(parse_settings(settings or []))
        scale = Scale(id="scale", deck="deck", address=address, indicator=indicator_name, settings=given)
    else:
        scale = _scale_of(site, name)
    live = LiveScale(scale, lambda: time.time_ns() // 1_000_000)
    try:
        asyncio.run(_watched(live, scale))
    except KeyboardInterrupt:
        return


async def _sniffed(place: str, seconds: float, *, ask: bool) -> "list[Found]":
    from gate.lines.address import host_port
    from gate.lines.tcp_line import TcpLine
    from gate.scale.sniff import Found, guess_format, listen, sniff_port

    if place.startswith("tcp:"):
        data = await listen(TcpLine(*host_port(place.removeprefix("tcp:"), place)), seconds)
        return [Found(None, None, None, len(data), guess_format(data))]
    found = []
    async for tried in sniff_port(Path(place), seconds, ask=ask):
        found.append(tried)
        best = tried.best
        said = f"{best.indicator}, {best.explained:.0%} explained" if best else "nothing known"
        print(f"{tried.baud} {tried.bytesize}{tried.parity}1: {tried.heard_bytes} bytes, {said}", file=sys.stderr)  # noqa: T201
    return found


async def _watched(live: "LiveScale", scale: "Scale") -> None:
    from rich.live import Live

    from gate.scale.watch import WeightScreen

    screen = WeightScreen(scale)
    with Live(refresh_per_second=10, transient=False) as shown:
        shown.update(screen.draw(shown.console.width))
        async for fact in live.facts():
            screen.add(fact)
            shown.update(screen.draw(shown.console.width))


def _scale_of(site: Path, name: str) -> "Scale":
    from gate.site.load import load_site

    scales = {s.id: s for s in load_site(site).scales}
    if not scales or (name and name not in scales):
        raise ScaleError(f"{site}: no scale {name!r}; it has {', '.join(scales) or 'none'}")
    return scales[name] if name else next(iter(scales.values()))


def _text(fields: dict[str, float | bool | str | None]) -> str:
    return "  ".join(f"{name} {'?' if value is None else value}" for name, value in fields.items())
