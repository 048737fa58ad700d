"""`gatewarden bench`: throughput and latency of this machine, as JSON."""

import asyncio
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from gate.site.cameras import DETECTOR, LOCATOR, READER
from models.zoo import WEIGHTS, weights
from vision.bench import beside, enlarge, offline, online
from vision.bench_peer import Find, ultralytics_track
from vision.config import CameraConfig, ModelFile, live_width

_WEIGHTS = Path("yolo11n.pt")
_ROAD_USERS = (0, 2, 5, 7)  # COCO: person, car, bus, truck
_CLIP = Path(__file__).parents[2] / "calibration_rigs" / "demo" / "clip.mp4"


def command(  # noqa: PLR0917 - each one is an option
    cameras: Annotated[int, typer.Option(help="Cameras at once.", min=1, max=16)] = 4,
    width: Annotated[int, typer.Option(help="Width of each camera's picture.")] = 1920,
    height: Annotated[int, typer.Option(help="Height of each camera's picture.")] = 1080,
    fps: Annotated[int, typer.Option(help="Pictures a second.")] = 15,
    seconds: Annotated[int, typer.Option(help="How long the cameras run.", min=2)] = 30,
    clip: Annotated[Path, typer.Option(help="What the cameras see.", exists=True, dir_okay=False)] = _CLIP,
    peer_frames: Annotated[int, typer.Option(help="Frames for the straight pipeline; 0 leaves it out.")] = 60,
    weights: Annotated[Path, typer.Option(help="Weights for ultralytics' track in the straight pipeline.")] = _WEIGHTS,
    peers: Annotated[
        Path | None, typer.Option(help="Folder with yolox_nano_coco_416.onnx, to be used where ultralytics cannot.")
    ] = None,
) -> None:
    """Run cameras in real time with everything on, then one clip at full speed, and a straight pipeline beside it."""
    console = Console(stderr=True)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        with console.status(f"making a clip of {width}×{height} at {fps} a second"):
            seen = enlarge(clip, Path(folder) / "bench.mp4", (width, height), fps, min(seconds, 30))
        base = replace(_config(seen, (width, height), Path(folder)), live_width=live_width(cameras))
        with console.status(f"{cameras} cameras in real time for {seconds} s"):
            named = [
                replace(base, id=f"cam{n}", address=f"play:{seen}", record_dir=Path(folder) / "footage" / f"cam{n}")
                for n in range(1, cameras + 1)
            ]
            live = asyncio.run(online(named, seconds))
        with console.status("one camera at full speed"):
            alone = offline(base)
        with console.status("the straight pipeline"):
            peer = _straight(base, peer_frames, weights, peers, console)
    result: dict[str, Any] = {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "live": live,
        "offline": alone,
        "straight": peer,
    }
    if "cpu_ms_per_frame" in peer:
        times = peer["cpu_ms_per_frame"] / alone["cpu_ms_per_frame"]
        result["times_the_straight"] = round(times, 2)
    typer.echo(json.dumps(result, indent=1))


def _straight(base: CameraConfig, frames: int, weights: Path, peers: Path | None, console: Console) -> dict[str, Any]:
    """The straight pipeline's figures and what it was made of, or why it was left out."""
    from models.detectors.peers import YoloxNano

    if not frames:
        return {"left_out": "not asked for"}
    find: Find
    try:
        find, made_of = ultralytics_track(weights), f"ultralytics track {weights.name} + RapidOCR + cv2.VideoWriter"
    except (ImportError, FileNotFoundError) as error:
        console.print(f"ultralytics cannot be used: {error}", markup=False)
        if peers is None:
            return {"left_out": f"{error}; --peers names a folder with YOLOX-nano to use instead"}
        yolox = YoloxNano(peers)

        def find(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
            seen = yolox.detect(picture, 0.3)
            return seen.boxes[np.isin(seen.labels, _ROAD_USERS)]

        made_of = f"YOLOX-nano on onnxruntime (not ultralytics: {error}) + RapidOCR + cv2.VideoWriter"
    return {"made_of": made_of, **beside(base, frames, find, console.print)}


def _config(clip: Path, size: tuple[int, int], folder: Path) -> CameraConfig:
    def model(name: str) -> ModelFile:
        return ModelFile(weights(name)[0], WEIGHTS / f"{name}.json")

    return CameraConfig(
        id="bench",
        name="bench",
        site="bench",
        address=f"file:{clip}",
        size=size,
        detector=model(DETECTOR),
        locator=model(LOCATOR),
        reader=model(READER),
        record_dir=folder / "footage" / "bench",
    )
