"""What a vehicle covers of the ground along a known direction, from the box a camera sees it in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geofence.plane import GroundPlane

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Build:
    """What is known of a class's size before it is seen: metres, with one sigma."""

    length_m: float
    length_sigma_m: float
    width_m: float


BUILDS = {
    "car": Build(4.5, 0.5, 1.8),
    "van": Build(5.5, 0.8, 2.0),
    "bus": Build(11.0, 2.0, 2.5),
    "truck": Build(11.0, 4.0, 2.5),
    "tanker": Build(11.0, 4.0, 2.5),
    "dump_truck": Build(9.0, 2.0, 2.5),
}
UNKNOWN = Build(8.0, 4.0, 2.3)
LATERAL_SIGMA_M = 0.6  # how far from the middle of the deck a vehicle may be


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

    def to_ground(self, points: Array) -> Array:
        """(N, 2) points (along, across) as ground points."""
        x, y = self.direction
        turned: Array = points @ np.array([[x, y], [-y, x]]) + np.array(self.origin)
        return turned


@dataclass(frozen=True, slots=True)
class Extent:
    """A vehicle's stretch of an axis in metres: start < end, each with one sigma; across: its middle; width."""

    start_m: float
    end_m: float
    start_sigma_m: float
    end_sigma_m: float
    across_m: float
    width_m: float

    def corners(self, axis: Axis) -> Array:
        """(4, 2) ground points of the footprint."""
        half = self.width_m / 2
        low, high = self.across_m - half, self.across_m + half
        along = [self.start_m, self.end_m, self.end_m, self.start_m]
        return axis.to_ground(np.column_stack([along, [low, low, high, high]]))


def fit_extent(box: Array, kind: str, plane: GroundPlane, axis: Axis, sigma_px: float) -> Extent | None:
    """The extent whose footprint fills a box (4,) of pixels best, for a vehicle that lies along an axis.

    The left, right and lower edge of the box are measured (sigma_px), length and place across are known beforehand from
    the class and the axis; what the camera cannot see (the far end of a truck seen head on) keeps the wide sigma of its
    class. None where the box's foot is above the horizon. Weighted least squares by Gauss and Newton.
    """
    build = BUILDS.get(kind, UNKNOWN)
    foot = plane.to_ground(np.array([[(box[0] + box[2]) / 2, box[3]]]))
    if np.isnan(foot).any():
        return None
    along = float(axis.to_axis(foot)[0, 0])
    half = build.length_m / 2
    fitting = _Fitting(box, build, plane, axis, sigma_px)
    guesses = [np.array([along - half, along + half, 0.0])]
    guesses += [np.array([along, along + build.length_m, 0.0]), np.array([along - build.length_m, along, 0.0])]
    fits = [f for g in guesses if (f := fitting.fit(g)) is not None]
    if not fits:
        return None
    _, state, covariance = min(fits, key=lambda f: f[0])
    start_sigma, end_sigma = np.sqrt(np.diag(covariance))[:2]
    start, end, across = state
    return Extent(float(start), float(end), float(start_sigma), float(end_sigma), float(across), build.width_m)


@dataclass(frozen=True, slots=True)
class _Fitting:
    """One box to be filled by a footprint; the state is (start, end, across) in metres on the axis."""

    box: Array
    build: Build
    plane: GroundPlane
    axis: Axis
    sigma_px: float

    def fit(self, state: Array) -> tuple[float, Array, Array] | None:
        """Sum of squared errors, state and covariance; None where it does not settle."""
        nudge = 0.01
        for _ in range(8):
            error = self._errors(state)
            slope = np.column_stack([(self._errors(state + d) - error) / nudge for d in nudge * np.eye(3)])
            if not (np.isfinite(error).all() and np.isfinite(slope).all()):
                return None
            step = np.linalg.lstsq(slope, -error, rcond=None)[0]
            state = state + np.clip(step, -5.0, 5.0)
            if np.abs(step).max() < 1e-3:
                break
        error = self._errors(state)
        if not np.isfinite(error).all() or state[1] - state[0] < 1.0:
            return None
        covariance: Array = np.linalg.inv((slope.T @ slope).astype(np.float64))
        return float(error @ error), state, covariance

    def _errors(self, state: Array) -> Array:
        start, end, across = (float(v) for v in state)
        seen = self.plane.to_image(Extent(start, end, 0, 0, across, self.build.width_m).corners(self.axis))
        left, right, foot = seen[:, 0].min(), seen[:, 0].max(), seen[:, 1].max()
        measured = np.array([left - self.box[0], right - self.box[2], foot - self.box[3]]) / self.sigma_px
        length = (end - start - self.build.length_m) / self.build.length_sigma_m
        return np.concatenate([measured, [length, across / LATERAL_SIGMA_M]])
