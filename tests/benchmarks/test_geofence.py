"""How long the geofence takes: one update of a crowded site, and ten thousands of satellite positions."""

from dataclasses import replace

import numpy as np
import pytest

from geofence.areas import SatelliteArea
from geofence.fence import SiteFence
from geofence.observations import Observations
from geofence.satellite import SatelliteFence
from geofence.shapes import BoundaryShape, LaneShape, Shapes, ZoneShape
from tests.geofence.test_footprint import Camera


def _crowded_site(rng):
    zones = []
    for number in range(50):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 6))
        ring = rng.uniform(0, 100, 2) + rng.uniform(3, 15) * np.column_stack([np.cos(angles), np.sin(angles)])
        zones.append(ZoneShape(f"z{number}", "approach", tuple(map(tuple, ring.tolist()))))
    ring = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))
    lanes = tuple(LaneShape(f"l{i}", ((0.0, 20.0 * i), (100.0, 20.0 * i + 5)), 4.0) for i in range(4))
    return Shapes(tuple(zones), (BoundaryShape("fence", ring, 1.0, True),), lanes)


def test_one_update_of_200_tracks_against_50_zones(benchmark):
    rng = np.random.default_rng(0)
    fence = SiteFence(_crowded_site(rng))
    places, speeds = rng.uniform(0, 100, (200, 2)), rng.normal(0, 4, (200, 2))
    keys, kinds = tuple(f"c:{i}" for i in range(200)), ("truck",) * 200
    frames = []
    for number in range(2_000):
        places = places + 0.1 * speeds
        speeds = np.where((places < -10) | (places > 110), -np.sign(places - 50) * np.abs(speeds), speeds)
        boxes = np.column_stack([places * 20 - [40, 60], places * 20 + [40, 0]]) + rng.normal(0, 1, (200, 4))
        frames.append((number * 100, Observations(keys, boxes, places, kinds)))
    coming = iter(frames)
    benchmark.pedantic(
        lambda frame: fence.update(frame[0], "c", frame[1]), setup=lambda: ((next(coming),), {}), rounds=1_500
    )
    assert benchmark.stats.stats.median < 0.001


@pytest.mark.parametrize("tracks", [200, 7])
def test_one_update_before_a_camera_with_ten_forbidden_areas(benchmark, tracks):
    rng = np.random.default_rng(0)
    site, camera = _crowded_site(rng), Camera((50.0, -30.0, 25.0), (50.0, 40.0), focal=900.0)
    zones = [replace(z, kind="forbidden") if n < 10 else z for n, z in enumerate(site.zones)]
    fence = SiteFence(replace(site, zones=tuple(zones)), {"c": camera.plane})
    places, speeds = rng.uniform(0, 100, (tracks, 2)), rng.normal(0, 4, (tracks, 2))
    keys, kinds = tuple(f"c:{i}" for i in range(tracks)), ("truck",) * tracks
    frames = []
    for number in range(600):
        places = places + 0.1 * speeds
        speeds = np.where((places < 0) | (places > 100), -np.sign(places - 50) * np.abs(speeds), speeds)
        feet, high = camera.plane.to_image(places), 3_600 / np.hypot(places[:, 1] + 30, 25)
        boxes = np.column_stack([feet[:, 0] - high, feet[:, 1] - high, feet[:, 0] + high, feet[:, 1]])
        seen = Observations(keys, boxes + rng.normal(0, 1, (tracks, 4)), np.full((tracks, 2), np.nan), kinds)
        frames.append((number * 100, seen))
    coming = iter(frames)
    benchmark.pedantic(
        lambda frame: fence.update(frame[0], "c", frame[1]), setup=lambda: ((next(coming),), {}), rounds=500
    )
    assert benchmark.stats.stats.median < 0.0015


def test_20_000_positions_against_2_000_areas(benchmark):
    rng = np.random.default_rng(1)
    areas = []
    for number in range(2_000):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 8))
        ring = rng.uniform((105, 33), (120, 42)) + rng.uniform(0.01, 0.1) * np.column_stack(
            [np.cos(angles), np.sin(angles)]
        )
        areas.append(SatelliteArea(f"a{number}", tuple(map(tuple, ring.tolist()))))
    fence = SatelliteFence(areas)
    vehicles = [f"v{i}" for i in range(20_000)]
    start = rng.uniform((105, 33), (120, 42), (20_000, 2))
    reports = iter([(n * 30_000, start + rng.normal(0, 0.002, start.shape)) for n in range(12)])
    benchmark.pedantic(lambda r: fence.update(r[0], vehicles, r[1]), setup=lambda: ((next(reports),), {}), rounds=10)
    assert benchmark.stats.stats.median < 1.0
