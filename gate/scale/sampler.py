"""From an indicator's readings to facts: weight samples, and the state the scale's line is in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.facts import WeightSample
from gate.scale.plausibility import FactorWatch
from gate.scale.reading import Reading
from gate.site.devices import Scale
from vision.facts import DeviceState

ScaleFact = WeightSample | DeviceState

GAP_MS = 2_000  # no frame for longer means the indicator is silent
REJECT_WINDOW_MS = 10_000
REJECT_SHARE = 0.2  # of the frames in the window; more is a line or a format that went wrong
REJECT_LEAST = 5


def weight_sample(scale: str, t_ms: int, reading: Reading) -> WeightSample | None:
    """The fact of a reading; None for a frame without a weight."""
    if reading.kg is None:
        return None
    overload = bool(reading.overload)
    return WeightSample(t_ms, scale, reading.kg, reading.stable, reading.net, overload, reading.raw.hex())


@dataclass(slots=True)
class _Window:
    start_ms: int
    good: int = 0
    rejected: int = 0


class Sampler:
    """Pure: is told what came in and when, answers with facts. States of the device:

    "ok", "stalled" (line open, no frames for GAP_MS), "lost" (line gone), "fault" (frames refused, or the unit or
    decimal place changed), "overload" (the indicator shows no number), "ended" (a recording is over).
    """

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._state = ""
        self._last_ms: int | None = None  # of the last frame, or of the opening of the line
        self._rejected_total = 0
        self._window: _Window | None = None
        self._factor = FactorWatch(scale.e_kg)

    def opened(self, t_ms: int) -> None:
        """The line is open; frames are expected from now on."""
        self._last_ms = t_ms

    def frames(self, t_ms: int, readings: Iterable[Reading], rejected: int) -> Iterator[ScaleFact]:
        """Readings that arrived at `t_ms`; rejected: frames the parser has refused since it began."""
        yield from self.tick(t_ms)
        batch = list(readings)
        newly_rejected = max(0, rejected - self._rejected_total)
        self._rejected_total = rejected
        yield from self._judge_window(t_ms, len(batch), newly_rejected)
        if batch or (newly_rejected and self._state == "fault"):
            self._last_ms = t_ms
        if not batch:
            return
        no_number = any(r.overload and r.kg is None for r in batch)
        if no_number:
            yield from self._become("overload", t_ms, "the indicator shows overload, no number")
        elif self._state != "fault":
            yield from self._become("ok", t_ms)
        for reading in batch:
            sample = weight_sample(self._scale.id, t_ms, reading)
            if sample is None:
                continue
            yield sample
            changed = self._factor.update(t_ms, sample.kg)
            if changed is not None:
                yield from self._become("fault", t_ms, changed)

    def tick(self, t_ms: int) -> Iterator[ScaleFact]:
        """Time has passed: notices silence. The state is dated to when the silence became one."""
        if self._last_ms is not None and self._last_ms + GAP_MS < t_ms and self._state not in ("stalled", "lost"):
            detail = f"no valid frame for {GAP_MS / 1000:g} s"
            numbers = {"gap_ms": float(GAP_MS), "rejected": float(self._rejected_total)}
            yield from self._become("stalled", self._last_ms + GAP_MS, detail, numbers)

    def lost(self, t_ms: int, detail: str) -> Iterator[ScaleFact]:
        """The line is gone or cannot be opened."""
        self._last_ms = None
        self._window = None
        yield from self._become("lost", t_ms, detail)

    def ended(self, t_ms: int) -> Iterator[ScaleFact]:
        """A recording is over."""
        yield from self._become("ended", t_ms)

    def _judge_window(self, t_ms: int, good: int, rejected: int) -> Iterator[ScaleFact]:
        window = self._window
        if window is None or not 0 <= t_ms - window.start_ms < REJECT_WINDOW_MS:
            if window is not None and self._state == "fault" and window.good and not _too_many(window):
                yield from self._become("ok", t_ms)
            window = self._window = _Window(t_ms)
        window.good += good
        window.rejected += rejected
        if rejected and _too_many(window) and self._state != "fault":
            share = window.rejected / (window.rejected + window.good)
            numbers = {"rejected": float(window.rejected), "accepted": float(window.good), "share": round(share, 3)}
            detail = f"{window.rejected} frames refused, {window.good} accepted: line noise or another format"
            yield from self._become("fault", t_ms, detail, numbers)

    def _become(
        self, state: str, t_ms: int, detail: str = "", numbers: dict[str, float] | None = None
    ) -> Iterator[ScaleFact]:
        if state != self._state:
            self._state = state
            yield DeviceState(t_ms, self._scale.id, state, detail, numbers or {})


def _too_many(window: _Window) -> bool:
    return window.rejected >= REJECT_LEAST and window.rejected > REJECT_SHARE * (window.rejected + window.good)
