"""Who is who: vehicles of one camera, kept the same over changed keys, gaps and boxes that jump.

Works in the picture, in units of the vehicle's own size, so that it needs no ground plane.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.instant import Claims, Instant, Recognised
from geofence.reunion import Memory, Pairs, surprise
from geofence.trails import Trails

Array = NDArray[np.float64]
Index = NDArray[np.int64]
PERSON = "person"
FEW = 6  # vehicles at one instant, up to which one after the other is faster than all at once
FAR_SIZES = 12.0  # nobody is looked for farther away


class Vehicles:
    """The vehicles one camera sees. Deterministic: the same observations give the same names and slots."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self._slot_of: dict[str, int] = {}
        self._key: dict[int, str] = {}
        self._kind = np.empty(0, object)
        self._doubt: dict[int, list[tuple[int, Array]]] = {}  # boxes that jumped, not yet believed
        self._free: list[int] = []
        self._departed: set[int] = set()
        self._now_ms = -1
        self.capacity = 0
        self._centre = np.empty((0, 2))
        self._velocity = np.empty((0, 2))  # pixels per ms
        self._size = np.empty(0)
        self._first_ms = np.empty(0, np.int64)
        self._last_ms = np.empty(0, np.int64)
        self._seen = np.empty(0, np.int64)
        self._alive = np.empty(0, bool)
        self._trails = Trails()

    def __len__(self) -> int:
        return len(self._key)

    def name(self, slot: int) -> str:
        """The key the vehicle in a slot was first seen under."""
        return self._key[slot]

    def kind(self, slot: int) -> str:
        """The class the vehicle in a slot was last seen as."""
        return str(self._kind[slot])

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
        return np.flatnonzero(self._alive & (t_ms - self._last_ms > for_ms)).tolist()

    def surplus(self) -> list[int]:
        """Slots of the longest unseen of too many vehicles."""
        over = len(self._key) - self.memory.most
        return sorted(self._key, key=lambda s: (self._last_ms[s], s))[:over] if over > 0 else []

    def flashes(self, t_ms: int) -> list[int]:
        """Slots of what was seen for less than confirm_ms, and has been gone for longer than that."""
        brief = self._last_ms - self._first_ms < self.memory.confirm_ms
        gone = brief & (t_ms - self._last_ms > 2 * self.memory.confirm_ms)
        return np.flatnonzero(self._alive & gone).tolist()

    def all_kept_ms(self, t_ms: int) -> int:
        """Until when nobody else comes to be unseen for lost_ms or keep_ms, or to be a flash."""
        brief_ms = 2 * self.memory.confirm_ms
        spans = np.array([brief_ms, self.memory.lost_ms, self.memory.keep_ms])
        ends = self._last_ms[self._alive, None] + spans
        return int(ends[ends >= t_ms].min(initial=t_ms + min(brief_ms, self.memory.lost_ms)))

    def depart(self, key: str) -> None:
        """The vehicle with this key drove out of the picture: what appears there later is another."""
        slot = self._slot_of.get(key)
        if slot is not None:
            self._departed.add(slot)

    def part(self, key: str) -> None:
        """What has this key now is another vehicle than the one it was taken for; that one is gone."""
        slot = self._slot_of.pop(key, None)
        if slot is not None:
            self._departed.add(slot)

    def forget(self, slot: int) -> None:
        """Drop a vehicle; its slot is used again."""
        self._departed.discard(slot)
        self._alive[slot] = False
        del self._key[slot]
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
        if len(keys) <= FEW:
            followed = self._follow_few(t_ms, keys, boxes, kinds)
            if followed is not None:
                return followed
        instant = Instant(t_ms, keys, boxes, kinds)
        slots = np.array([self._slot_of.get(k, -1) for k in keys], dtype=np.int64)
        rows = self._one_per_key(instant, slots)
        rows, mine, rest = self._steady_ones(instant, rows, slots)
        fresh: list[int] = []
        if rest:
            claims = Claims(dict(zip(rows.tolist(), mine.tolist(), strict=True)), set(mine.tolist()))
            self._reunite(instant, rest, slots, claims)
            left = [row for row in rest if row not in claims.taken]
            begun = [row for row in left if self._follow_or_start(instant, row, int(slots[row]), claims)]
            fresh = [claims.taken[row] for row in begun]
            rows = np.array(sorted(claims.taken), dtype=np.int64)
            mine = np.array([claims.taken[r] for r in rows.tolist()], dtype=np.int64)
        self._take(instant, rows, mine)
        return Recognised(rows, mine, tuple(fresh), instant.sizes[rows])

    def _follow_few(self, t_ms: int, keys: Sequence[str], boxes: Array, kinds: Sequence[str]) -> Recognised | None:
        """What `recognise` says where every key is its vehicle's and where that should be; None where one is not."""
        if len(set(keys)) < len(keys):
            return None
        slots, sizes, moves = [], [], []
        for key, (x0, y0, x1, y1) in zip(keys, boxes.tolist(), strict=True):
            slot = self._slot_of.get(key, -1)
            if slot < 0 or slot in slots or not key:
                return None
            centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
            size = math.sqrt(max(x1 - x0, 1.0) * max(y1 - y0, 1.0))
            (at_x, at_y), (speed_x, speed_y) = self._centre[slot].tolist(), self._velocity[slot].tolist()
            offset_x, offset_y = centre_x - at_x, centre_y - at_y
            since_ms = t_ms - self._last_ms.item(slot)
            span = min(since_ms, 1_000)
            carried = math.hypot(offset_x - speed_x * span, offset_y - speed_y * span)
            away = min(math.hypot(offset_x, offset_y), carried)
            if not away <= self.memory.swap_sizes * max(self._size.item(slot), size):
                return None
            since_ms = max(since_ms, 1)
            weight = max(1 - math.exp(-since_ms / 500), 1 / max(self._seen.item(slot), 1))
            speed = (
                speed_x + weight * (offset_x / since_ms - speed_x),
                speed_y + weight * (offset_y / since_ms - speed_y),
            )
            slots.append(slot)
            sizes.append(size)
            moves.append(((centre_x, centre_y), speed, since_ms))
        for slot, size, kind, (centre, velocity, since_ms) in zip(slots, sizes, kinds, moves, strict=True):
            self._centre[slot], self._velocity[slot], self._size[slot] = centre, velocity, size
            self._last_ms[slot], self._kind[slot] = t_ms, kind
            self._seen[slot] += 1
            self._trails.add_one(t_ms, slot, centre, since_ms)
            self._doubt.pop(slot, None)
        return Recognised(np.arange(len(slots)), np.array(slots, np.int64), (), np.array(sizes))

    def _away(self, instant: Instant, rows: Index, slots: Index) -> Array:
        """Distance of boxes from where vehicles should be: carried on for at most a second, or where they were."""
        offset = instant.centres[rows] - self._centre[slots]
        span = np.minimum(instant.t_ms - self._last_ms[slots], 1_000)
        carried = offset - self._velocity[slots] * span[:, None]
        near: Array = np.minimum(np.hypot(offset[:, 0], offset[:, 1]), np.hypot(carried[:, 0], carried[:, 1]))
        return near

    def _one_per_key(self, instant: Instant, slots: Index) -> Index:
        """Rows with a key, and of rows with the same key the one nearest to its vehicle, or the first."""
        if "" not in instant.keys and len(set(instant.keys)) == len(instant.keys):
            return np.arange(len(instant.keys))
        doubled = {k for k, n in Counter(instant.keys).items() if n > 1}
        best: dict[str, tuple[float, int]] = {}
        for row, key in enumerate(instant.keys):
            away = 0.0
            if key in doubled and slots[row] >= 0:
                away = float(self._away(instant, np.array([row]), slots[row : row + 1])[0])
            best[key] = min(best.get(key, (np.inf, row)), (away, row))
        best.pop("", None)
        return np.array(sorted(row for _, row in best.values()), dtype=np.int64)

    def _steady_ones(self, instant: Instant, rows: Index, slots: Index) -> tuple[Index, Index, list[int]]:
        """Rows where their vehicle should be, whose each is, and the other rows. No vehicle is given twice."""
        known = rows[slots[rows] >= 0]
        mine = slots[known]
        away = self._away(instant, known, mine)
        steady = away <= self.memory.swap_sizes * np.maximum(self._size[mine], instant.sizes[known])
        if len(set(mine.tolist())) < len(mine):
            order = np.lexsort((away, mine))
            again = np.zeros(len(mine), bool)
            again[order[1:]] = mine[order[1:]] == mine[order[:-1]]
            steady &= ~again
        picked = known[steady]
        return picked, mine[steady], sorted(set(rows.tolist()) - set(picked.tolist()))

    def _reunite(self, instant: Instant, rest: list[int], slots: Index, claims: Claims) -> None:
        """Give what is not where its key was to vehicles missing nearby, the least surprising first."""
        rows = np.array(rest, dtype=np.int64)
        missing = np.array(sorted(set(self._key) - claims.used - self._departed), dtype=np.int64)
        offset = instant.centres[rows][:, None] - self._centre[missing]
        size = np.maximum(instant.sizes[rows][:, None], self._size[missing])
        i, j = np.nonzero((offset**2).sum(axis=2) <= (FAR_SIZES * size) ** 2)
        if not len(i):
            return
        odd = surprise(self._pairs(instant, rows[i], missing[j], slots[rows[i]]), self.memory)
        order = np.lexsort((missing[j], rows[i], odd))[: int(np.isfinite(odd).sum())]
        for row, slot in zip(rows[i][order].tolist(), missing[j][order].tolist(), strict=True):
            if row not in claims.taken and slot not in claims.used:
                claims.give(row, slot)
                self._slot_of[instant.keys[row]] = slot

    def _pairs(self, instant: Instant, rows: Index, slots: Index, mine: Index) -> Pairs:
        """Boxes beside missing vehicles. mine: (N,) the slot of each box's key, −1 for none."""
        for slot in set(slots.tolist()):
            self._trails.find(slot, int(self._last_ms[slot]), self._velocity[slot])
        people = np.array([instant.kinds[r] == PERSON for r in rows.tolist()])
        were = np.array([self._kind[s] == PERSON for s in slots.tolist()])
        return Pairs(
            offset=instant.centres[rows] - self._trails.place[slots],
            velocity=self._trails.velocity[slots],
            gap_ms=instant.t_ms - self._last_ms[slots],
            size=instant.sizes[rows],
            before=self._size[slots],
            known=mine >= 0,
            own=mine == slots,
            alike=people == were,
        )

    def _follow_or_start(self, instant: Instant, row: int, slot: int, claims: Claims) -> bool:
        """Follow a key that moved fast, doubt one that jumped, begin a vehicle for one that is new.

        Whether what the slot held before is void.
        """
        if slot < 0 or slot in claims.used:
            claims.give(row, self._start(instant, row, slot))
            return True
        span_s = (instant.t_ms - int(self._last_ms[slot])) / 1000
        size = max(float(self._size[slot]), float(instant.sizes[row]))
        offset = instant.centres[row] - self._centre[slot]
        if np.hypot(*offset) <= (self.memory.jump_sizes + self.memory.speed_sizes * span_s) * size:
            claims.give(row, slot)
            return False
        doubt = self._doubt.setdefault(slot, [])
        if doubt and np.hypot(*(doubt[-1][1] - instant.centres[row])) > 1.5 * size:
            doubt.clear()
        doubt.append((instant.t_ms, instant.centres[row]))
        if instant.t_ms - doubt[0][0] < self.memory.confirm_ms:
            return False
        self._clear(slot, instant, row)
        claims.give(row, slot)
        return True

    def _start(self, instant: Instant, row: int, shared: int) -> int:
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

    def _clear(self, slot: int, instant: Instant, row: int) -> None:
        self._alive[slot] = True
        self._kind[slot] = instant.kinds[row]
        self._centre[slot], self._size[slot] = instant.centres[row], instant.sizes[row]
        self._velocity[slot], self._seen[slot] = 0.0, 0
        self._trails.clear(slot)
        self._first_ms[slot] = self._last_ms[slot] = instant.t_ms

    def _take(self, instant: Instant, rows: Index, slots: Index) -> None:
        span = np.maximum(instant.t_ms - self._last_ms[slots], 1)
        # an average over half a second, and over all that was seen of a young vehicle
        weight = np.maximum(1 - np.exp(-span / 500), 1 / np.maximum(self._seen[slots], 1))[:, None]
        moved = (instant.centres[rows] - self._centre[slots]) / span[:, None]
        self._velocity[slots] += weight * (moved - self._velocity[slots])
        self._centre[slots], self._size[slots] = instant.centres[rows], instant.sizes[rows]
        self._last_ms[slots] = instant.t_ms
        self._seen[slots] += 1
        self._trails.add(instant.t_ms, slots, instant.centres[rows], span)
        self._kind[slots] = np.array(instant.kinds, object)[rows]
        for slot in [s for s in self._doubt if self._last_ms[s] == instant.t_ms]:
            del self._doubt[slot]

    def _grow(self) -> None:
        more = max(16, self.capacity)
        self._centre = np.vstack([self._centre, np.zeros((more, 2))])
        self._velocity = np.vstack([self._velocity, np.zeros((more, 2))])
        self._size = np.concatenate([self._size, np.ones(more)])
        self._first_ms = np.concatenate([self._first_ms, np.zeros(more, np.int64)])
        self._last_ms = np.concatenate([self._last_ms, np.zeros(more, np.int64)])
        self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])
        self._kind = np.concatenate([self._kind, np.full(more, "", object)])
        self._alive = np.concatenate([self._alive, np.zeros(more, bool)])
        self._trails.grow(more)
        self._free = [*range(self.capacity + more - 1, self.capacity - 1, -1)]
        self.capacity += more
