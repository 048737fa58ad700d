"""Boxes cut off by the side of a picture, made whole again: half a box has its middle in another place."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from vision.facts import Sighting, VehicleClass

EDGE_SHARE = 0.02  # of the picture: a box this near to its edge is cut off by it
SHAPES_LIMIT = 2_000  # vehicles whose shape is remembered; the longest unseen is forgotten first

GROWN = 1.1  # times as wide for its height as before: more of it has come into sight
SETTLED_MS = 1_000

Box = tuple[float, float, float, float]
T = TypeVar("T")
Row = tuple[str, Box, tuple[float, float] | None, str]


@dataclass(frozen=True, slots=True)
class _Held:
    """A vehicle not yet seen whole. shown: how wide for its height it was at since_ms; settled: it gets no wider."""

    shown: float
    since_ms: int
    settled: bool = False


class Outlines:
    """What the fence is told of each sighting: (vehicle, box, ground point, class).

    A vehicle that leaves by a side of the picture keeps the width it had, for its height, when it was last seen whole;
    its box then reaches out of the picture, and its ground point is found anew from that box. One not yet seen whole is
    held back while more and more of it comes into sight: where it stands nobody can say. Once it shows no more of
    itself for SETTLED_MS it is not going to be seen whole, and is told as it is seen: what is in sight is a part of it,
    wherever the rest may be. A vehicle that fills the picture from side to side is taken as it is seen. sizes: width
    and height of each camera's picture.
    """

    def __init__(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        self._sizes = sizes
        self._shapes: OrderedDict[tuple[str, str], float] = OrderedDict()  # width over height when last seen whole
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()

    def row(self, sighting: Sighting) -> Row | None:
        """What to tell the fence of a sighting, None while it is held back."""
        s, size = sighting, self._sizes.get(sighting.camera)
        x0, y0, x1, y1 = s.box
        left, right = cut_sides(s.box, size) if size else (False, False)
        key = (s.camera, s.vehicle)
        if left == right or s.kind is VehicleClass.PERSON:
            if not left:
                self._held.pop(key, None)
                _remember(self._shapes, key, (x1 - x0) / max(y1 - y0, 1.0))
            return s.vehicle, s.box, s.ground, s.kind
        shape = self._shapes.get(key)
        if shape is None:
            return (s.vehicle, s.box, None, s.kind) if self._settled(key, s) else None
        width = max(shape * (y1 - y0), x1 - x0)
        box = (x1 - width, y0, x1, y1) if left else (x0, y0, x0 + width, y1)
        return s.vehicle, box, None, s.kind

    def placed(self, sighting: Sighting) -> Sighting:
        """The sighting, without its ground point where the lower edge cuts its box off: that is no vehicle's end."""
        size = self._sizes.get(sighting.camera)
        cut = size is not None and sighting.box[3] >= size[1] * (1 - EDGE_SHARE)
        return replace(sighting, ground=None) if cut else sighting

    def _settled(self, key: tuple[str, str], sighting: Sighting) -> bool:
        """Whether a vehicle that was never seen whole has shown no more of itself for long enough, now or before."""
        x0, y0, x1, y1 = sighting.box
        shown = (x1 - x0) / max(y1 - y0, 1.0)
        held = self._held.get(key)
        if held is None or (not held.settled and shown > GROWN * held.shown):
            held = _Held(shown, sighting.t_ms)
        elif sighting.t_ms - held.since_ms >= SETTLED_MS:
            held = replace(held, settled=True)
        _remember(self._held, key, held)
        return held.settled


def _remember(seen: OrderedDict[tuple[str, str], T], key: tuple[str, str], what: T) -> None:
    seen[key] = what
    seen.move_to_end(key)
    if len(seen) > SHAPES_LIMIT:
        seen.popitem(last=False)


def cut_sides(box: Box, size: tuple[int, int]) -> tuple[bool, bool]:
    """Whether a box touches the left and the right side of its picture."""
    margin = EDGE_SHARE * size[0]
    return box[0] <= margin, box[2] >= size[0] - margin


def at_edge(box: Box, size: tuple[int, int] | None) -> bool:
    """Whether a box touches an edge of its picture, but for the upper one: far away nobody drives out of sight."""
    return size is not None and (any(cut_sides(box, size)) or box[3] >= size[1] * (1 - EDGE_SHARE))
