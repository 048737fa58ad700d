"""One loading of the deck, from empty to empty: a pure machine that is told samples and answers with weighings."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from gate.facts import Weighing, WeightSample
from gate.scale.curve import steps
from gate.scale.stability import LARGEST_GAP_MS, Stability
from gate.site.devices import Scale

START_E = 10.0  # a load begins above this many e over the empty deck (200 kg at e = 20 kg)
END_E = 5.0  # and ends below this many
END_MS = 500  # once it stayed there this long: a single dropped reading ends nothing
PREROLL_MS = 2_000  # of the empty deck, kept in front of the curve
RESIDUE_SHARE = 0.05  # under this share of the peak, at rest, a vehicle has left and weight stayed behind
RESIDUE_MS = 3_000
IDLE_SHARE = 0.01  # of capacity: an offset this small that rests for IDLE_MS is no vehicle
IDLE_MS = 60_000
OVER_E = 9.0  # a reading this many e over capacity is no weight (the indicator's own display limit)
LATE_MS = 5_000  # a sample older than the last by less is late, by more the clock was set back
CURVE_LIMIT = 100_000  # readings kept of one loading, close to three hours at ten a second


class Phase(StrEnum):
    """What the deck is doing, as its weight tells."""

    EMPTY = "empty"
    LOADING = "loading"
    SETTLING = "settling"
    STABLE = "stable"
    UNLOADING = "unloading"


@dataclass(frozen=True, slots=True)
class WeighingState:
    """kg: the newest weight. stable_kg: the weight that may be taken now. start_ms: of the open loading."""

    phase: Phase = Phase.EMPTY
    t_ms: int = 0
    kg: float = 0.0
    stable_kg: float | None = None
    start_ms: int | None = None


@dataclass(slots=True)
class _Loading:
    start_ms: int
    curve: list[tuple[int, float]]
    peak_kg: float = 0.0
    taken: tuple[float, int] | None = None  # highest stable weight, and when it first was stable
    low_since_ms: int | None = None
    rest_since_ms: int | None = None


class WeighingMachine:
    """Samples of one scale in, one `Weighing` out for each loading of the deck.

    Readings over capacity + 9 e, or told as overload, stay in the curve and are never a stable weight. Exact repeats
    and late samples are passed over. When the clock is set back, the open loading is dated anew by the new clock.
    """

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._stability = Stability(scale.e_kg)
        self._preroll: deque[tuple[int, float]] = deque()
        self._loading: _Loading | None = None
        self._number = 0
        self._empty_kg = 0.0  # what the deck shows when nothing drives on it: zero, or weight left behind
        self._last: WeightSample | None = None
        self._stable_kg: float | None = None

    @property
    def state(self) -> WeighingState:
        """What the deck is doing now."""
        last, loading = self._last, self._loading
        if last is None:
            return WeighingState()
        if loading is None:
            return WeighingState(Phase.EMPTY, last.t_ms, last.kg, self._stable_kg)
        moving = _phase(loading, last.t_ms, last.kg, self._scale.e_kg)
        phase = moving if self._stable_kg is None else Phase.STABLE
        return WeighingState(phase, last.t_ms, last.kg, self._stable_kg, loading.start_ms)

    def update(self, sample: WeightSample) -> list[Weighing]:
        """Take the next sample. Returns the weighing it completed, if any."""
        last = self._last
        if last is not None and sample.t_ms <= last.t_ms:
            behind_ms = last.t_ms - sample.t_ms
            if (behind_ms == 0 and sample.kg == last.kg) or 0 < behind_ms < LATE_MS:
                return []
            if behind_ms >= LATE_MS:
                self._clock_set_back(sample.t_ms)
        self._last = sample
        t_ms, kg = sample.t_ms, sample.kg
        usable = not sample.overload and kg <= self._scale.capacity_kg + OVER_E * self._scale.e_kg
        stable_kg = self._stability.update(t_ms, kg, may_be_stable=usable and sample.stable is not False)
        self._stable_kg = stable_kg
        return self._load(t_ms, kg, stable_kg, usable=usable)

    def flush(self) -> list[Weighing]:
        """No more samples will come: the open loading ends as it is."""
        return self._close(self._last.t_ms) if self._loading is not None and self._last is not None else []

    def _load(self, t_ms: int, kg: float, stable_kg: float | None, *, usable: bool) -> list[Weighing]:
        loading = self._loading
        if loading is None:
            self._forget_residue(kg)
            self._remember(t_ms, kg)
            if kg - self._empty_kg <= START_E * self._scale.e_kg:
                return []
            loading = self._loading = _Loading(t_ms, list(self._preroll))
        else:
            loading.curve.append((t_ms, kg))
        if usable:
            loading.peak_kg = max(loading.peak_kg, kg)
        self._take(loading, t_ms, stable_kg)
        if self._has_ended(loading, t_ms, kg, stable_kg) or len(loading.curve) >= CURVE_LIMIT:
            return self._close(t_ms)
        return []

    def _take(self, loading: _Loading, t_ms: int, stable_kg: float | None) -> None:
        """The weight taken is the highest stable one: lower ones were a vehicle not yet, or no longer, all on."""
        if stable_kg is None or stable_kg - self._empty_kg <= START_E * self._scale.e_kg:
            return
        if loading.taken is None or stable_kg > loading.taken[0] + self._scale.e_kg:
            loading.taken = (stable_kg, t_ms)

    def _has_ended(self, loading: _Loading, t_ms: int, kg: float, stable_kg: float | None) -> bool:
        if kg - self._empty_kg < END_E * self._scale.e_kg:
            loading.low_since_ms = t_ms if loading.low_since_ms is None else loading.low_since_ms
            return t_ms - loading.low_since_ms >= END_MS
        loading.low_since_ms = None
        left_behind = kg < RESIDUE_SHARE * loading.peak_kg
        idle = loading.peak_kg < IDLE_SHARE * self._scale.capacity_kg
        if stable_kg is None or not (left_behind or idle):
            loading.rest_since_ms = None
            return False
        loading.rest_since_ms = t_ms if loading.rest_since_ms is None else loading.rest_since_ms
        if t_ms - loading.rest_since_ms < (RESIDUE_MS if left_behind else IDLE_MS):
            return False
        self._empty_kg = stable_kg
        return True

    def _close(self, t_ms: int) -> list[Weighing]:
        loading = self._loading
        if loading is None:
            return []
        self._loading = None
        self._number += 1
        curve = tuple(loading.curve)
        taken_kg, taken_ms = loading.taken or (None, None)
        self._preroll.clear()
        self._remember(*curve[-1])
        found = steps(curve, self._scale.e_kg)
        return [
            Weighing(
                t_ms,
                self._scale.id,
                self._number,
                loading.start_ms,
                taken_kg,
                taken_ms,
                loading.peak_kg,
                found,
                curve,
            )
        ]

    def _forget_residue(self, kg: float) -> None:
        if kg < self._empty_kg - END_E * self._scale.e_kg:
            self._empty_kg = 0.0

    def _remember(self, t_ms: int, kg: float) -> None:
        self._preroll.append((t_ms, kg))
        while self._preroll and t_ms - self._preroll[0][0] > PREROLL_MS:
            self._preroll.popleft()

    def _clock_set_back(self, t_ms: int) -> None:
        """Date what lies after `t_ms` anew, so that the newest reading comes just before it."""
        self._stability.reset()
        self._preroll.clear()
        if self._loading is None or self._last is None:
            return
        loading, back_ms = self._loading, self._last.t_ms - t_ms + LARGEST_GAP_MS // 10
        kept = [(t, kg) for t, kg in loading.curve if t < t_ms]
        moved = [(t - back_ms, kg) for t, kg in loading.curve if t >= t_ms]
        floor_ms = kept[-1][0] if kept else -(2**62)
        loading.curve = kept + [(max(t, floor_ms), kg) for t, kg in moved]
        for name in ("start_ms", "low_since_ms", "rest_since_ms"):
            value = getattr(loading, name)
            if value is not None and value >= t_ms:
                setattr(loading, name, value - back_ms)
        if loading.taken is not None and loading.taken[1] >= t_ms:
            loading.taken = (loading.taken[0], loading.taken[1] - back_ms)


def _phase(loading: _Loading, t_ms: int, kg: float, e_kg: float) -> Phase:
    """Loading, settling or unloading: by the change over the last second."""
    earlier = next((w for t, w in reversed(loading.curve) if t_ms - t >= 1_000), loading.curve[0][1])
    change_kg = kg - earlier
    if abs(change_kg) <= START_E * e_kg:
        return Phase.SETTLING
    return Phase.LOADING if change_kg > 0 else Phase.UNLOADING
