"""Boxes cut off by the side of a picture, made whole again: half a box has its middle in another place."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from vision.facts import Sighting, VehicleClass

EDGE_SHARE = 0.02  # of the picture: a box this near to its edge is cut off by it
SHAPES_LIMIT = 2_000  # vehicles whose shape is remembered; the longest unseen is forgotten first

Box = tuple[float, float, float, float]
Row = tuple[str, Box, tuple[float, float] | None, str]


class Outlines:
    """What the fence is told of each sighting: (vehicle, box, ground point, class).

    A vehicle that leaves by a side of the picture keeps the width it had, for its height, when it was last seen whole;
    its box then reaches out of the picture, and its ground point is found anew from that box. One not yet seen whole is
    held back until it is: where it stands nobody can say. A vehicle that fills the picture from side to side is taken
    as it is seen. sizes: width and height of each camera's picture.
    """

    def __init__(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        self._sizes = sizes
        self._shapes: OrderedDict[tuple[str, str], float] = OrderedDict()  # width over height when last seen whole

    def row(self, sighting: Sighting) -> Row | None:
        """What to tell the fence of a sighting, None while it is held back."""
        s, size = sighting, self._sizes.get(sighting.camera)
        x0, y0, x1, y1 = s.box
        left, right = cut_sides(s.box, size) if size else (False, False)
        key = (s.camera, s.vehicle)
        if left == right or s.kind is VehicleClass.PERSON:
            if not left:
                self._remember(key, (x1 - x0) / max(y1 - y0, 1.0))
            return s.vehicle, s.box, s.ground, s.kind
        shape = self._shapes.get(key)
        if shape is None:
            return None
        width = max(shape * (y1 - y0), x1 - x0)
        box = (x1 - width, y0, x1, y1) if left else (x0, y0, x0 + width, y1)
        return s.vehicle, box, None, s.kind

    def placed(self, sighting: Sighting) -> Sighting:
        """The sighting, without its ground point where the lower edge cuts its box off: that is no vehicle's end."""
        size = self._sizes.get(sighting.camera)
        cut = size is not None and sighting.box[3] >= size[1] * (1 - EDGE_SHARE)
        return replace(sighting, ground=None) if cut else sighting

    def _remember(self, key: tuple[str, str], shape: float) -> None:
        self._shapes[key] = shape
        self._shapes.move_to_end(key)
        if len(self._shapes) > SHAPES_LIMIT:
            self._shapes.popitem(last=False)


def cut_sides(box: Box, size: tuple[int, int]) -> tuple[bool, bool]:
    """Whether a box touches the left and the right side of its picture."""
    margin = EDGE_SHARE * size[0]
    return box[0] <= margin, box[2] >= size[0] - margin


def at_edge(box: Box, size: tuple[int, int] | None) -> bool:
    """Whether a box touches an edge of its picture, but for the upper one: far away nobody drives out of sight."""
    return size is not None and (any(cut_sides(box, size)) or box[3] >= size[1] * (1 - EDGE_SHARE))
