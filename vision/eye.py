"""One camera from its address to facts and footage; the same for live workers and for replay."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vision.camera import CameraPipeline
from vision.config import CameraConfig
from vision.facts import DeviceState, Sighting
from vision.record import Recorder
from vision.source import Clock, Frame, Packet, Source, Tick, open_source
from vision.tamper import TamperWatch

Seen = Frame | Tick
Fact = Sighting | DeviceState

_BEHIND_MS = 300  # once a live frame is this old, none is looked at until the camera has caught up
_CAUGHT_UP_MS = 100


class Eye:
    """Runs one camera's source, recorder and pipeline."""

    def __init__(self, config: CameraConfig, pipeline: CameraPipeline, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self.pipeline = pipeline
        self.source: Source = open_source(
            config.address,
            device=config.id,
            start_ms=config.start_ms,
            clock=clock,
            stall_s=config.stall_s,
            latency_ms=config.latency_ms,
            camera_time=config.camera_time,
        )
        self._recorder = (
            Recorder(config.record_dir, config.id, config.retention) if config.record_dir is not None else None
        )
        # A clip played in a loop repeats itself by intent.
        self._tamper = TamperWatch(config.id, repeats=not config.address.startswith("play:"))
        self._behind = False
        self._round: int | None = None
        self._last_ms = config.start_ms

    def run(self) -> Iterator[tuple[Seen | None, list[Fact]]]:
        """What happened, item by item: the frame or tick, and the facts that came of it. Ends with the source."""
        for item in self.source:
            match item:
                case Packet():
                    yield None, self._packet(item)
                case Frame():
                    self._last_ms = item.t_ms
                    yield item, self._frame(item)
                case Tick():
                    yield item, []
                case DeviceState():
                    self._tamper.again()
                    last = self._finish(item.t_ms) if item.state == "ended" else []
                    yield None, [*last, item]

    def numbers(self, now_ms: int) -> dict[str, float]:
        """How the camera does: its source's numbers, and the quality of its view (1 as it has long been, 0 none)."""
        return {**self.source.health.numbers(now_ms), "quality": self._tamper.quality}

    def close(self) -> list[Fact]:
        """Stop: the last word on what is in view, and the footage finished."""
        self.source.close()
        if self._recorder is not None:
            self._recorder.close()
        return self._finish(self._last_ms)

    def _packet(self, packet: Packet) -> list[Fact]:
        facts: list[Fact] = []
        if self._config.address.startswith("play:") and self._round not in (None, packet.connection):
            facts += self._finish(self._last_ms)
        self._round = packet.connection
        if self._recorder is not None:
            facts += self._recorder.write(packet)
        return facts

    def _frame(self, frame: Frame) -> list[Fact]:
        if self._config.live and self._too_late(self._clock.now_ms() - self._config.latency_ms - frame.arrival_ms):
            self.source.health.skipped += 1
            return []
        sightings = self.pipeline.step(frame)
        boxes = [v.box for v in self.pipeline.in_view(frame.t_ms)]
        return [*sightings, *self._tamper.step(frame, covered_share(boxes, frame.width, frame.height))]

    def _too_late(self, age_ms: int) -> bool:
        """Whether a frame of this age is passed over, so that sightings stay those of now."""
        self._behind = age_ms > (_CAUGHT_UP_MS if self._behind else _BEHIND_MS)
        return self._behind

    def _finish(self, t_ms: int) -> list[Fact]:
        return list(self.pipeline.finish(t_ms))


def covered_share(boxes: Sequence[NDArray[np.float64]], width: int, height: int) -> float:
    """The share of the picture under boxes (4,), overlaps counted once, to within a thirtieth of its width."""
    grid = np.zeros((24, 32), dtype=bool)
    scale = np.array([32 / width, 24 / height, 32 / width, 24 / height])
    for box in boxes:
        x0, y0, x1, y1 = np.clip(np.round(box * scale), 0, 32).astype(int)
        grid[y0:y1, x0:x1] = True
    return float(grid.mean())
