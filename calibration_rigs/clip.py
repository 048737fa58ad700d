"""Runs written to disk: clips, weight logs and truth."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import load_scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.shot import Shot
from calibration_rigs.simulation import Simulation
from calibration_rigs.truth import tick_record
from calibration_rigs.weather import Weather
from calibration_rigs.weights import WeightLogs, start_of

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


def render(path: Path, out: Path, progress: Progress | None = None, crf: int = 29) -> None:
    """Draw a scenario: one clip per camera, `weights.csv` per scale, and `truth.jsonl`, in step with each other.

    One camera, one scale: clip.mp4 and weights.csv. More: clip_<camera>.mp4 and weights_<scale>.csv.
    Raises ScenarioError, SiteImpossible or RenderError.
    """
    scenario, site = load_scenario(path)
    layout = layout_of(site)
    weather = Weather.named(scenario.weather)
    simulation = Simulation(scenario, layout, Dresser(weather, np.random.default_rng(scenario.seed)))
    out.mkdir(parents=True, exist_ok=True)
    start_ms = start_of(site)
    clips, shots = {}, {}
    one = len(layout.views) == 1
    for name, view in layout.views.items():
        clips[name] = Clip(out / ("clip.mp4" if one else f"clip_{name}.mp4"), view.size, scenario.fps, crf)
        shots[name] = Shot(simulation, name, weather)
    weights = WeightLogs(out, [d.scale for d in layout.decks])
    try:
        with (out / "truth.jsonl").open("w", encoding="utf-8") as truth:
            for tick in simulation.ticks(1 / scenario.fps):
                weights.add(tick.shown)
                truth.write(json.dumps(tick_record(simulation, tick, start_ms), ensure_ascii=False) + "\n")
                simulation.pose_drawn()
                for name, shot in shots.items():
                    clips[name].add(shot.take(tick.t_s))
                if progress is not None:
                    progress(tick.t_s / scenario.seconds)
    finally:
        for clip in clips.values():
            clip.close()
        for shot in shots.values():
            shot.close()
        weights.close()
