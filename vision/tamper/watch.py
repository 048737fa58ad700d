"""Watches over a camera itself: covered, turned, defocused, blinded, frozen, looped."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from vision.facts import DeviceState
from vision.source import Frame
from vision.tamper.look import Look, Map, likeness, look_at, shift
from vision.tamper.repeat import Repeats

_LOOK_MS = 500
_LEARN_MS = 8_000  # of undisturbed view before anything is judged
_HOLD_MS = 5_500  # a condition lasts this long before it is told, so that it is told within ten seconds
_CLEAR_MS = 2_500
_FOUND_AGAIN = 0.6  # of the known view's blocks, before a turned or covered camera is believed to see it again
_ACCEPT_MS = 30 * 60_000  # a view that stays is taken for the new one: the camera was moved by intent
_MEMORY_S = 90.0  # how slowly the known picture follows the present one
_REPEAT_MS = 7_000
_STEP = 12.0  # most that one look moves an edge, so that what only passes by leaves no trace

_DETAIL = {
    "covered": "hardly anything of the known view is left, and no other view is there",
    "turned": "the known view has moved or is gone, and another is there",
    "defocused": "the known view is there without its fine detail",
    "blinded": "most of the picture is white",
    "frozen": "the picture does not change at all",
    "looped": "pictures of the past are shown again",
}


class TamperWatch:
    """Judges one camera's view against what it has long been.

    Slow changes (dusk, shadows, rain setting in) are taken into the known view; a vehicle that fills the picture
    suspends judgement of the view; short events (headlights) do not last long enough.
    """

    def __init__(self, device: str, *, repeats: bool = True) -> None:
        self._device = device
        self._repeats = Repeats() if repeats else None
        self._known: Map | None = None
        self._fineness = self._crispness = self._contrast = 0.0
        self._learned_ms = 0
        self._looked_ms = -(2**62)
        self._since: dict[str, int] = {}
        self._sound_ms: int | None = None
        self._state = "ok"
        self._recent: deque[float] = deque(maxlen=20)
        self.quality = 1.0

    def again(self) -> None:
        """The stream began anew: what is wrong is told again when it lasts."""
        self._state = "ok"
        self._since.clear()

    def step(self, frame: Frame, filled: float) -> Iterator[DeviceState]:
        """Look at a frame now and then. filled: the share of the picture that followed vehicles cover."""
        if frame.t_ms - self._looked_ms < _LOOK_MS and self._repeats is None:
            return
        if frame.t_ms - self._looked_ms < _LOOK_MS:
            self._print(frame)
            return
        elapsed_ms = min(frame.t_ms - self._looked_ms, 2 * _LOOK_MS) if self._known is not None else 0
        self._looked_ms = frame.t_ms
        look = look_at(frame)
        if self._repeats is not None:
            self._repeats.take(look.t_ms, look.print)
        if self._known is None or self._known.shape != look.edges.shape:
            self._known, self._learned_ms = look.edges.copy(), 0
            self._fineness, self._crispness, self._contrast = look.fineness, look.crispness, look.contrast
            return
        wrong, numbers = self._judge(look, self._known, filled)
        if wrong is None and self._state in ("covered", "turned") and numbers["alike"] < _FOUND_AGAIN:
            wrong = self._state
        if wrong is not None and look.t_ms - self._since.get(wrong, look.t_ms) > _ACCEPT_MS:
            self._known, self._learned_ms, wrong = look.edges.copy(), 0, None
        if wrong is None and filled < 0.3:
            self._learn(look, self._known, elapsed_ms)
        yield from self._decide(look.t_ms, wrong, numbers)

    def _print(self, frame: Frame) -> None:
        assert self._repeats is not None
        small = frame.luma(max(1, frame.width // 160))
        self._repeats.take(frame.t_ms, hash(small.tobytes()))

    def _judge(self, look: Look, known: Map, filled: float) -> tuple[str | None, dict[str, float]]:
        """What is wrong with this picture, if anything, and the numbers that say so."""
        alike, structured = likeness(look.edges, known)
        fineness = look.fineness / max(self._fineness, 1e-3)
        crispness = look.crispness / max(self._crispness, 1e-3)
        contrast = look.contrast / max(self._contrast, 1e-3)
        self._recent.append(min(1.0, fineness) * (0.5 + 0.5 * alike))
        self.quality = round(float(np.median(self._recent)), 3)
        numbers = {
            "alike": alike,
            "fineness": fineness,
            "crispness": crispness,
            "contrast": contrast,
            "white": look.white,
        }
        if self._learned_ms >= _LEARN_MS and filled <= 0.55:
            wrong = _view(look, known, alike, structured, numbers)
            if wrong is not None:
                return wrong, numbers
        repeats = self._repeats
        if repeats is not None and repeats.noisy:
            if repeats.frozen_ms >= _REPEAT_MS - _HOLD_MS:
                return "frozen", numbers
            if repeats.looped_ms >= _REPEAT_MS - _HOLD_MS:
                return "looped", numbers
        return None, numbers

    def _learn(self, look: Look, known: Map, elapsed_ms: int) -> None:
        self._learned_ms += elapsed_ms
        share = min(1.0, elapsed_ms / 1000 / min(_MEMORY_S, max(1.0, self._learned_ms / 1000)))
        known += share * np.clip(look.edges - known, -_STEP, _STEP)
        self._fineness += share * (look.fineness - self._fineness)
        self._crispness += share * (look.crispness - self._crispness)
        self._contrast += share * (look.contrast - self._contrast)

    def _decide(self, t_ms: int, wrong: str | None, numbers: dict[str, float]) -> Iterator[DeviceState]:
        """A condition is told when it has lasted, and is over when the view has been sound for a while."""
        for state in list(self._since):
            if state != wrong:
                del self._since[state]
        if wrong is None:
            self._sound_ms = t_ms if self._sound_ms is None else self._sound_ms
            if self._state != "ok" and t_ms - self._sound_ms >= _CLEAR_MS:
                self._state = "ok"
                yield DeviceState(t_ms, self._device, "ok", "the camera sees again")
            return
        self._sound_ms = None
        began = self._since.setdefault(wrong, t_ms)
        if t_ms - began >= _HOLD_MS and self._state != wrong:
            self._state = wrong
            rounded = {k: round(v, 3) for k, v in numbers.items()}
            yield DeviceState(t_ms, self._device, wrong, _DETAIL[wrong], {**rounded, "lasted_ms": float(t_ms - began)})


def _view(look: Look, known: Map, alike: float, structured: float, numbers: dict[str, float]) -> str | None:
    """What is wrong with the view, judged against the known one."""
    if look.white > 0.6:
        return "blinded"
    if alike < 0.15 and (numbers["contrast"] < 0.35 or look.black > 0.9):
        return "covered"
    if alike < 0.12 and structured >= 0.15:
        return "turned"
    if alike < 0.5 and structured >= 0.15:
        moved, clear = shift(look.edges, known)
        if moved > 0.015 and clear > 0.25:
            numbers["moved"] = moved
            return "turned"
    soft = numbers["fineness"] < 0.45 or (numbers["crispness"] < 0.3 and numbers["contrast"] > 0.6)
    if soft and look.light > 25:
        return "defocused"
    return None
