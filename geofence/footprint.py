"""What a vehicle covers of the ground along a known direction, from the box a camera sees it in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geofence.build import Build
from geofence.plane import GroundPlane

Array = NDArray[np.float64]
Triple = tuple[float, float, float]
Row = tuple[Triple, float, float]  # coefficients of (start, end, across) and their sum, in sigmas; one sigma
Edges = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
LATERAL_SIGMA_M = 0.6  # how far from the middle of the direction a vehicle may be
SKEW_SIGMA_M = 0.3  # trailers follow aslant, mirrors stand out
EDGE_HEIGHT_M, EDGE_HEIGHT_SIGMA_M = 1.2, 0.8  # where on a vehicle's side the box's left and right edge touch it
LEAST_LENGTH_M = 1.0
CUT_PX = 2.0  # a box this near to the picture's edge is cut off by it,
CUT_SIGMA_PX = 500.0  # and where the vehicle really ends nobody knows
ROUNDS = 3  # which corner touches which edge of the box settles at once


@dataclass(frozen=True, slots=True)
class Axis:
    """A direction on the ground with its origin: along from start, across to the left of it; lengths in metres."""

    origin: tuple[float, float]
    direction: tuple[float, float]  # of length 1

    def to_axis(self, points: Array) -> Array:
        """(N, 2) ground points as (along, across)."""
        x, y = self.direction
        turned: Array = (points - np.array(self.origin)) @ np.array([[x, -y], [y, x]])
        return turned

    def turned(self, x: float, y: float) -> tuple[float, float]:
        """One ground point as (along, across)."""
        (dx, dy), x, y = self.direction, x - self.origin[0], y - self.origin[1]
        return x * dx + y * dy, y * dx - x * dy

    def back(self, along: float, across: float) -> tuple[float, float]:
        """One point (along, across) as a ground point."""
        dx, dy = self.direction
        return along * dx - across * dy + self.origin[0], along * dy + across * dx + self.origin[1]

    def to_ground(self, points: Array) -> Array:
        """(N, 2) points (along, across) as ground points."""
        x, y = self.direction
        turned: Array = points @ np.array([[x, y], [-y, x]]) + np.array(self.origin)
        return turned


@dataclass(frozen=True, slots=True)
class Extent:
    """A vehicle's stretch of an axis in metres: start < end; across: its middle; width.

    Each with one sigma. The length's is less than its ends' together where the vehicle was seen from the side.
    evidence: logarithm of how likely the box is if the vehicle lies along this axis, to be compared with other axes.
    """

    start_m: float
    end_m: float
    start_sigma_m: float
    end_sigma_m: float
    across_m: float
    width_m: float
    length_sigma_m: float = math.inf
    across_sigma_m: float = math.inf
    evidence: float = 0.0

    @property
    def length_m(self) -> float:
        return self.end_m - self.start_m

    def corners(self, axis: Axis) -> Array:
        """(4, 2) ground points of the footprint."""
        half = self.width_m / 2
        low, high = self.across_m - half, self.across_m + half
        along = [self.start_m, self.end_m, self.end_m, self.start_m]
        return axis.to_ground(np.column_stack([along, [low, low, high, high]]))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a vehicle beside its box.

    heading: 1 it drives along the axis, −1 against it, 0 nobody knows. lateral_sigma_m: how far from the axis its
    middle may be.
    """

    build: Build
    length_m: float
    length_sigma_m: float
    heading: int = 0
    lateral_sigma_m: float = LATERAL_SIGMA_M


class Sight:
    """How one camera sees vehicles that lie along an axis.

    Straight edges of a box are straight lines through what touches them, so each edge says something linear of where
    the vehicle's ends and its middle are; with what is known of its length and place across, least squares has a closed
    form. What a camera cannot see (the far end of a truck seen head on) keeps the sigma of the length.
    """

    def __init__(self, plane: GroundPlane, axis: Axis) -> None:
        self._plane = plane
        self._axis = axis
        self._upright = plane.projection is not None
        matrix = plane.projection if plane.projection is not None else plane.flat_projection
        (ox, oy), (dx, dy) = axis.origin, axis.direction
        # rows of the projection from (along, across, height, 1)
        self._rows = [
            (dx * east + dy * north, dx * north - dy * east, up, ox * east + oy * north + one)
            for east, north, up, one in matrix.tolist()
        ]

    def extent(self, box: Sequence[float], known: Known, sigma_px: float) -> Extent | None:
        """The extent of the footprint that fills a box (x0, y0, x1, y1 in pixels, sigma_px each) best.

        None where the box's foot is above the horizon, or nothing on wheels fills it.
        """
        x0, _, x1, y1 = box
        foot = self._plane.spot((x0 + x1) / 2, y1)
        left, right = self._plane.straighten_one(x0, y1)[0], self._plane.straighten_one(x1, y1)[0]
        low = self._plane.straighten_one((x0 + x1) / 2, y1)[1]
        if not all(map(math.isfinite, (foot.x, foot.y, left, right, low))):
            return None
        sigmas = self._sigmas((x0, x1, y1), sigma_px)
        edges = (left, sigmas[0]), (right, sigmas[1]), (low, sigmas[2])
        return self._fit(edges, self._axis.turned(foot.x, foot.y), known)

    def _sigmas(self, edges: Triple, sigma_px: float) -> Triple:
        """How well the left, right and lower edge of a box are known, in pixels."""
        if self._plane.size is None:
            return sigma_px, sigma_px, sigma_px
        width, height = self._plane.size
        cut = edges[0] <= CUT_PX, edges[1] >= width - CUT_PX, edges[2] >= height - CUT_PX
        left, right, low = (CUT_SIGMA_PX if c else sigma_px for c in cut)
        return left, right, low

    def _fit(self, edges: Edges, foot: tuple[float, float], known: Known) -> Extent | None:
        state = self._guess(foot, known.length_m)
        width = known.build.width_m
        for _ in range(ROUNDS):
            rows = self._edges(edges, state, known)
            if rows is None:
                return None
            length = known.length_sigma_m
            rows += [
                ((-1 / length, 1 / length, 0.0), known.length_m / length, length),
                ((0.0, 0.0, 1 / known.lateral_sigma_m), 0.0, known.lateral_sigma_m),
            ]
            solved = _least_squares(rows)
            if solved is None:
                return None
            before, (state, cov, evidence) = state, solved
            if max(abs(a - b) for a, b in zip(before, state, strict=True)) < 0.05:
                break
        start, end, across = state
        if end - start < LEAST_LENGTH_M:
            return None
        between = cov[0][0] + cov[1][1] - 2 * cov[0][1]
        sigmas = [math.sqrt(max(v, 0.0)) for v in (cov[0][0], cov[1][1], between, cov[2][2])]
        return Extent(start, end, sigmas[0], sigmas[1], across, width, sigmas[2], sigmas[3], evidence)

    def _guess(self, foot: tuple[float, float], length_m: float) -> Triple:
        """A vehicle whose nearest point is where the box's foot is: it lies beyond, as the camera looks."""
        along, across = foot
        _, bottom, depth = self._rows
        row = (bottom[0] * along + bottom[1] * across + bottom[3]) / (depth[0] * along + depth[1] * across + depth[3])
        # how the picture's row changes along the axis and across it
        down_along, down_across = bottom[0] - row * depth[0], bottom[1] - row * depth[1]
        share = -down_along / (abs(down_along) + abs(down_across) or 1.0)
        middle = along + share * length_m / 2
        return middle - length_m / 2, middle + length_m / 2, 0.0

    def _edges(self, edges: Edges, state: Triple, known: Known) -> list[Row] | None:
        """What each edge of a box says of (start, end, across)."""
        half = known.build.width_m / 2
        (a, b, c, d), _, (i, j, k, one) = self._rows
        corners = []
        for which in (0, 1):
            for offset in (-half, half):
                along, across = state[which], state[2] + offset
                w = i * along + j * across + k * EDGE_HEIGHT_M + one
                if not w > 0:
                    return None
                corners.append(((a * along + b * across + c * EDGE_HEIGHT_M + d) / w, along, across, which, offset))
        foot = self._foot(edges[2], state, known)
        if foot is None:
            return None
        rows = []
        for (_, along, across, which, offset), edge in ((min(corners), edges[0]), (max(corners), edges[1])):
            place = along, across, EDGE_HEIGHT_M
            rows.append(self._row(0, edge, place, EDGE_HEIGHT_SIGMA_M, (which, offset, 0.0)))
        return [*rows, foot]

    def _foot(self, edge: tuple[float, float], state: Triple, known: Known) -> Row | None:
        """The lower edge touches the nearest tyre, or the body's end before it where the camera is low."""
        build = known.build
        half, (body_m, body_sigma) = build.width_m / 2, build.edge_m
        _, (e, f, g, h), (i, j, k, one) = self._rows
        lowest, best = -math.inf, None
        for which in (0, 1):
            tyre, doubt = _overhang(build, known.heading, front=known.heading == (1 if which else -1))
            inset = -tyre if which else tyre
            for offset in (-half, half):
                across = state[2] + offset
                for shift, height, sigma, slip in ((0.0, body_m, body_sigma, 0.0), (inset, 0.0, 0.03, doubt)):
                    along = state[which] + shift
                    w = i * along + j * across + k * height + one
                    if w > 0 and (row := (e * along + f * across + g * height + h) / w) > lowest:
                        lowest, best = row, ((along, across, height), (which, offset, shift), sigma, slip)
        if best is None:
            return None
        place, touch, sigma, slip = best
        return self._row(1, edge, place, sigma, touch, slip_m=slip)

    def _row(
        self,
        row: int,
        edge: tuple[float, float],
        place: Triple,
        height_sigma: float,
        touch: tuple[int, float, float],
        *,
        slip_m: float = 0.0,
    ) -> Row:
        """What one edge of a box (pixels, sigma) says.

        place: (along, across, height) of what touches it. touch: which end that belongs to, how far across from the
        middle and along from the end it is. height_sigma, slip_m: how little is known of its height and place along.
        """
        top, depth = self._rows[row], self._rows[2]
        along, across, height = place
        w = depth[0] * along + depth[1] * across + depth[2] * height + depth[3]
        per_along, per_across, per_height, one = ((top[i] - edge[0] * depth[i]) / w for i in range(4))
        spread = math.hypot(
            edge[1],
            per_height * height_sigma,
            per_along * slip_m,
            per_across * SKEW_SIGMA_M if row == 0 else 0.0,
            0.0 if self._upright else per_along * 0.5,
        )
        which, offset, shift = touch
        value = -(per_along * shift + per_across * offset + per_height * height + one) / spread
        ends = (per_along / spread, 0.0) if which == 0 else (0.0, per_along / spread)
        return (*ends, per_across / spread), value, spread


def _overhang(build: Build, heading: int, *, front: bool) -> tuple[float, float]:
    """From an end to the nearest tyre, with one sigma; both kinds of ends together where nobody knows which it is."""
    if heading:
        return build.nose_m if front else build.tail_m
    (nose, nose_sigma), (tail, tail_sigma) = build.nose_m, build.tail_m
    return (nose + tail) / 2, math.hypot((nose - tail) / 2, max(nose_sigma, tail_sigma))


def _least_squares(rows: list[Row]) -> tuple[Triple, tuple[Triple, Triple, Triple], float] | None:
    """Solution, covariance, and the logarithm of the likelihood of all rows together, less what is always the same."""
    a = b = c = d = e = f = p = q = r = squares = spreads = 0.0
    for (x, y, z), value, spread in rows:
        a, b, c = a + x * x, b + x * y, c + x * z
        d, e, f = d + y * y, e + y * z, f + z * z
        p, q, r = p + x * value, q + y * value, r + z * value
        squares, spreads = squares + value * value, spreads + math.log(spread)
    m00, m01, m02 = d * f - e * e, c * e - b * f, b * e - c * d
    m11, m12, m22 = a * f - c * c, b * c - a * e, a * d - b * b
    det = a * m00 + b * m01 + c * m02
    if not det > 0:
        return None
    inverse = ((m00 / det, m01 / det, m02 / det), (m01 / det, m11 / det, m12 / det), (m02 / det, m12 / det, m22 / det))
    x, y, z = (row[0] * p + row[1] * q + row[2] * r for row in inverse)
    left = squares - x * p - y * q - z * r
    return (x, y, z), inverse, -left / 2 - math.log(det) / 2 - spreads
