"""Where a vehicle's units stand as it drives along a path: the front axle follows the path, the rest is towed.

The table is made once for the whole path, so that driving backwards retraces it exactly, as a careful driver does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration_rigs.vehicle import Vehicle

STEP_M = 0.05
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Poses every STEP_M along the path. position: (N, 2) of the first axle; yaw: (N, units), unwrapped radians."""

    position: Points
    yaw: Points

    @property
    def length_m(self) -> float:
        return (len(self.position) - 1) * STEP_M

    def pose(self, s_m: float) -> tuple[float, float, NDArray[np.float64]]:
        """x, y and the yaw of each unit at a distance along the path, held at its ends."""
        at = min(max(s_m / STEP_M, 0.0), len(self.position) - 1.0)
        i = min(int(at), len(self.position) - 2)
        share = at - i
        p = self.position[i] + share * (self.position[i + 1] - self.position[i])
        yaw = self.yaw[i] + share * (self.yaw[i + 1] - self.yaw[i])
        return float(p[0]), float(p[1]), yaw

    def fronts(self, vehicle: Vehicle) -> Points:
        """Where the vehicle's front passes, (N, 2)."""
        ahead = np.stack([np.cos(self.yaw[:, 0]), np.sin(self.yaw[:, 0])], axis=1)
        return np.asarray(self.position + vehicle.units[0].front * ahead)

    def nearest(self, point: tuple[float, float]) -> float:
        """Distance along the path at which the front axle is nearest to a ground point."""
        return float(np.argmin(np.linalg.norm(self.position - np.asarray(point), axis=1))) * STEP_M


def rounded(points: Any, radius_m: float) -> Points:
    """A polyline with its corners rounded by arcs, resampled every STEP_M. points: (n, 2)."""
    p = np.asarray(points, dtype=np.float64)
    out = [p[0]]
    for before, corner, after in zip(p, p[1:], p[2:], strict=False):
        a, b = before - corner, after - corner
        la, lb = np.linalg.norm(a), np.linalg.norm(b)
        a, b = a / la, b / lb
        half = np.arccos(np.clip(a @ b, -1, 1)) / 2
        if half > np.pi / 2 - 0.01:
            continue
        cut = min(radius_m / np.tan(half), 0.49 * la, 0.49 * lb)
        t = np.linspace(0, 1, 40)[:, None]
        start, end = corner + cut * a, corner + cut * b
        # A quadratic through the corner: close to an arc, with a steering angle that comes on gradually.
        out += list((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    out.append(p[-1])
    line = np.array(out)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    even = np.arange(0.0, along[-1], STEP_M)
    return np.stack([np.interp(even, along, line[:, 0]), np.interp(even, along, line[:, 1])], axis=1)


def route_of(vehicle: Vehicle, points: Any, radius_m: float = 12.0) -> Route:
    """Drive a vehicle along a polyline of ground points (n, 2); it starts straight."""
    line = rounded(points, radius_m if vehicle.length_m > 7 else min(radius_m, 7.0))
    start = (line[1] - line[0]) / np.linalg.norm(line[1] - line[0])
    first = vehicle.units[0]
    rear = -sum(first.axles[1:]) / max(1, len(first.axles) - 1)
    drags = [rear] + [-sum(u.axles) / len(u.axles) for u in vehicle.units[1:]]
    yaw = np.zeros((len(line), len(vehicle.units)))
    heading = [float(np.arctan2(start[1], start[0]))] * len(vehicle.units)
    towed = line
    for k, drag in enumerate(drags):
        if k > 0:
            kingpin = vehicle.units[k - 1].kingpin or 0.0
            towed = towed + kingpin * np.stack([np.cos(yaw[:, k - 1]), np.sin(yaw[:, k - 1])], axis=1)
        yaw[:, k] = _towed_yaw(towed, drag, heading[k])
    return Route(line, np.unwrap(yaw, axis=0))


def _towed_yaw(line: Points, drag_m: float, heading: float) -> NDArray[np.float64]:
    out = np.empty(len(line))
    rear = line[0] - drag_m * np.array([np.cos(heading), np.sin(heading)])
    for i, front in enumerate(line):
        pull = front - rear
        pull /= np.hypot(pull[0], pull[1])
        rear = front - drag_m * pull
        out[i] = np.arctan2(pull[1], pull[0])
    return out
