"""Cut line: camera and scale go silent together, as when power, network or a sensor line is cut."""

from collections.abc import Sequence

from gate.facts import Fact
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from vision.facts import DeviceState

_SILENT = frozenset({"lost", "stalled"})


class LineWatch:
    """Speaks when at least one camera and one scale have been silent together for long enough."""

    def __init__(self) -> None:
        self._silent: dict[str, int] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        for fact in facts:
            if isinstance(fact, DeviceState):
                if fact.state in _SILENT:
                    self._silent.setdefault(fact.device, fact.t_ms)
                else:
                    self._silent.pop(fact.device, None)
        cameras = [c.id for c in context.site.cameras if c.id in self._silent]
        scales = [s.id for s in context.site.scales if s.id in self._silent]
        if not cameras or not scales:
            return [("line", None)]
        since = max(min(self._silent[c] for c in cameras), min(self._silent[s] for s in scales))
        silent_s = (context.now_ms - since) / 1000
        if silent_s < context.thresholds["for_s"]:
            return []
        devices = (*cameras, *scales)
        return [("line", _verdict(devices, silent_s))]


def _verdict(devices: tuple[str, ...], silent_s: float) -> Verdict:
    named = "、".join(devices), ", ".join(devices)
    return Verdict(
        confidence=0.9,
        zh=f"{named[0]} 同时中断 {silent_s:.0f} 秒,疑似断电、断网或线路被剪,请立即到现场。",
        en=f"{named[1]} silent together for {silent_s:.0f} s; power, network or a line may be cut. Go there now.",
        numbers={"silent_s": round(silent_s, 1), "devices": float(len(devices))},
        evidence=devices,
    )


RULE = Rule(
    id="cut_line",
    version=1,
    severity=Severity.CRITICAL,
    needs=frozenset({Signal.DEVICE, Signal.WEIGHT}),
    zh="断线",
    en="cut line",
    thresholds={"for_s": 30.0},
    watch=LineWatch,
)
