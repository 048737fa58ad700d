"""Runs written to disk: clips, weight logs and truth."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.easel import easels, own_easel, staged
from calibration_rigs.logs import RunLogs, start_of
from calibration_rigs.scene import FLOOR_PX
from calibration_rigs.shot import Darkroom
from calibration_rigs.truth import tick_record
from calibration_rigs.weather import Weather

Progress = Callable[[float], None]


class Clip:
    """An H.264 file of one camera. crf: x264's constant quality, lower is better. A picture left out is a gap."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float, crf: int = 29) -> None:
        self._file = av.open(str(path), "w", options={"movflags": "faststart"})
        rate = Fraction(fps).limit_denominator(1000)
        self._stream = self._file.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height, self._stream.pix_fmt = *size, "yuv420p"
        self._stream.codec_context.time_base = 1 / rate
        self._count = 0
        self._stream.options = {"crf": str(crf), "preset": "slow", "g": str(round(2 * fps)), "threads": "2"}

    def add(self, picture: NDArray[np.uint8] | None) -> None:
        """The next BGR frame, or None where the camera sent none."""
        if picture is not None:
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = self._count
            for packet in self._stream.encode(frame):
                self._file.mux(packet)
        self._count += 1

    def close(self) -> None:
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()


def render(
    path: Path,
    out: Path,
    progress: Progress | None = None,
    crf: int = 29,
    *,
    jobs: int = 1,
    floor_px: tuple[int, int] = FLOOR_PX,
) -> None:
    """Draw a scenario: one clip per camera, `weights.csv` per scale, `beams.csv` and `truth.jsonl`, all in step.

    One camera, one scale: clip.mp4 and weights.csv. More: clip_<camera>.mp4 and weights_<scale>.csv. jobs: processes
    that draw; with 1 this one does. floor_px: of the floor's pictures. Raises ScenarioError, SiteImpossible or
    RenderError.
    """
    simulation = staged(path, floor_px if jobs == 1 else None)
    scenario, layout = simulation.scenario, simulation.layout
    out.mkdir(parents=True, exist_ok=True)
    start_ms = start_of(layout.site)
    weather, one = Weather.named(scenario.weather), len(layout.views) == 1
    with ExitStack() as stack:
        easel = stack.enter_context(own_easel(simulation) if jobs == 1 else easels(path, jobs, floor_px))
        clips, darkrooms = {}, {}
        for name, view in layout.views.items():
            clips[name] = Clip(out / ("clip.mp4" if one else f"clip_{name}.mp4"), view.size, scenario.fps, crf)
            stack.callback(clips[name].close)
            darkrooms[name] = Darkroom(scenario, name, view, weather)
        logs = RunLogs(out, layout)
        stack.callback(logs.close)
        truth = stack.enter_context((out / "truth.jsonl").open("w", encoding="utf-8"))
        for tick in simulation.ticks(1 / scenario.fps):
            logs.add(tick.shown, tick.beam_changes)
            truth.write(json.dumps(tick_record(simulation, tick, start_ms), ensure_ascii=False) + "\n")
            for name, negative in easel.draw(tick.t_s).items():
                clips[name].add(darkrooms[name].develop(negative, tick.t_s))
            if progress is not None:
                progress(tick.t_s / scenario.seconds)
