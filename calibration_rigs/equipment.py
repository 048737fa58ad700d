"""What watches and moves at a gate beside cameras and scales: light barriers, and arms that open for who comes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
import shapely
from numpy.typing import NDArray

from calibration_rigs.layout import Arm, Light
from calibration_rigs.route import STEP_M, Route
from calibration_rigs.vehicle import Vehicle
from calibration_rigs.world import HULL_GROUP, World

LOOK_S = 0.02  # between two looks of a light barrier
OPENS_S = 2.0  # an arm needs from closed to open
AHEAD_S = 3.5  # an arm begins to open so long before a vehicle is there
NEAR_M = 3.0  # or when it is so near
STOPS_M = 1.2  # before a closed arm a driver stops so far away
CLEAR = 0.9  # an arm open so far lets a vehicle through
UPRIGHT_RAD = 1.5
_HULLS = np.array([g == HULL_GROUP for g in range(6)], np.uint8)


@dataclass(frozen=True, slots=True)
class BeamChange:
    """A light barrier was broken by a vehicle, or (None) is free again."""

    t_s: float
    beam: str
    by: str | None


class BeamOutputs:
    """What light barriers put out: broken or free, whoever stands in them."""

    def __init__(self) -> None:
        self._broken: dict[str, bool] = {}

    def of(self, changes: Iterable[BeamChange]) -> Iterator[tuple[float, str, bool]]:
        """Instant, barrier and whether it is broken now, for each change that shows."""
        for change in changes:
            broken = change.by is not None
            if broken != self._broken.get(change.beam, False):
                self._broken[change.beam] = broken
                yield change.t_s, change.beam, broken


@dataclass(frozen=True, slots=True)
class OnWay:
    """Where a vehicle's ends are along its route, and its speed (negative backward)."""

    vehicle: str
    front_m: float
    rear_m: float
    speed_m_s: float


class LightBarriers:
    """Rays between posts that vehicles break. broken: by barrier, the vehicle that stands in it."""

    def __init__(self, world: World, lights: Sequence[Light]) -> None:
        self._world, self._lights = world, lights
        self.broken: dict[str, str | None] = {light.id: None for light in lights}

    def look(self, t_s: float) -> list[BeamChange]:
        """What changed since the last look."""
        changes = []
        for light in self._lights:
            by = self._breaker(light)
            if by != self.broken[light.id]:
                self.broken[light.id] = by
                changes.append(BeamChange(t_s, light.id, by))
        return changes

    def _breaker(self, light: Light) -> str | None:
        model, hit = self._world.model, np.array([[-1]], np.int32)
        start, way = np.array([light.start]).T, np.subtract(light.end, light.start).reshape(3, 1)
        share = mujoco.mj_ray(model, self._world.data, start, way, _HULLS, False, -1, hit)
        if not 0 <= share <= 1:
            return None
        return str(model.body(int(model.body_rootid[model.geom_bodyid[hit[0, 0]]])).name)


class Arms:
    """Barrier arms that open for who comes and close behind him, or do as they are told. open: 0 closed to 1 upright.

    One that is told to close stays where it is while somebody stands under it.
    """

    def __init__(self, arms: Sequence[Arm], ways: Iterable[tuple[Vehicle, Route]]) -> None:
        self.open = {arm.id: 0.0 for arm in arms}
        self._crossings = [(arm.id, v.id, at) for v, route in ways for arm in arms for at in crossings(route, arm)]

    def step(self, dt_s: float, ways: Sequence[OnWay], ordered: Mapping[str, bool] | None = None) -> None:
        """Let dt_s pass. ordered: by arm, for those that are told whether to be open."""
        told = ordered or {}
        met = [(arm, way, at) for arm, who, at in self._crossings for way in ways if way.vehicle == who]
        wanted = {arm for arm, way, at_m in met if _near(way, at_m)}
        under = {arm for arm, way, at_m in met if _under(way, at_m)}
        for arm, share in self.open.items():
            up = told.get(arm, arm in wanted)
            step = dt_s / OPENS_S if up else 0.0 if arm in under else -dt_s / OPENS_S
            self.open[arm] = min(1.0, max(0.0, share + step))

    def bounds(self, way: OnWay, ordered: Mapping[str, bool]) -> tuple[float, float]:
        """How far back its rear and how far on its front may go, metres along its route, before arms that are told."""
        low, high = -np.inf, np.inf
        for arm, vehicle, at_m in self._crossings:
            if vehicle != way.vehicle or arm not in ordered or self.open[arm] >= CLEAR:
                continue
            if way.front_m <= at_m:
                high = min(high, at_m - STOPS_M)
            elif way.rear_m >= at_m:
                low = max(low, at_m + STOPS_M)
        return low, high


def pose_arms(world: World, arms: Sequence[Arm], share: Mapping[str, float]) -> None:
    """Turn the drawn arms; a world without looks has none."""
    if not world.model.nmocap:
        return
    for arm in arms:
        rise = -share[arm.id] * UPRIGHT_RAD / 2
        turned = world.data.mocap_quat[world.model.body(arm_body(arm)).mocapid[0]]
        mujoco.mju_mulQuat(turned, closed_quat(arm), np.array([np.cos(rise), 0, np.sin(rise), 0]))


def closed_quat(arm: Arm) -> NDArray[np.float64]:
    """How an arm lies when closed."""
    half = np.arctan2(arm.tip[1] - arm.pivot[1], arm.tip[0] - arm.pivot[0]) / 2
    return np.array([np.cos(half), 0.0, 0.0, np.sin(half)])


def arm_body(arm: Arm) -> str:
    """The name of the body an arm is drawn on."""
    return f"arm {arm.id}"


def crossings(route: Route, arm: Arm) -> list[float]:
    """Where along a route its first axle passes under an arm, metres."""
    line, bar = shapely.LineString(route.position), shapely.LineString([arm.pivot, arm.tip])
    if not line.intersects(bar):
        return []
    met = line.intersection(bar)
    return [round(float(line.project(p)) / STEP_M) * STEP_M for p in getattr(met, "geoms", [met])]


def _near(way: OnWay, at_m: float) -> bool:
    """Whether a vehicle stands under an arm, or comes to it soon, forward or back."""
    if _under(way, at_m):
        return True
    gap_m = at_m - way.front_m if at_m > way.front_m else way.rear_m - at_m
    comes = way.speed_m_s > 0.1 if at_m > way.front_m else way.speed_m_s < -0.1
    return comes and gap_m < max(NEAR_M, AHEAD_S * abs(way.speed_m_s))


def _under(way: OnWay, at_m: float) -> bool:
    return way.rear_m - NEAR_M / 2 <= at_m <= way.front_m + NEAR_M / 2
