"""`gatewarden calibrate camera`: lens from a ChArUco board, plane from surveyed points, a report to check by eye."""

import json
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from gate.errors import GatewardenError
from gate.site.load import load_site

app = typer.Typer(no_args_is_help=True)


@app.command()
def camera(  # noqa: PLR0917 - typer names its options by parameter
    site: Annotated[Path, typer.Argument(help="The site file; its camera has the surveyed points.")],
    name: Annotated[str, typer.Option("--camera", help="Which camera; the only one if not given.")] = "",
    boards: Annotated[Path | None, typer.Option(help="Folder of pictures of a ChArUco board, for the lens.")] = None,
    columns: Annotated[int, typer.Option(min=3, help="Squares across the board.")] = 8,
    rows: Annotated[int, typer.Option(min=3, help="Squares down the board.")] = 6,
    square_mm: Annotated[float, typer.Option(min=1, help="Side of a square.")] = 100.0,
    frame: Annotated[Path | None, typer.Option(help="A picture of the camera, to lay the grid over.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for report.json and grid.jpg.")] = Path("calibration"),
) -> None:
    """Calibrate a camera: prints the report as JSON, with the lens to put into the site file."""
    from calibration_rigs.camera_calibration import calibrate_camera, grid_picture
    from calibration_rigs.lens_calibration import Board, calibrate_lens

    cameras = {c.id: c for c in load_site(site).cameras}
    if not name and len(cameras) == 1:
        name = next(iter(cameras))
    if name not in cameras:
        raise typer.BadParameter(f"the site has no camera {name!r}; it has {', '.join(cameras)}", param_hint="--camera")
    chosen = cameras[name]
    report: dict[str, object] = {}
    if boards is not None:
        pictures = [p for p in (cv2.imread(str(f)) for f in sorted(boards.iterdir())) if p is not None]
        square_m = square_mm / 1000
        lens = calibrate_lens(pictures, Board(columns, rows, square_m, 0.75 * square_m))
        if lens.size != chosen.size:
            raise GatewardenError(f"the board's pictures are {lens.size}, camera {name!r} is {chosen.size}")
        chosen = chosen.model_copy(update={"lens": lens.lens})
        report["lens"] = {
            **lens.lens.model_dump(mode="json"),
            "rms_px": round(lens.rms_px, 3),
            "pictures": len(lens.used),
            "cover": round(lens.cover, 3),
        }
    found = calibrate_camera(chosen)
    report.update(found.to_plain())
    picture = cv2.imread(str(frame)) if frame is not None else None
    if frame is not None and (picture is None or picture.shape[1::-1] != chosen.size):
        raise GatewardenError(f"{frame}: expected a picture of {chosen.size[0]} by {chosen.size[1]} pixels")
    blank = np.full((chosen.size[1], chosen.size[0], 3), 60, np.uint8)
    out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "grid.jpg"), grid_picture(np.asarray(picture if picture is not None else blank), found))
    text = json.dumps(report, ensure_ascii=False, indent=1)
    (out / "report.json").write_text(text + "\n", "utf-8")
    typer.echo(text)
