"""Positions on the globe: WGS-84 as satellites give it, GCJ-02 as Chinese maps show it, and a plane to measure in.

Positions are (N, 2) degrees, longitude first. GCJ-02 is not published; the formula is the one that map services'
converters agree on (a shift of 100 to 700 m within China, none outside).
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EARTH_M = 6_378_137.0
KRASOVSKY_M = 6_378_245.0  # the ellipsoid GCJ-02 shifts on
KRASOVSKY_E2 = 0.00669342162296594323


class Datum(StrEnum):
    """What the degrees refer to."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def in_china(positions: Array) -> NDArray[np.bool_]:
    """(N,) whether GCJ-02 shifts a position: the box its converters use."""
    lon, lat = positions[:, 0], positions[:, 1]
    inside: NDArray[np.bool_] = (lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271)
    return inside


def to_gcj02(positions: Array) -> Array:
    """WGS-84 (N, 2) degrees as GCJ-02."""
    shifted: Array = positions + np.where(in_china(positions)[:, None], _shift(positions), 0.0)
    return shifted


def to_wgs84(positions: Array) -> Array:
    """GCJ-02 (N, 2) degrees as WGS-84, to within a millimetre, by going back from where the shift leads."""
    back = np.array(positions, dtype=np.float64)
    for _ in range(8):
        back = back + positions - to_gcj02(back)
    return back


def to_plane(positions: Array, datum: Datum = Datum.WGS84) -> Array:
    """(N, 2) degrees on a plane on which small shapes keep their form (spherical Mercator).

    A metre on the ground is `stretch` units of the plane.
    """
    degrees = to_wgs84(positions) if datum is Datum.GCJ02 else np.asarray(positions, np.float64)
    lon, lat = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    return np.column_stack([EARTH_M * lon, EARTH_M * np.arctanh(np.sin(lat))])


def from_plane(points: Array) -> Array:
    """Points of the plane as WGS-84 (N, 2) degrees."""
    lat = np.arcsin(np.tanh(points[:, 1] / EARTH_M))
    degrees: Array = np.degrees(np.column_stack([points[:, 0] / EARTH_M, lat]))
    return degrees


def stretch(points: Array) -> Array:
    """(N,) units of the plane per metre of ground at points of the plane, right to 0.7 %."""
    per_metre: Array = np.cosh(points[:, 1] / EARTH_M)
    return per_metre


def distance_m(a: Array, b: Array) -> Array:
    """(N,) metres between nearby WGS-84 positions."""
    p, q = to_plane(a), to_plane(b)
    apart: Array = np.hypot(*(p - q).T) / stretch((p + q) / 2)
    return apart


def _shift(positions: Array) -> Array:
    x, y = positions[:, 0] - 105.0, positions[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    lat += (common + 20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    lat += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    lon += (common + 20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    lon += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    phi = np.radians(positions[:, 1])
    magic = 1 - KRASOVSKY_E2 * np.sin(phi) ** 2
    d_lat = np.degrees(lat * magic**1.5 / (KRASOVSKY_M * (1 - KRASOVSKY_E2)))
    d_lon = np.degrees(lon * np.sqrt(magic) / (KRASOVSKY_M * np.cos(phi)))
    return np.column_stack([d_lon, d_lat])
