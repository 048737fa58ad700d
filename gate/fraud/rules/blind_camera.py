"""Blind camera: covered, turned, defocused, blinded, frozen, looped or gone."""

from collections.abc import Sequence

from gate.facts import Fact
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from vision.facts import DeviceState

_WORDS = {
    "covered": ("被遮挡", "is covered"),
    "turned": ("被转动", "was turned"),
    "defocused": ("失焦", "is out of focus"),
    "blinded": ("被强光致盲", "is blinded by light"),
    "frozen": ("画面冻结", "shows a frozen picture"),
    "looped": ("画面循环播放", "shows a looped recording"),
    "stalled": ("无新画面", "sends no new frames"),
    "lost": ("断开", "is disconnected"),
}


class CameraWatch:
    """Speaks of a camera that has been blind for long enough, until it sees again."""

    def __init__(self) -> None:
        self._blind: dict[str, DeviceState] = {}

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        cameras = {c.id for c in context.site.cameras}
        out: list[tuple[str, Verdict | None]] = []
        for fact in facts:
            if not isinstance(fact, DeviceState) or fact.device not in cameras:
                continue
            if fact.state in _WORDS:
                self._blind.setdefault(fact.device, fact)
            elif self._blind.pop(fact.device, None):
                out.append((fact.device, None))
        wait_ms = context.thresholds["for_s"] * 1000
        out += [(c, _verdict(s)) for c, s in self._blind.items() if context.now_ms - s.t_ms >= wait_ms]
        return out


def _verdict(state: DeviceState) -> Verdict:
    zh, en = _WORDS[state.state]
    return Verdict(
        confidence=0.9,
        zh=f"摄像机“{state.device}”{zh},请立即检查。",
        en=f"Camera {state.device} {en}; check it now.",
        numbers=state.numbers,
        evidence=(state.device,),
    )


RULE = Rule(
    id="blind_camera",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.DEVICE}),
    zh="摄像机失明",
    en="blind camera",
    thresholds={"for_s": 10.0},
    watch=CameraWatch,
)
