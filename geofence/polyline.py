"""A line of straight pieces, open or closed: distance, side, arc length and crossings, for many points at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Piece = tuple[float, ...]  # start x and y, piece x and y, length squared, length, arc length of its start

# Vertices are moved by less than a micrometre (or a ten-millionth of a pixel), so that no point of a path lies exactly
# on a line or passes exactly through a vertex: crossings of a path then always add up.
GENERAL_POSITION = np.array([1.37e-7, 0.71e-7])


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Where points lie relative to a line.

    distance: (N,) to the nearest piece. side: (N,) int, +1 left, −1 right of the line as drawn (for a closed line +1
    inside), 0 past the ends of an open line. along: (N,) arc length of the nearest place on the line.
    """

    distance: Points
    side: NDArray[np.int64]
    along: Points


class Polyline:
    """A line through (V, 2) points. y_down: the points are pixels, so that left is as a viewer sees it.

    A closed line has +1 inside, whichever way round it was drawn.
    """

    def __init__(self, points: Points, closed: bool = False, y_down: bool = False) -> None:
        vertices = np.asarray(points, dtype=np.float64) + GENERAL_POSITION
        self.closed = closed
        self._left = -1 if y_down else 1
        ring = np.vstack([vertices, vertices[:1]]) if closed else vertices
        self.start, self.end = ring[:-1], ring[1:]
        self.piece = self.end - self.start
        self._length2 = (self.piece**2).sum(axis=1)
        self._lengths = np.sqrt(self._length2)
        self.until = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self.length = float(self.until[-1])
        self.low, self.high = vertices.min(axis=0), vertices.max(axis=0)
        turn = _cross(self.piece[:-1], self.piece[1:])
        self._turn = np.concatenate([turn, [0.0]])
        columns = (self.start, self.piece, self._length2, self._lengths, self.until[:-1])
        self._pieces: list[Piece] = [tuple(row) for row in np.column_stack(columns).tolist()]
        self._end_y = self.end[:, 1].tolist()

    def locate(self, points: Points) -> Located:
        """Distance, side and arc length of (N, 2) points; NaN points are at infinite distance, on no side."""
        # x and y apart: reducing over an axis of two costs more than the arithmetic
        offset_x, offset_y = points[:, 0, None] - self.start[:, 0], points[:, 1, None] - self.start[:, 1]
        piece_x, piece_y = self.piece[:, 0], self.piece[:, 1]
        share = (offset_x * piece_x + offset_y * piece_y) / self._length2
        np.minimum(np.maximum(share, 0.0, out=share), 1.0, out=share)
        gap_x, gap_y = offset_x - share * piece_x, offset_y - share * piece_y
        gap2 = gap_x * gap_x + gap_y * gap_y
        gap2[np.isnan(gap2)] = np.inf
        rows = np.arange(len(points))
        near = gap2.argmin(axis=1)
        at = share[rows, near]
        if self.closed:
            side = self._inside(points)
        else:
            left = self.piece[near, 0] * offset_y[rows, near] - self.piece[near, 1] * offset_x[rows, near]
            side = self._side(left, near, at)
        distance = np.sqrt(gap2[rows, near])
        side = np.where(np.isfinite(distance), side, 0)
        along = self.until[near] + at * self._lengths[near]
        return Located(distance, side, along)

    def _side(self, cross: Points, near: NDArray[np.int64], at: Points) -> NDArray[np.int64]:
        """(N,) the side. cross: of the nearest piece and the way from its start to the point."""
        left = np.where(cross > 0, 1, -1)
        last = len(self.piece) - 1
        # at a corner, the point lies in the wedge outside the turn, whatever one of the two pieces says
        corner = np.where(at >= 1, near, near - 1)
        at_corner = ((at >= 1) & (near < last)) | ((at <= 0) & (near > 0))
        left = np.where(at_corner, -np.sign(self._turn[corner]).astype(np.int64), left)
        past = ((at <= 0) & (near == 0)) | ((at >= 1) & (near == last))
        side: NDArray[np.int64] = np.where(past, 0, left * self._left)
        return side

    def locate_one(self, x: float, y: float) -> tuple[float, int, float]:
        """The same as `locate` of one finite point, faster: distance, side and arc length."""
        least, near, at = math.inf, 0, 0.0
        for number, (start_x, start_y, piece_x, piece_y, length2, _, _) in enumerate(self._pieces):
            offset_x, offset_y = x - start_x, y - start_y
            share = min(max((offset_x * piece_x + offset_y * piece_y) / length2, 0.0), 1.0)
            gap_x, gap_y = offset_x - share * piece_x, offset_y - share * piece_y
            gap2 = gap_x * gap_x + gap_y * gap_y
            if gap2 < least:
                least, near, at = gap2, number, share
        start_x, start_y, piece_x, piece_y, _, length, until = self._pieces[near]
        if self.closed:
            side = 2 * self._holds(x, y) - 1
        else:
            side = self._side_one(piece_x * (y - start_y) - piece_y * (x - start_x), near, at)
        return math.sqrt(least), side, until + at * length

    def _side_one(self, cross: float, near: int, at: float) -> int:
        last = len(self._pieces) - 1
        if (at <= 0 and near == 0) or (at >= 1 and near == last):
            return 0
        if at <= 0 or at >= 1:
            return self._left * -int(np.sign(self._turn[near if at >= 1 else near - 1]))
        return self._left * (1 if cross > 0 else -1)

    def direction(self, along: float) -> float:
        """The line's direction at an arc length, in radians from the first axis."""
        piece = min(max(int(np.searchsorted(self.until, along, side="right")) - 1, 0), len(self.piece) - 1)
        x, y = self.piece[piece].tolist()
        return math.atan2(y, x)

    def _holds(self, x: float, y: float) -> bool:
        """Whether a closed line encloses a point."""
        held = False
        for (start_x, start_y, piece_x, piece_y, _, _, _), end_y in zip(self._pieces, self._end_y, strict=True):
            if (start_y > y) != (end_y > y):
                held ^= x < start_x + (y - start_y) * piece_x / piece_y
        return held

    def _inside(self, points: Points) -> NDArray[np.int64]:
        x, y = points[:, 0, None], points[:, 1, None]
        spans = (self.start[:, 1] > y) != (self.end[:, 1] > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            meets = self.start[:, 0] + (y - self.start[:, 1]) * self.piece[:, 0] / self.piece[:, 1]
        inside = ((spans & (x < meets)).sum(axis=1) % 2).astype(np.int64)
        side: NDArray[np.int64] = 2 * inside - 1
        return side

    def crossings(self, before: Points, after: Points) -> tuple[NDArray[np.int64], Points]:
        """How often straight steps (N, 2) → (N, 2) cross the line, rightward crossings counted against leftward ones.

        Returns (N,) net crossings towards the left, and (N,) the arc length of the last one (NaN where there is none).
        """
        step = after - before
        c0 = _cross(self.piece, before[:, None, :] - self.start)
        c1 = _cross(self.piece, after[:, None, :] - self.start)
        s0 = _cross(step[:, None, :], self.start - before[:, None, :])
        s1 = _cross(step[:, None, :], self.end - before[:, None, :])
        hit = ((c0 > 0) != (c1 > 0)) & ((s0 > 0) != (s1 > 0))
        net = np.where(hit, np.where(c1 > 0, 1, -1), 0).sum(axis=1) * self._left
        along = np.full(len(before), np.nan)
        for row in np.flatnonzero(hit.any(axis=1)):
            pieces = np.flatnonzero(hit[row])
            when = c0[row, pieces] / (c0[row, pieces] - c1[row, pieces])
            last = pieces[when.argmax()]
            share = s0[row, last] / (s0[row, last] - s1[row, last])
            along[row] = self.until[last] + share * self._lengths[last]
        return net, along


class Polylines:
    """Several open lines, for points that each ask of one of them: (N,) distance and arc length, without sides."""

    def __init__(self, lines: Sequence[Polyline]) -> None:
        most = max((len(line.piece) for line in lines), default=1)
        self._start, self._piece = np.zeros((len(lines), most, 2)), np.zeros((len(lines), most, 2))
        self._length, self._until = np.ones((len(lines), most)), np.zeros((len(lines), most))
        self._last = np.array([len(line.piece) - 1 for line in lines], np.int64)
        for number, line in enumerate(lines):
            count = len(line.piece)
            self._start[number, :count], self._piece[number, :count] = line.start, line.piece
            self._start[number, count:] = np.inf
            self._length[number, :count] = np.hypot(line.piece[:, 0], line.piece[:, 1])
            self._until[number, :count] = line.until[:-1]

    def locate(self, points: Points, which: NDArray[np.intp]) -> tuple[Points, Points]:
        """(N,) distance of points (N, 2) from the line each asks of, infinite past its ends, and (N,) arc length."""
        start, piece = self._start[which], self._piece[which]
        offset_x, offset_y = points[:, 0, None] - start[:, :, 0], points[:, 1, None] - start[:, :, 1]
        piece_x, piece_y, length = piece[:, :, 0], piece[:, :, 1], self._length[which]
        with np.errstate(invalid="ignore"):
            share = (offset_x * piece_x + offset_y * piece_y) / (length * length)
            share = np.minimum(np.maximum(share, 0.0), 1.0)
            gap_x, gap_y = offset_x - share * piece_x, offset_y - share * piece_y
        gap2 = gap_x * gap_x + gap_y * gap_y
        gap2[np.isnan(gap2)] = np.inf
        rows = np.arange(len(points))
        near = gap2.argmin(axis=1)
        at = share[rows, near]
        past = ((at <= 0) & (near == 0)) | ((at >= 1) & (near == self._last[which]))
        distance = np.where(past, np.inf, np.sqrt(gap2[rows, near]))
        return distance, self._until[which, near] + at * length[rows, near]


def _cross(a: Points, b: Points) -> Points:
    product: Points = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
