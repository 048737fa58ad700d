"""The passage book: facts come in by time, visits open, grow, join and close. Pure: no clock, no I/O."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from gate.facts import TicketUse, Weighing
from gate.passage.join import IMPOSSIBLE, Join, assign, join_cost, may_be_one, seen_together
from gate.passage.part import part
from gate.passage.visit import GOODS_VEHICLES, Visit
from gate.records import Passage
from geofence.movement import Movement, MovementKind
from vision.facts import Sighting, VehicleClass

LEFT_GRACE_MS = 5_000  # after crossing outward a late weighing may still join
IDLE_MS = 30_000  # unseen this long and not on a deck: the visit is over
HIDDEN_ON_DECK_MS = 300_000  # a vehicle that entered a deck and was never seen leaving may be hidden there
DECK_LAG_MS = 3_000  # an indicator's filter and the camera may differ by this much
YOUNG_MS, TRY_MS = 10_000, 500  # so long after its place was first known, so often, a visit is tried against others
RIVAL_SHARE = 0.5  # of the time on the deck: a second vehicle there so long makes a weighing's owner doubtful
SEEN_MS = 3_000  # a camera that saw a vehicle so shortly ago sees it
FOREVER_MS = 2**62
OPEN_LIMIT = 500  # more visits at once than any gate has; the oldest close


class PassageBook:
    """Every open visit of one site.

    decks: deck zone ids by scale id. shapes_matter: the site has zones or boundaries, so that a vehicle which touches
    none of them (a passer-by on the road) makes no passage.
    """

    def __init__(self, site: str, decks: dict[str, str], *, shapes_matter: bool) -> None:
        self._site = site
        self._decks = decks
        self._deck_zones = frozenset(decks.values())
        self._shapes_matter = shapes_matter
        self._by_key: dict[str, Visit] = {}
        self._open: list[Visit] = []
        self._heirs: dict[str, str] = {}
        self._begun: dict[str, int] = {}
        self._published: dict[str, tuple[object, ...]] = {}  # by visit: what was told of it last
        self._closed: list[Passage] = []
        self._merged: list[tuple[str, str]] = []

    def see(self, sightings: Iterable[Sighting]) -> None:
        """Take the sightings of one instant of one camera."""
        fresh: list[Visit] = []
        renamed: list[Visit] = []
        for sighting in sightings:
            if sighting.kind is VehicleClass.PERSON:
                continue
            visit = self._by_key.get(sighting.vehicle)
            if visit is None:
                visit = self._begin(sighting)
                fresh.append(visit)
            before = visit.plate
            visit.see(sighting)
            self._heirs.pop(sighting.vehicle, None)
            other = self._part(visit)
            if other is not None:
                renamed += [visit, other]
            elif visit not in fresh and (visit.plate != before or self._try_again(visit, sighting.t_ms)):
                renamed.append(visit)
            self._give_up(visit, sighting.t_ms)
        self._join(fresh)
        for visit in renamed:
            if visit in self._open:
                self._join([visit])

    def link(self, key: str, first_key: str) -> bool:
        """Take two keys for one vehicle, as the fence recognised it when it reappeared where it had vanished.

        False where their plates, or one picture, show two vehicles: the fence has to part them.
        """
        a, b = self._by_key.get(first_key), self._by_key.get(key)
        if a is None or b is None or a is b:
            return True
        join = join_cost(a, b)
        if join.wait:
            return True
        told = join.cost < IMPOSSIBLE or (a.plate and b.plate)
        if seen_together(a, b) or (told and join.cost >= 1.0):
            self._heirs.pop(first_key, None)
            return False
        if join.cost < 1.0 or all(v.left_ms is None for v in (a, b)):
            self._merge(a, b, Join(0.0, "recognised where it had vanished"))
        return True

    def move(self, movement: Movement) -> None:
        """Take one movement of a vehicle seen before."""
        visit = self._by_key.get(self._heirs.get(movement.vehicle, movement.vehicle))
        if visit is None:
            return
        visit.movements.append(movement)
        if movement.kind is MovementKind.CROSSED:
            visit.left_ms = movement.t_ms if movement.direction == "out" else None

    def weigh(self, weighing: Weighing) -> str | None:
        """Join a weighing to the vehicle that was longest on its deck meanwhile.

        Returns the passage's id, None where nobody was on the deck.
        """
        zone = frozenset({self._decks[weighing.scale]})
        spans = [(self._overlap(v, zone, weighing), v.id, v) for v in self._open]
        best = max(spans, key=lambda s: s[:2], default=None)
        if best is None or best[0] <= 0:
            return None
        best[2].weighings.append(weighing)
        rival = max((s[0] for s in spans if s[2] is not best[2]), default=0)
        if rival >= RIVAL_SHARE * best[0]:
            best[2].doubts.append(f"weighing {weighing.number}: another vehicle was on the deck too")
        return best[2].id

    def present(self, passage: str, use: TicketUse) -> None:
        """Note a ticket whose code an open passage has shown."""
        for visit in self._open:
            if visit.id == passage:
                visit.tickets.append(use)

    def plate_of(self, passage: str) -> str:
        """The plate an open passage is known by, "" while it is not."""
        return next((v.plate for v in self._open if v.id == passage), "")

    def standing(self, zone: str) -> list[str]:
        """The open passages whose vehicle is in a zone."""
        return [
            v.id
            for v in self._open
            if any(True for _, end in v.stays(frozenset({zone}), FOREVER_MS) if end == FOREVER_MS)
        ]

    def before(self, camera: str, now_ms: int) -> list[str]:
        """The open passages whose vehicle a camera sees."""
        return [
            v.id
            for v in self._open
            if any(t.last.camera == camera and not t.gone and now_ms - t.last_ms <= SEEN_MS for t in v.traces.values())
        ]

    def unticketed(self, camera: str, now_ms: int) -> list[str]:
        """The open passages of goods vehicles a camera sees that have shown no valid ticket."""
        seen = self.before(camera, now_ms)
        waiting = (v for v in self._open if v.id in seen and v.kind in GOODS_VEHICLES)
        return [v.id for v in waiting if all(t.state != "valid" for t in v.tickets)]

    def changed(self, now_ms: int) -> list[Passage]:
        """The passages that changed since asked last, oldest first; those that are over come closed, once."""
        for visit in list(self._open):
            if self._over(visit, now_ms):
                self._close(visit)
        out = self._take_closed()
        for visit in self._open:
            if self._counts(visit):
                out += self._publish(visit)
        return sorted(out, key=lambda p: (p.start_ms, p.id))

    def take_merged(self) -> list[tuple[str, str]]:
        """The visits taken into others since asked last: (id that is gone, id it went into)."""
        merged, self._merged = self._merged, []
        return merged

    def finish(self) -> list[Passage]:
        """Close every visit: no more facts will come."""
        for visit in list(self._open):
            self._close(visit)
        return sorted(self._take_closed(), key=lambda p: (p.start_ms, p.id))

    def _begin(self, sighting: Sighting) -> Visit:
        second = datetime.fromtimestamp(sighting.t_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
        number = self._begun.get(second, 0) + 1
        self._begun = {second: number}
        visit = Visit(f"{self._site}-{second}-{number}", self._site)
        self._by_key[sighting.vehicle] = visit
        self._open.append(visit)
        if len(self._open) > OPEN_LIMIT:
            self._close(min(self._open, key=lambda v: v.last_ms))
        return visit

    def _join(self, fresh: Sequence[Visit]) -> None:
        older = [v for v in self._open if v not in fresh]
        for i, k, join, rivals in assign(older, fresh):
            for rival in rivals:
                keys = "+".join(sorted(fresh[k].traces))
                rival.doubts.append(f"{keys} may be its own, but is hardly nearer to another: {join.because}")
            self._merge(older[i], fresh[k], join)

    @staticmethod
    def _try_again(visit: Visit, now_ms: int) -> bool:
        """Whether to look again for the visit a young one belongs to: its first looks may not have told its place."""
        if now_ms - visit.tried_ms < TRY_MS or visit.given_up:
            return False
        visit.tried_ms = now_ms
        return True

    def _give_up(self, visit: Visit, now_ms: int) -> None:
        """Try a visit no longer once its place was known for a while. One whose plate nobody read may still belong to
        another: both say so.
        """
        placed_ms = visit.placed_ms
        if visit.given_up or placed_ms is None or now_ms - placed_ms <= YOUNG_MS:
            return
        visit.given_up = True
        if visit.kind not in GOODS_VEHICLES or visit.plate or len({t.last.camera for t in visit.traces.values()}) > 1:
            return
        for other in self._open:
            if other is not visit and other.kind in GOODS_VEHICLES and may_be_one(other, visit):
                keys = [" + ".join(sorted(v.traces)) for v in (other, visit)]
                for one in (other, visit):
                    one.doubts.append(f"{keys[0]} and {keys[1]} may be one vehicle: nobody saw it between")

    def _merge(self, a: Visit, b: Visit, join: Join) -> None:
        earlier, later = sorted((a, b), key=lambda v: (v.start_ms, v.id))
        keys = f"{'+'.join(sorted(earlier.traces))} = {'+'.join(sorted(later.traces))}"
        earlier.absorb(later, f"{keys}: {join.because}")
        if join.doubtful:
            earlier.doubts.append(f"{keys}: {join.because}")
        self._open.remove(later)
        self._published.pop(later.id, None)
        self._merged.append((later.id, earlier.id))
        for key in later.traces:
            self._by_key[key] = earlier

    def _part(self, visit: Visit) -> Visit | None:
        """Part what a plate newly read shows to be two vehicles. The fence goes on calling the second by the first's
        key, for it took them for one; what it says of that key is the second's from now on.
        """
        keys = list(visit.traces)
        other = part(visit) if visit.absorbed else None
        if other is None:
            return None
        self._open.append(other)
        self._by_key |= dict.fromkeys(other.traces, other)
        self._heirs |= dict.fromkeys((k for k in keys if k not in other.traces), other.first_key)
        weighings, visit.weighings = visit.weighings, []
        for weighing in weighings:
            zone = frozenset({self._decks[weighing.scale]})
            owner = max((visit, other), key=lambda v: self._overlap(v, zone, weighing))
            owner.weighings.append(weighing)
        return other

    def _overlap(self, visit: Visit, zone: frozenset[str], weighing: Weighing) -> int:
        """Milliseconds a visit stood on a deck during a weighing."""
        start, end = weighing.start_ms - DECK_LAG_MS, weighing.t_ms
        return sum(max(0, min(b, end) - max(a, start)) for a, b in visit.stays(zone, weighing.t_ms))

    def _over(self, visit: Visit, now_ms: int) -> bool:
        if visit.left_ms is not None and now_ms - max(visit.left_ms, visit.last_ms) > LEFT_GRACE_MS:
            return True
        if now_ms - visit.last_ms <= IDLE_MS:
            return False
        on_deck = any(end >= now_ms for _, end in visit.stays(self._deck_zones, now_ms))
        return not on_deck or now_ms - visit.last_ms > HIDDEN_ON_DECK_MS

    def _counts(self, visit: Visit) -> bool:
        return visit.touched or not self._shapes_matter

    def _close(self, visit: Visit) -> None:
        self._open.remove(visit)
        for key in visit.traces:
            self._by_key.pop(key, None)
            self._heirs.pop(key, None)
        if self._counts(visit):
            self._closed.append(visit.record(closed=True))
        self._published.pop(visit.id, None)

    def _publish(self, visit: Visit) -> list[Passage]:
        substance = _substance(visit)
        if self._published.get(visit.id) == substance:
            return []
        self._published[visit.id] = substance
        return [visit.record(closed=False)]

    def _take_closed(self) -> list[Passage]:
        closed, self._closed = self._closed, []
        return closed


def _substance(visit: Visit) -> tuple[object, ...]:
    """What makes a visit worth telling again: not its last instant, not a fourth decimal of a confidence."""
    plates = tuple((p.text, round(p.confidence, 1)) for p in visit.plates)
    counts = len(visit.movements), len(visit.weighings), len(visit.tickets)
    return visit.kind, plates, counts, frozenset(visit.traces)
