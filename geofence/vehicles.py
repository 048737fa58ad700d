"""Who is who: vehicles of one camera, kept the same over changed keys, gaps and boxes that jump.

Works in the picture, in units of the vehicle's own size, so that it needs no ground plane.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Memory:
    """How long and how far a vehicle is remembered; a size is the square root of the box area.

    confirm_ms: how long something must last before it is believed. lost_ms: unseen this long, a moving vehicle is no
    longer expected back. keep_ms: the same for one that stood still.
    """

    confirm_ms: int = 200
    lost_ms: int = 3_000
    keep_ms: int = 120_000
    jump_sizes: float = 0.5  # a box may jump this far at once
    speed_sizes: float = 20.0  # and move this fast, in sizes per second
    swap_sizes: float = 0.6  # this far from where it should be, a key may have been given to another vehicle
    reach_sizes: float = 0.6  # a new key this near to where a vehicle vanished is that vehicle
    reach_growth: float = 1.0  # sizes per second unseen
    still_sizes: float = 0.3  # sizes per second under which a vehicle stood


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """Which observations of one instant count.

    rows: index into the observations; slots: whose each is; fresh: slots that begin now (what they held is void).
    """

    rows: Index
    slots: Index
    fresh: tuple[int, ...] = ()


class Vehicles:
    """The vehicles one camera sees. Deterministic: the same observations give the same names and slots."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self._slot_of: dict[str, int] = {}
        self._key: dict[int, str] = {}
        self._kind: dict[int, str] = {}
        self._doubt: dict[int, list[tuple[int, Array]]] = {}  # boxes that jumped, not yet believed
        self._free: list[int] = []
        self._now_ms = -1
        self.capacity = 0
        self._centre = np.empty((0, 2))
        self._velocity = np.empty((0, 2))  # pixels per ms
        self._size = np.empty(0)
        self._last_ms = np.empty(0, np.int64)
        self._seen = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._key)

    def name(self, slot: int) -> str:
        """The key the vehicle in a slot was first seen under."""
        return self._key[slot]

    def kind(self, slot: int) -> str:
        """The class the vehicle in a slot was last seen as."""
        return self._kind[slot]

    def last_ms(self, slot: int) -> int:
        """When the vehicle in a slot was last seen."""
        return int(self._last_ms[slot])

    def known_as(self, key: str) -> str:
        """The first key of the vehicle that now has this key; the key itself where it is not known."""
        slot = self._slot_of.get(key)
        return key if slot is None else self._key[slot]

    def slot(self, key: str) -> int | None:
        """The slot of the vehicle that now has a key."""
        return self._slot_of.get(key)

    def unseen(self, t_ms: int, for_ms: int) -> list[int]:
        """Slots of vehicles not seen for longer than a time."""
        return [s for s in sorted(self._key) if t_ms - self._last_ms[s] > for_ms]

    def forget(self, slot: int) -> None:
        """Drop a vehicle; its slot is used again."""
        del self._key[slot], self._kind[slot]
        self._doubt.pop(slot, None)
        for key in [k for k, s in self._slot_of.items() if s == slot]:
            del self._slot_of[key]
        self._free.append(slot)

    def recognise(self, t_ms: int, keys: Sequence[str], boxes: Array, kinds: Sequence[str]) -> Recognised:
        """Whose each observation of an instant is. boxes: (N, 4) pixels.

        An empty key is a track nobody confirmed and is ignored; so is an instant that does not advance, all but one
        observation under the same key, and a box that jumped farther than a vehicle can, until it has stayed there
        for confirm_ms.
        """
        if t_ms <= self._now_ms:
            return Recognised(np.empty(0, np.int64), np.empty(0, np.int64))
        self._now_ms = t_ms
        instant = _Instant(t_ms, keys, boxes, kinds)
        slots = np.array([self._slot_of.get(k, -1) for k in keys], dtype=np.int64)
        known = np.flatnonzero(slots >= 0)
        steady = known[self._steady(instant, known, slots[known])]
        taken = dict(zip(steady.tolist(), slots[steady].tolist(), strict=True))
        fresh: list[int] = []
        if len(taken) < len(keys) or len(set(taken.values())) < len(taken):
            taken, fresh = self._sort_out(instant, slots)
        rows = np.fromiter(taken, np.int64, len(taken))
        mine = np.fromiter(taken.values(), np.int64, len(taken))
        order = np.argsort(rows, kind="stable")
        self._take(instant, rows[order], mine[order])
        return Recognised(rows[order], mine[order], tuple(fresh))

    def _steady(self, instant: "_Instant", rows: Index, slots: Index) -> NDArray[np.bool_]:
        """Which boxes are where their vehicle should be."""
        size = np.maximum(self._size[slots], instant.sizes[rows])
        steady: NDArray[np.bool_] = self._away(instant, rows, slots) <= self.memory.swap_sizes * size
        return steady

    def _away(self, instant: "_Instant", rows: Index, slots: Index) -> Array:
        """Distance of boxes from where vehicles should be: carried on for at most a second, or where they were."""
        offset = instant.centres[rows] - self._centre[slots]
        span = np.minimum(instant.t_ms - self._last_ms[slots], 1_000)
        carried = offset - self._velocity[slots] * span[:, None]
        near: Array = np.minimum(np.hypot(offset[:, 0], offset[:, 1]), np.hypot(carried[:, 0], carried[:, 1]))
        return near

    def _sort_out(self, instant: "_Instant", slots: Index) -> tuple[dict[int, int], list[int]]:
        """The slow way, for an instant with new keys, doubled keys, jumps or exchanged keys."""
        rows = self._one_per_key(instant, slots)
        taken = self._steady_ones(instant, rows, slots)
        rest = [r for r in rows if r not in taken]
        self._reunite(instant, rest, slots, taken)
        fresh: list[int] = []
        for row in rest:
            if row not in taken:
                self._follow_or_start(instant, row, int(slots[row]), taken, fresh)
        return taken, fresh

    def _one_per_key(self, instant: "_Instant", slots: Index) -> list[int]:
        best: dict[str, tuple[float, int]] = {}
        for row, key in enumerate(instant.keys):
            if not key:
                continue
            away = 0.0
            if slots[row] >= 0:
                away = float(self._away(instant, np.array([row]), slots[row : row + 1])[0])
            best[key] = min(best.get(key, (np.inf, row)), (away, row))
        return sorted(row for _, row in best.values())

    def _steady_ones(self, instant: "_Instant", rows: list[int], slots: Index) -> dict[int, int]:
        picked = np.array([r for r in rows if slots[r] >= 0], dtype=np.int64)
        steady = picked[self._steady(instant, picked, slots[picked])]
        away = self._away(instant, steady, slots[steady])
        taken: dict[int, int] = {}
        for row in steady[np.argsort(away, kind="stable")].tolist():
            if int(slots[row]) not in taken.values():
                taken[row] = int(slots[row])
        return taken

    def _reunite(self, instant: "_Instant", rest: list[int], slots: Index, taken: dict[int, int]) -> None:
        """Give what is not where its key was to vehicles missing nearby, nearest first; its own key's comes cheaper."""
        missing = sorted(set(self._key) - set(taken.values()))
        offers = []
        for row in rest:
            for slot in missing:
                cost = self._cost(instant, row, slot)
                if slot == slots[row] or cost < 1:
                    offers.append((cost if slot != slots[row] else 0.5 * cost, row, slot))
        used = set(taken.values())
        for cost, row, slot in sorted(offers):
            if cost < 1 and row not in taken and slot not in used:
                taken[row] = slot
                used.add(slot)
                self._slot_of[instant.keys[row]] = slot

    def _cost(self, instant: "_Instant", row: int, slot: int) -> float:
        """Distance from where a vehicle should be, 1 at the farthest that is still believed."""
        memory = self.memory
        gap_ms = instant.t_ms - int(self._last_ms[slot])
        size, before = float(instant.sizes[row]), float(self._size[slot])
        if (instant.kinds[row] == PERSON) != (self._kind[slot] == PERSON) or not 0.4 < size / before < 2.5:
            return np.inf
        still = np.hypot(*self._velocity[slot]) * 1000 < memory.still_sizes * before
        if gap_ms > (memory.keep_ms if still else memory.lost_ms):
            return np.inf
        grown_s = 0.0 if still else gap_ms / 1000
        reach = (memory.reach_sizes + memory.reach_growth * grown_s) * max(size, before)
        return float(self._away(instant, np.array([row]), np.array([slot]))[0]) / reach

    def _follow_or_start(
        self, instant: "_Instant", row: int, slot: int, taken: dict[int, int], fresh: list[int]
    ) -> None:
        """Follow a key that moved fast, doubt one that jumped, begin a vehicle for one that is new."""
        if slot < 0 or slot in taken.values():
            taken[row] = self._start(instant, row, slot)
            fresh.append(taken[row])
            return
        span_s = (instant.t_ms - int(self._last_ms[slot])) / 1000
        size = max(float(self._size[slot]), float(instant.sizes[row]))
        offset = instant.centres[row] - self._centre[slot]
        if np.hypot(*offset) <= (self.memory.jump_sizes + self.memory.speed_sizes * span_s) * size:
            taken[row] = slot
            return
        doubt = self._doubt.setdefault(slot, [])
        if doubt and np.hypot(*(doubt[-1][1] - instant.centres[row])) > 1.5 * size:
            doubt.clear()
        doubt.append((instant.t_ms, instant.centres[row]))
        if instant.t_ms - doubt[0][0] >= self.memory.confirm_ms:
            self._clear(slot, instant, row)
            taken[row] = slot
            fresh.append(slot)

    def _start(self, instant: "_Instant", row: int, shared: int) -> int:
        """A new vehicle. shared: the slot this key had while it was taken for another vehicle's, −1 for none."""
        key = instant.keys[row]
        if shared >= 0 and self._key[shared] == key:
            self._key[shared] = next(k for k, s in self._slot_of.items() if s == shared and k != key)
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self._slot_of[key], self._key[slot] = slot, key
        self._clear(slot, instant, row)
        return slot

    def _clear(self, slot: int, instant: "_Instant", row: int) -> None:
        self._kind[slot] = instant.kinds[row]
        self._centre[slot], self._size[slot] = instant.centres[row], instant.sizes[row]
        self._velocity[slot], self._last_ms[slot], self._seen[slot] = 0.0, instant.t_ms, 0

    def _take(self, instant: "_Instant", rows: Index, slots: Index) -> None:
        span = np.maximum(instant.t_ms - self._last_ms[slots], 1)
        # an average over half a second, and over all that was seen of a young vehicle
        weight = np.maximum(1 - np.exp(-span / 500), 1 / np.maximum(self._seen[slots], 1))[:, None]
        moved = (instant.centres[rows] - self._centre[slots]) / span[:, None]
        self._velocity[slots] += weight * (moved - self._velocity[slots])
        self._centre[slots], self._size[slots] = instant.centres[rows], instant.sizes[rows]
        self._last_ms[slots] = instant.t_ms
        self._seen[slots] += 1
        for row, slot in zip(rows.tolist(), slots.tolist(), strict=True):
            self._kind[slot] = instant.kinds[row]
        for slot in [s for s in self._doubt if self._last_ms[s] == instant.t_ms]:
            del self._doubt[slot]

    def _grow(self) -> None:
        more = max(16, self.capacity)
        self._centre = np.vstack([self._centre, np.zeros((more, 2))])
        self._velocity = np.vstack([self._velocity, np.zeros((more, 2))])
        self._size = np.concatenate([self._size, np.ones(more)])
        self._last_ms = np.concatenate([self._last_ms, np.zeros(more, np.int64)])
        self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])
        self._free = [*range(self.capacity + more - 1, self.capacity - 1, -1)]
        self.capacity += more


class _Instant:
    """The observations of one instant."""

    def __init__(self, t_ms: int, keys: Sequence[str], boxes: Array, kinds: Sequence[str]) -> None:
        self.t_ms = t_ms
        self.keys = keys
        self.kinds = kinds
        self.centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        self.sizes = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0), axis=1))
