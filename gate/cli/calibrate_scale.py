"""`gatewarden calibrate scale`: test weights against the limits, a dated record, drift against earlier ones."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from gate.site.load import load_site

if TYPE_CHECKING:
    from calibration_rigs.scale_calibration import Measurement, ScaleRecord

app = typer.Typer(no_args_is_help=True)


@app.command()
def scale(
    site: Annotated[Path, typer.Argument(help="The site file; it says e and capacity.")],
    measurements: Annotated[Path, typer.Argument(help="CSV: test, load_kg, shown_kg, position, direction.")],
    *,
    name: Annotated[str, typer.Option("--scale", help="Which scale; the only one if not given.")] = "",
    by: Annotated[str, typer.Option(help="Who measured.")] = "",
    initial: Annotated[bool, typer.Option(help="Judge by the limits of a first verification.")] = False,
    records: Annotated[Path, typer.Option(help="Folder of dated records.")] = Path("calibration"),
) -> None:
    """Judge a scale; readings left empty are taken live. Prints the record as JSON; exit status 1 when it fails."""
    from calibration_rigs.scale_calibration import calibrate, load_records, read_measurements, save_record
    from calibration_rigs.scale_live import read_missing

    scales = {s.id: s for s in load_site(site).scales}
    if not name and len(scales) == 1:
        name = next(iter(scales))
    if name not in scales:
        raise typer.BadParameter(f"the site has no scale {name!r}; it has {', '.join(scales)}", param_hint="--scale")
    chosen, console = scales[name], Console(stderr=True)

    def ready(planned: "Measurement") -> None:
        where = f" at {planned.position}" if planned.position else ""
        typer.prompt(
            f"{planned.test}: put {planned.load_kg:g} kg on{where}, then Enter", "", show_default=False, err=True
        )

    taken = read_missing(chosen, read_measurements(measurements), ready, lambda: time.time_ns() // 1_000_000)
    record = calibrate(
        chosen, taken, date=datetime.now(UTC), by=by, initial=initial, earlier=load_records(records, name)
    )
    path = save_record(record, records)
    console.print(_table(record))
    for fault in record.missing:
        console.print(f"missing: {fault}", style="yellow", highlight=False)
    console.print(f"{'passed' if record.passed else 'NOT passed'}; record {path}", highlight=False)
    print(json.dumps(asdict(record), ensure_ascii=False))  # noqa: T201
    raise typer.Exit(0 if record.passed else 1)


def _table(record: "ScaleRecord") -> Table:
    table = Table("test", "what", "found kg", "limit kg", "")
    for v in record.verdicts:
        mark = "[green]ok[/]" if v.passed else "[red]over[/]"
        table.add_row(v.test, v.what, f"{v.value_kg:+.1f}", f"{v.limit_kg:g}", mark)
    table.add_row("fit", "span", f"{record.fit.span_ppm:+.0f} ppm", "", "")
    for drift in record.drift:
        mark = "[yellow]look[/]" if drift.notable else "[green]ok[/]"
        table.add_row("drift", f"since {drift.since}", f"{drift.span_ppm:+.0f} ppm", "", mark)
    return table
