"""How long the geofence takes: one update of a crowded site, and ten thousands of satellite positions."""

import numpy as np

from geofence.areas import SatelliteArea
from geofence.fence import SiteFence
from geofence.observations import Observations
from geofence.satellite import SatelliteFence
from geofence.shapes import BoundaryShape, LaneShape, Shapes, ZoneShape


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
