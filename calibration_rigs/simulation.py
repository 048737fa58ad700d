"""A scenario played in physics: step by step, with the truth of each step."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs import world
from calibration_rigs.cast import board_of, move_of, path_points, vehicle_of
from calibration_rigs.contacts import Stand, axles_of, stands
from calibration_rigs.driver import Driver, Leg
from calibration_rigs.equipment import LOOK_S, Arms, BeamChange, LightBarriers, OnWay, pose_arms
from calibration_rigs.indicator import Shown
from calibration_rigs.layout import Deck, Layout, with_gaps
from calibration_rigs.route import Route, route_of
from calibration_rigs.scale_line import ScaleLine
from calibration_rigs.scenario import Actor, Scenario
from calibration_rigs.scene import Dresser
from calibration_rigs.vehicle import GRAVITY, Vehicle

OUT_OF_SIGHT_M = -60.0
LOOK_STEPS = round(LOOK_S / world.TIME_STEP_S)


@dataclass(frozen=True, slots=True, eq=False)
class VehicleTruth:
    """One vehicle at one instant. pose: x, y of the first axle and yaw of each unit; axle_kg: what each axle presses.

    deck_kg: the part of it that stands on a deck, not on boards or ground; wheels_on_deck: of 2 per axle. wheels: what
    each axle's left and right wheel stands on: a deck's id, "board", "ground", "" in the air.
    """

    id: str
    x: float
    y: float
    yaw: tuple[float, ...]
    speed_m_s: float
    axle_kg: tuple[float, ...]
    deck_kg: float
    wheels_on_deck: int
    wheels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """One instant of a run. deck_kg: true load per deck; shown: the readings sent since the last tick, per scale.

    cells_kg: by deck, what the cells carried after each step since the last tick. beams: who stands in each light
    barrier; beam_changes: since the last tick; arms: how far each barrier arm is open, 0 to 1.
    """

    t_s: float
    vehicles: tuple[VehicleTruth, ...]
    deck_kg: dict[str, float]
    shown: dict[str, tuple[Shown, ...]]
    cells_kg: dict[str, tuple[float, ...]]
    beams: dict[str, str | None]
    beam_changes: tuple[BeamChange, ...]
    arms: dict[str, float]


@dataclass(slots=True, eq=False)
class _Actor:
    vehicle: Vehicle
    route: Route
    driver: Driver
    enters_s: float
    qpos: slice
    dof: slice
    home: NDArray[np.float64]
    rims: list[tuple[int, NDArray[np.float64], float]]  # drawn wheels: geom, its rotation at rest, radius
    active: bool = False
    gone: bool = False
    bounds_m: tuple[float, float] = (-math.inf, math.inf)  # of its first axle, before closed arms

    def way(self) -> OnWay:
        """Where it is along its route."""
        front_m = self.driver.position_m + self.vehicle.units[0].front
        return OnWay(self.vehicle.id, front_m, front_m - self.vehicle.length_m, self.driver.speed_m_s)


class Simulation:
    """One run of a scenario. world: the compiled world, for whoever draws it; `ticks` plays it once.

    ordered: asked again and again which barrier arms are to be open, by arm; drivers wait before those that are told
    and are not. Arms that nobody moves open for who comes.
    """

    def __init__(
        self,
        scenario: Scenario,
        layout: Layout,
        dresser: Dresser | None = None,
        ordered: Callable[[], Mapping[str, bool]] = dict,
    ) -> None:
        self._ordered = ordered
        self.vehicles = tuple(vehicle_of(a) for a in scenario.actors)
        routes = [route_of(v, path_points(a, layout)) for a, v in zip(scenario.actors, self.vehicles, strict=True)]
        layout = with_gaps(layout, [route.fronts(v) for route, v in zip(routes, self.vehicles, strict=True)])
        self.scenario, self.layout = scenario, layout
        deck = layout.decks[0] if layout.decks else None
        boards = tuple(board_of(deck, b) for b in scenario.boards if deck)
        self.world = world.build(layout, self.vehicles, boards, dresser)
        self._lines = {d.id: ScaleLine(scenario, layout.scale_on(d), d, scenario.seed) for d in layout.decks}
        self._actors: list[_Actor] = []
        for actor, vehicle, route in zip(scenario.actors, self.vehicles, routes, strict=True):
            self._actors.append(self._actor(actor, vehicle, route, deck))
        self._lights = LightBarriers(self.world, layout.lights)
        self._arms = Arms(layout.arms, list(zip(self.vehicles, routes, strict=True)))

    def ticks(self, period_s: float, linger_s: float = 0.0) -> Iterator[Tick]:
        """Play it, giving the truth every period_s from 0 to linger_s after the scenario's end."""
        dt = world.TIME_STEP_S
        steps = round((self.scenario.seconds + linger_s) / dt)
        scales = {d.id: d.scale for d in self.layout.decks}
        shown: dict[str, list[Shown]] = {d: [] for d in scales}
        cells: dict[str, list[float]] = {d: [] for d in scales}
        changes: list[BeamChange] = []
        due = 0.0
        for step in range(steps + 1):
            t = step * dt
            if t >= due - 1e-9:
                sent = {scales[d]: tuple(s) for d, s in shown.items()}
                carried = {d: tuple(kg) for d, kg in cells.items()}
                shown, cells = {d: [] for d in scales}, {d: [] for d in scales}
                broken, moved, changes = dict(self._lights.broken), tuple(changes), []
                yield Tick(t, self._truth(), self._loads(), sent, carried, broken, moved, dict(self._arms.open))
                due += period_s
            self._place(t, dt)
            mujoco.mj_step(self.world.model, self.world.data)
            self._hold_parked()
            if step % LOOK_STEPS == 0:
                changes += self._lights.look(t + dt)
                self._watch_arms(LOOK_STEPS * dt)
            for deck, kg in self._loads().items():
                cells[deck].append(kg)
                shown[deck] += self._lines[deck].feed(t, kg)

    def _actor(self, actor: Actor, vehicle: Vehicle, route: Route, deck: Deck | None) -> _Actor:
        moves = tuple(move_of(m, route, vehicle, deck, actor.id) for m in actor.moves)
        m = self.world.model
        first = next(x for x in moves if isinstance(x, Leg)) if any(isinstance(x, Leg) for x in moves) else None
        speed = first.speed_m_s if first is moves[0] and first is not None and first.to_m > 0 else 0.0
        joints = [j for j in range(m.njnt) if m.joint(j).name.startswith(f"{vehicle.id}.")]
        q, d = [int(m.jnt_qposadr[j]) for j in joints], [int(m.jnt_dofadr[j]) for j in joints]
        home = np.zeros(len(q))
        home[2] = OUT_OF_SIGHT_M - 10 * len(self._actors)
        made = _Actor(
            vehicle,
            route,
            Driver(moves, 0.0, speed),
            actor.enters_s,
            slice(q[0], q[-1] + 1),
            slice(d[0], d[-1] + 1),
            home,
            _rims(m, vehicle),
        )
        self.world.data.qpos[made.qpos] = home
        return made

    def _place(self, t: float, dt: float) -> None:
        data = self.world.data
        for actor in self._actors:
            if not actor.active and not actor.gone and t >= actor.enters_s:
                actor.active = True
                data.qpos[actor.qpos] = 0.0
                data.qvel[actor.dof] = 0.0
            if not actor.active:
                continue
            actor.driver.step(dt, actor.bounds_m)
            if actor.driver.done and actor.driver.position_m >= actor.route.length_m - 0.1:
                actor.active, actor.gone = False, True
                data.qpos[actor.qpos], data.qvel[actor.dof] = actor.home, 0.0
                continue
            x, y, yaw = actor.route.pose(actor.driver.position_m)
            turned = [yaw[0], *np.diff(yaw)]
            data.qpos[self.world.planar[actor.vehicle.id]] = [x, y, *turned]
            data.qvel[self.world.planar_dof[actor.vehicle.id]] = 0.0
            mass, _, height = actor.vehicle.sprung(0)
            # Braking pitches the body forward: the inertia force at the centre of mass, about the axle line.
            pitch = self.world.pitch_dof[actor.vehicle.id]
            data.qfrc_applied[pitch] = -mass * actor.driver.acceleration_m_s2 * (height - 0.5)

    def _watch_arms(self, dt_s: float) -> None:
        """Move the arms, and see how far everyone may go before those that are closed to him."""
        here, ordered = [a for a in self._actors if a.active], self._ordered()
        self._arms.step(dt_s, [a.way() for a in here], ordered)
        for actor in here if ordered else ():
            way = actor.way()
            low_m, high_m = self._arms.bounds(way, ordered)
            front_m, rear_m = way.front_m - actor.driver.position_m, way.rear_m - actor.driver.position_m
            actor.bounds_m = low_m - rear_m, high_m - front_m

    def pose_drawn(self) -> None:
        """Turn the drawn wheels as far as they have rolled, and the barrier arms; call it before a picture is taken."""
        model = self.world.model
        pose_arms(self.world, self.layout.arms, self._arms.open)
        for actor in self._actors:
            for geom, still, radius in actor.rims:
                half = actor.driver.position_m / radius / 2
                mujoco.mju_mulQuat(model.geom_quat[geom], np.array([np.cos(half), 0, np.sin(half), 0]), still)
        mujoco.mj_kinematics(model, self.world.data)
        mujoco.mj_camlight(model, self.world.data)  # before the first step nobody has placed cameras and lights

    def _hold_parked(self) -> None:
        data = self.world.data
        for actor in self._actors:
            if not actor.active:
                data.qpos[actor.qpos], data.qvel[actor.dof] = actor.home, 0.0

    def _loads(self) -> dict[str, float]:
        return {d.id: float(world.cell_forces_n(self.world, d).sum()) / GRAVITY for d in self.layout.decks}

    def _truth(self) -> tuple[VehicleTruth, ...]:
        found = stands(self.world)
        return tuple(self._vehicle_truth(actor, found) for actor in self._actors if actor.active)

    def _vehicle_truth(self, actor: _Actor, found: dict[int, Stand]) -> VehicleTruth:
        x, y, yaw = actor.route.pose(actor.driver.position_m)
        axles = axles_of(self.world, actor.vehicle, found)
        decks = [d.id for d in self.layout.decks]
        on_decks = [sum(stand.kg.get(d, 0.0) for d in decks) for pair in axles for stand in pair]
        return VehicleTruth(
            actor.vehicle.id,
            x,
            y,
            tuple(float(a) for a in yaw),
            actor.driver.speed_m_s,
            tuple(left.total_kg + right.total_kg for left, right in axles),
            sum(on_decks),
            sum(kg > 0 for kg in on_decks),
            tuple((left.on, right.on) for left, right in axles),
        )


def _rims(model: Any, vehicle: Vehicle) -> list[tuple[int, NDArray[np.float64], float]]:
    names = {model.geom(g).name: g for g in range(model.ngeom)}
    out = []
    for k, unit in enumerate(vehicle.units):
        for i in range(len(unit.axles)):
            for part in ("wheel", "rubber"):
                geom = names.get(f"{vehicle.id}.{k}.{i}.{part}")
                if geom is not None:
                    out.append((geom, model.geom_quat[geom].copy(), unit.tyre_radius))
    return out
