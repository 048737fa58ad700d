"""Where the vehicles a gate sees go: followed over the site's shapes, or as it was recorded when they were followed.

A `Turn` is what following said at one call, where that was anything new. A day's turns beside its facts let it be
judged again under other rules without following every vehicle anew; they hold for the shapes they were made with alone,
which the first turn of a process and of a day names.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.facts import canonical_json
from gate.judging.outline import Outlines, at_edge
from gate.site.model import Site
from gate.site.shapes import site_planes, site_shapes
from geofence.deck import Occupancy
from geofence.fence import SiteFence
from geofence.movement import Movement
from vision.facts import Sighting

EDGE_GONE_MS = 300  # sightings of one vehicle follow each other faster
DAY_MS = 86_400_000
FOLLOWING = 3  # raised when recorded turns no longer mean what they say


@dataclass(frozen=True, slots=True)
class Turn:
    """What following newly said at an instant, when asked by a call ("begin", "look:<camera>", "expire", "close",
    "deck:<zone>").

    known: vehicle keys, each with the first key of the vehicle it is taken for since. deck: who is on it now.
    shapes: at a beginning, the digest of the shapes followed over.
    """

    t_ms: int
    call: str
    movements: tuple[Movement, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    deck: Occupancy | None = None
    shapes: str = ""


class NotRecorded(Exception):  # noqa: N818 (no error: then the vehicles are followed anew)
    """Recorded turns do not belong to these facts and shapes."""


class Follower(Protocol):
    """What the gatehouse asks of whoever follows the vehicles."""

    def look(self, t_ms: int, camera: str, seen: Sequence[Sighting]) -> list[Movement]:
        """What the vehicles one camera sees at an instant did."""
        ...

    def known_as(self, key: str) -> str:
        """The first key of the vehicle that had this key at its camera's last look."""
        ...

    def part(self, camera: str, key: str) -> None:
        """A vehicle is not the one it was recognised as."""
        ...

    def expire(self, t_ms: int) -> list[Movement]:
        """Time has passed."""
        ...

    def close(self, t_ms: int) -> list[Movement]:
        """The last word on everyone still in sight; who is seen later is seen anew."""
        ...

    def occupancy(self, t_ms: int, deck: str) -> Occupancy:
        """Who is on a deck."""
        ...

    def take_turns(self) -> list[Turn]:
        """The turns since asked last."""
        ...


class FenceFollower:
    """Follows vehicles over a site's shapes. Raises SiteError for shapes that cannot be."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sizes = {c.id: c.size for c in site.cameras}
        self._outlines = Outlines(self._sizes)
        self._fence = SiteFence(site_shapes(site), site_planes(site))
        self._edge_ms: dict[tuple[str, str], int] = {}
        self._known: dict[str, str] = {}
        self._ended: list[str] = []
        self._decks: dict[str, Occupancy] = {}
        self._shapes, self._day = shapes_digest(site), -1
        self._turns: list[Turn] = []

    def look(self, t_ms: int, camera: str, seen: Sequence[Sighting]) -> list[Movement]:
        """See Follower."""
        if t_ms // DAY_MS != self._day:
            self._day = t_ms // DAY_MS
            self._turns.append(Turn(t_ms, "begin", shapes=self._shapes))
        self._depart(t_ms, camera)
        # a last word is no look: its box is from when the vehicle was last seen
        rows = [row for s in seen if not s.final and (row := self._outlines.row(s)) is not None]
        movements = self._fence.update(t_ms, camera, rows)
        for sighting in seen:
            self._note_edge(t_ms, sighting)
        self._note(Turn(t_ms, f"look:{camera}", tuple(movements), tuple(self._newly_known(camera, seen))))
        return movements

    def known_as(self, key: str) -> str:
        """See Follower."""
        return self._known.get(key, key)

    def part(self, camera: str, key: str) -> None:
        """See Follower."""
        self._fence.part(camera, key)

    def expire(self, t_ms: int) -> list[Movement]:
        """See Follower."""
        movements = self._fence.expire(t_ms)
        self._note(Turn(t_ms, "expire", tuple(movements)))
        return movements

    def close(self, t_ms: int) -> list[Movement]:
        """See Follower."""
        movements = self._fence.close()
        self._note(Turn(t_ms, "close", tuple(movements)))
        self._fence = SiteFence(site_shapes(self._site), site_planes(self._site))
        self._edge_ms.clear()
        self._known.clear()
        return movements

    def occupancy(self, t_ms: int, deck: str) -> Occupancy:
        """See Follower."""
        now, last = self._fence.occupancy(t_ms, deck), self._decks.get(deck)
        if last is None or not _same(now, last):
            self._decks[deck] = now
            self._note(Turn(t_ms, f"deck:{deck}", deck=now))
        return now

    def take_turns(self) -> list[Turn]:
        """See Follower."""
        turns, self._turns = self._turns, []
        return turns

    def _newly_known(self, camera: str, seen: Sequence[Sighting]) -> Iterator[tuple[str, str]]:
        """Keys that are taken for another vehicle's, or no longer, since last asked; ended ones are forgotten."""
        for key in self._ended:
            self._known.pop(key, None)
        self._ended = [s.vehicle for s in seen if s.final]
        for sighting in seen:
            key = sighting.vehicle
            first = self._fence.known_as(camera, key)
            if first != self._known.get(key, key):
                self._known[key] = first
                yield key, first

    def _note(self, turn: Turn) -> None:
        if turn.movements or turn.known or turn.deck is not None:
            self._turns.append(turn)

    def _note_edge(self, t_ms: int, sighting: Sighting) -> None:
        """Remember who was last seen cut off by the picture's edge."""
        key = (sighting.camera, sighting.vehicle)
        self._edge_ms.pop(key, None)
        if at_edge(sighting.box, self._sizes.get(sighting.camera)):
            self._edge_ms[key] = t_ms

    def _depart(self, t_ms: int, camera: str) -> None:
        """Who vanished at the picture's edge has driven out of it."""
        gone = [k for k, seen in self._edge_ms.items() if k[0] == camera and t_ms - seen > EDGE_GONE_MS]
        for key in gone:
            del self._edge_ms[key]
            self._fence.depart(*key)


class RecordedFollower:
    """Says what was said when the same facts were followed. Turns are found by their call and instant.

    Raises NotRecorded for turns over other shapes, and at the first look of a day whose turns do not begin with it.
    """

    def __init__(self, site: Site, turns: Iterable[Turn]) -> None:
        self._turns: dict[tuple[int, str], list[Turn]] = {}
        self._known: dict[str, str] = {}
        self._decks: dict[str, Occupancy] = {}
        self._begun: dict[int, int] = {}  # day: the first look its turns know of
        self._day = -1
        shapes = shapes_digest(site)
        for turn in turns:
            if turn.call != "begin":
                self._turns.setdefault((turn.t_ms, turn.call), []).append(turn)
                continue
            if turn.shapes != shapes:
                raise NotRecorded("recorded over other shapes")
            day = turn.t_ms // DAY_MS
            self._begun[day] = min(turn.t_ms, self._begun.get(day, turn.t_ms))

    def check_all_asked(self) -> None:
        """Raises NotRecorded where turns are left that nobody asked for: they were recorded of other facts."""
        if self._turns:
            t_ms, call = min(self._turns)
            raise NotRecorded(f"recorded of other facts: {call} at {t_ms}")

    def look(self, t_ms: int, camera: str, seen: Sequence[Sighting]) -> list[Movement]:
        """See Follower."""
        if t_ms // DAY_MS != self._day:
            self._day = t_ms // DAY_MS
            if self._begun.get(self._day, t_ms + 1) > t_ms:
                raise NotRecorded(f"no turns were recorded at {t_ms}")
        turn = self._turn(t_ms, f"look:{camera}")
        if turn is None:
            return []
        self._known |= dict(turn.known)
        return list(turn.movements)

    def known_as(self, key: str) -> str:
        """See Follower."""
        return self._known.get(key, key)

    def part(self, camera: str, key: str) -> None:
        """See Follower: it was parted when it was recorded."""

    def expire(self, t_ms: int) -> list[Movement]:
        """See Follower."""
        turn = self._turn(t_ms, "expire")
        return list(turn.movements) if turn is not None else []

    def close(self, t_ms: int) -> list[Movement]:
        """See Follower."""
        turn = self._turn(t_ms, "close")
        self._known.clear()
        return list(turn.movements) if turn is not None else []

    def occupancy(self, t_ms: int, deck: str) -> Occupancy:
        """See Follower."""
        turn = self._turn(t_ms, f"deck:{deck}")
        if turn is not None and turn.deck is not None:
            self._decks[deck] = turn.deck
        last = self._decks.get(deck)
        return (
            Occupancy(t_ms, deck) if last is None else Occupancy(t_ms, deck, last.vehicles, last.persons, last.unsure)
        )

    def take_turns(self) -> list[Turn]:
        """See Follower: what is recorded is not recorded again."""
        return []

    def _turn(self, t_ms: int, call: str) -> Turn | None:
        turns = self._turns.get((t_ms, call))
        if not turns:
            return None
        if len(turns) == 1:
            del self._turns[t_ms, call]
        return turns.pop(0)


def shapes_digest(site: Site) -> str:
    """Of all that following a vehicle depends on: turns recorded under another one say nothing of this site."""
    cameras = {"id", "size", "lens", "points"}
    plain = site.model_dump(
        mode="json",
        by_alias=True,
        include={
            "timezone": True,
            "zones": True,
            "boundaries": True,
            "lanes": True,
            "cameras": {"__all__": cameras},
            "scales": {"__all__": {"id", "deck"}},
        },
    )
    return hashlib.sha256(canonical_json([FOLLOWING, plain]).encode()).hexdigest()


def _same(a: Occupancy, b: Occupancy) -> bool:
    return a.vehicles == b.vehicles and a.persons == b.persons and a.unsure == b.unsure
