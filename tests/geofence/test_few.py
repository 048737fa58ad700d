"""A handful of vehicles is judged one after the other, a crowd all at once: both ways say the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geofence.fence
import geofence.vehicles
from geofence.fence import SiteFence
from geofence.lens import LensModel
from geofence.movement import Movement, MovementKind
from geofence.observations import Observations
from geofence.plane import GroundPlane
from geofence.polyline import Polyline
from geofence.shapes import BoundaryShape, GateShape, LaneShape, Shapes, ZoneShape
from tests.geofence.walks import make_scene

SIZE = (1280, 720)
LENS = LensModel(1200, 1180, 640, 360, (-0.25, 0.06, 0.001, -0.0008, 0.01))
IMAGE = np.array([[300.0, 650], [980, 640], [860, 300], [420, 305], [640, 420]])
GROUND = np.array([[-4.0, 6], [4.0, 6], [4.0, 24], [-4.0, 24]])


def plane(lens: LensModel | None) -> GroundPlane:
    return GroundPlane.from_points(IMAGE[:4], GROUND, lens, SIZE)


def site(camera: str | None) -> Shapes:
    def on(points, unit=1.0):
        if camera is None:
            return tuple(points)
        return tuple(map(tuple, plane(None).to_image(np.array(points, float)).tolist()))

    unit = 1.0 if camera is None else 20.0
    zones = [
        ZoneShape("院", "inside", on([(-9, 14), (9, 14), (9, 40), (-9, 40)]), camera=camera),
        ZoneShape(
            "岛", "forbidden", on([(-3, 8), (3, 8), (3, 13), (-3, 13)]), (on([(-1, 9), (1, 9), (0, 12)]),), camera
        ),
    ]
    if camera is None:
        zones.append(ZoneShape("磅", "deck", on([(-2, 15), (2, 15), (2, 30), (-2, 30)])))
    gates = (GateShape("门", "both", *on([(-2, 12), (2, 12)])),)
    lines = [BoundaryShape("线", on([(-8, 12), (8, 12)]), 1.0 * unit, gates=gates, camera=camera)]
    lines.append(
        BoundaryShape("圈", on([(-5, 9), (5, 9), (5, 26), (0, 29), (-5, 26)]), 0.8 * unit, True, camera=camera)
    )
    lane = LaneShape(
        "道", on([(0, 30), (0.5, 18), (0, 5)]), 3 * unit, manoeuvre=("岛",), camera=camera, unit_m=1 / unit
    )
    return Shapes(tuple(zones), tuple(lines), (lane,))


def told(fence: SiteFence, frames: list[tuple[int, Observations]], deck: bool) -> list[object]:
    out: list[object] = []
    for t_ms, seen in frames:
        out += fence.update(t_ms, "camera", seen)
        if deck:
            out.append(fence.occupancy(t_ms, "磅"))
    return [*out, *fence.close()]


def both(monkeypatch, make, frames, deck=False):
    few = told(make(), frames, deck)
    for module in (geofence.fence, geofence.vehicles):
        monkeypatch.setattr(module, "FEW", 0)
    many = told(make(), frames, deck)
    monkeypatch.undo()
    return few, many


def drives(seed: int) -> list[tuple[int, Observations]]:
    """Up to five vehicles back and forth before a camera, with jitter, gaps, new keys and boxes that jump."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 6))
    at, speed = rng.uniform((-6, 5), (6, 30), (count, 2)), rng.normal(0, 0.35, (count, 2)) * [0.4, 1]
    names, frames = [f"c:{i}" for i in range(count)], []
    for number in range(250):
        speed = np.where(rng.random((count, 1)) < 0.02, rng.normal(0, 0.35, (count, 2)), speed)
        speed *= (rng.random((count, 1)) > 0.01) | (rng.random((count, 1)) < 0.5)
        at = np.clip(at + speed, (-7, 5), (7, 32))
        feet = plane(None).to_image(at) + rng.normal(0, 1, (count, 2)) + (rng.random((count, 1)) < 0.01) * 150
        height = 2_600 / at[:, 1]
        boxes = np.column_stack([feet[:, 0] - height * 0.4, feet[:, 1] - height, feet[:, 0] + height * 0.4, feet[:, 1]])
        if rng.random() < 0.03:
            names[int(rng.integers(count))] = f"c:{number}n"
        rows = np.flatnonzero(rng.random(count) > 0.1)
        keys = tuple(names[r] for r in rows)
        kinds = tuple("person" if r == 4 else "truck" for r in rows)
        frames.append((1_000 + number * 80, Observations(keys, boxes[rows], np.full((len(rows), 2), np.nan), kinds)))
    return frames


@pytest.mark.parametrize("camera", [None, "camera"])
@pytest.mark.parametrize("lens", [None, LENS])
@pytest.mark.parametrize("seed", range(8))
def test_few_vehicles_are_judged_as_many_are(monkeypatch, camera, lens, seed):
    deck = camera is None
    few, many = both(monkeypatch, lambda: SiteFence(site(camera), {"camera": plane(lens)}), drives(seed), deck)
    assert few == many
    assert any(isinstance(m, Movement) and m.kind is not MovementKind.STOPPED for m in few)


@pytest.mark.parametrize("seed", range(20, 28))
def test_generated_walks_are_judged_alike(monkeypatch, seed):
    scene = make_scene(seed, 5)
    few, many = both(monkeypatch, lambda: SiteFence(Shapes((), (scene.boundary,), ())), scene.frames)
    assert few == many


@given(st.floats(0, 1280), st.floats(200, 720), st.sampled_from([None, LENS]))
@settings(max_examples=300, deadline=None)
def test_a_spot_is_the_ground_point_and_its_slope(x, y, lens):
    ground = plane(lens)
    spot = ground.spot(x, y)
    ((gx, gy),), slope = ground.ground_and_slope(np.array([[x, y]]))
    if np.isnan(gx):
        assert np.isnan(spot.x)
        return
    assert (spot.x, spot.y) == pytest.approx((gx, gy), rel=1e-9, abs=1e-9)
    assert (spot.most, spot.least) == pytest.approx(np.linalg.svd(slope[0])[1].tolist(), rel=1e-6)
    reach = 0.05
    around = ground.to_ground(np.array([[x + reach, y], [x - reach, y], [x, y + reach], [x, y - reach]]))
    if np.isfinite(around).all() and abs(gy) < 100:
        steps = np.column_stack([around[0] - around[1], around[2] - around[3]]) / (2 * reach)
        np.testing.assert_allclose(slope[0], steps, rtol=1e-3, atol=1e-4 * np.abs(steps).max())


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=7, unique=True),
    st.tuples(st.floats(-12, 12), st.floats(-12, 12)),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_one_point_is_located_as_many_are(vertices, point, closed):
    line = Polyline(np.array(vertices, float), closed)
    found = line.locate(np.array([point]))
    assert line.locate_one(*point) == (found.distance[0], found.side[0], found.along[0])
