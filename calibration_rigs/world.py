"""The physical world: ground with a pit, decks on load cells, vehicles on springs, boards; and, if asked, their looks.

A vehicle's way over the ground is driven (its planar joints are set each step); what is up and down is physics:
springs, pitch and roll, wheel contacts, the trailer on its kingpin, the deck on its cells.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.layout import Deck, Layout
from calibration_rigs.scenery import House, gate_house
from calibration_rigs.vehicle import GRAVITY, Unit, Vehicle

TIME_STEP_S = 0.004
CELL_STIFFNESS = 6.0e7  # N/m of one load cell: 0.3 mm under 20 t
DECK_KG_PER_M2 = 230.0
_BOARD = "board "
WHEEL, GROUND = 1, 2  # contact sides: wheels touch ground, decks and boards, nothing else
HULL_GROUP = 3  # boxes that touch nothing: what rays of light barriers and of cameras meet


@dataclass(frozen=True, slots=True)
class Board:
    """A plank that lies over the deck's ends on the ground and carries wheels: length along `yaw`."""

    centre: tuple[float, float]
    length: float
    width: float
    yaw: float
    thickness: float = 0.10


@dataclass(slots=True, eq=False)
class World:
    """A compiled world. wheels: geom ids (left, right) by (vehicle, unit, axle); rolling: all of them.

    surfaces: what a geom that carries wheels is, where it is not the ground: a deck's id, or "board".
    """

    model: Any
    data: Any
    layout: Layout
    vehicles: tuple[Vehicle, ...]
    planar: dict[str, list[int]]  # vehicle: qpos addresses of x, y, yaw, then each coupling's yaw
    planar_dof: dict[str, list[int]]
    pitch_dof: dict[str, int]
    wheels: dict[tuple[str, int, int], tuple[int, int]]
    rolling: frozenset[int]
    decks: dict[str, tuple[int, int, int]]  # qpos addresses of heave, roll (about x), pitch (about y)
    surfaces: dict[int, str]


def build(layout: Layout, vehicles: tuple[Vehicle, ...], boards: tuple[Board, ...] = (), dresser: Any = None) -> World:
    """Compile a world. dresser: adds what is only seen (calibration_rigs.scene); without one there are no pictures."""
    spec = mujoco.MjSpec()
    spec.option.timestep = TIME_STEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.gravity = [0, 0, -GRAVITY]
    spec.compiler.degree = False
    _ground(spec, layout.decks)
    for deck in layout.decks:
        _deck(spec, deck, dresser)
    for number, board in enumerate(boards):
        _board(spec, board, number, dresser)
    house = gate_house(layout)
    if house is not None:
        _house(spec, house)
    for vehicle in vehicles:
        _vehicle(spec, vehicle, dresser)
    if dresser is not None:
        dresser.site(spec, layout)
    model = spec.compile()
    return _indexed(model, layout, vehicles)


def _indexed(model: Any, layout: Layout, vehicles: tuple[Vehicle, ...]) -> World:
    planar, dofs, pitch, wheels = {}, {}, {}, {}
    for v in vehicles:
        names = [f"{v.id}.x", f"{v.id}.y", f"{v.id}.yaw", *(f"{v.id}.{k}.yaw" for k in range(1, len(v.units)))]
        planar[v.id] = [int(model.joint(n).qposadr[0]) for n in names]
        dofs[v.id] = [int(model.joint(n).dofadr[0]) for n in names]
        pitch[v.id] = int(model.joint(f"{v.id}.pitch").dofadr[0])
        for k, unit in enumerate(v.units):
            for i in range(len(unit.axles)):
                wheels[v.id, k, i] = (model.geom(f"{v.id}.{k}.{i}.L").id, model.geom(f"{v.id}.{k}.{i}.R").id)
    decks = {}
    for deck in layout.decks:
        a, b, c = (int(model.joint(f"{deck.id}.{n}").qposadr[0]) for n in ("heave", "roll", "pitch"))
        decks[deck.id] = (a, b, c)
    surfaces = {g: "board" for g in range(model.ngeom) if model.geom(g).name.startswith(_BOARD)}
    surfaces |= {int(model.body(d.id).geomadr[0]): d.id for d in layout.decks}
    rolling = frozenset(g for pair in wheels.values() for g in pair)
    return World(model, mujoco.MjData(model), layout, vehicles, planar, dofs, pitch, wheels, rolling, decks, surfaces)


def _contact(geom: Any, side: int) -> Any:
    geom.contype, geom.conaffinity = side, WHEEL + GROUND - side
    geom.condim = 1
    geom.solref = [0.02, 1.0]
    return geom


def _ground(spec: Any, decks: tuple[Deck, ...]) -> None:
    """Thick slabs around the pits: strips between the decks' edges, in the decks' own directions."""
    reach, depth = 400.0, 1.0
    yaw = decks[0].yaw if decks else 0.0
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, -s], [s, c]])
    holes = []
    for deck in decks:
        x, y = np.asarray(deck.centre) @ turn
        holes.append((x - deck.length / 2, x + deck.length / 2, y - deck.width / 2, y + deck.width / 2))
    ys = sorted({-reach, reach, *(h[2] for h in holes), *(h[3] for h in holes)})
    for y0, y1 in itertools.pairwise(ys):
        cuts = sorted((h[0], h[1]) for h in holes if h[2] <= y0 + 1e-9 and h[3] >= y1 - 1e-9)
        x = -reach
        for x0, x1 in [*cuts, (reach, reach)]:
            if x0 - x > 1e-6:
                middle = turn @ np.array([(x + x0) / 2, (y0 + y1) / 2])
                size = [(x0 - x) / 2, (y1 - y0) / 2, depth / 2]
                geom = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=[*middle, -depth / 2], size=size)
                geom.quat = [np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
                geom.group = 4
                _contact(geom, GROUND)
            x = x1


def _deck(spec: Any, deck: Deck, dresser: Any) -> None:
    cells = deck.cells()
    mass = DECK_KG_PER_M2 * deck.length * deck.width
    half_thick = 0.15
    body = spec.worldbody.add_body(name=deck.id, pos=[*deck.centre, 0.0])
    body.quat = [np.cos(deck.yaw / 2), 0, 0, np.sin(deck.yaw / 2)]
    total, about_x, about_y = len(cells), float((cells[:, 1] ** 2).sum()), float((cells[:, 0] ** 2).sum())
    k = CELL_STIFFNESS
    hinge, slide = mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE
    # Springs carry the deck's own weight at q = 0, so that its top lies level with the ground.
    springs = (
        ("heave", slide, [0, 0, 1], total, mass),
        ("roll", hinge, [1, 0, 0], about_x, mass * deck.width**2 / 12),
        ("pitch", hinge, [0, 1, 0], about_y, mass * deck.length**2 / 12),
    )
    for name, kind, axis, arm, inertia in springs:
        joint = body.add_joint(name=f"{deck.id}.{name}", type=kind, axis=axis)
        joint.stiffness = [k * arm, 0, 0]
        joint.damping = [0.35 * np.sqrt(k * arm * inertia), 0, 0]
        joint.springref = mass * GRAVITY / (k * arm) if name == "heave" else 0.0
    geom = body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=[0, 0, -half_thick], mass=mass)
    geom.size = [deck.length / 2, deck.width / 2, half_thick]
    geom.group = 4
    _contact(geom, GROUND)
    if dresser is not None:
        dresser.deck(spec, body, deck)


def _house(spec: Any, house: House) -> None:
    (x, y), (half_x, half_y) = house.centre, house.half
    geom = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=[x, y, house.height / 2])
    geom.size = [half_x, half_y, house.height / 2]
    geom.quat = [np.cos(house.yaw / 2), 0, 0, np.sin(house.yaw / 2)]
    _seen_by_rays(geom)


def _seen_by_rays(geom: Any) -> None:
    geom.contype = geom.conaffinity = 0
    geom.mass = 0
    geom.group = HULL_GROUP


def _board(spec: Any, board: Board, number: int, dresser: Any) -> None:
    """Two slopes and a flat: wheels roll on over the slopes, and the ground carries them all."""
    ramp = 0.8
    slope = float(np.arctan2(board.thickness, ramp))
    body = spec.worldbody.add_body(pos=[*board.centre, 0.0])
    body.quat = [np.cos(board.yaw / 2), 0, 0, np.sin(board.yaw / 2)]
    half = board.length / 2
    parts = [(0.0, board.thickness - 0.02, half, 0.0)]
    parts += [
        (side * (half + ramp / 2), board.thickness / 2 - 0.02, ramp / 2 / np.cos(slope), side * slope)
        for side in (1, -1)
    ]
    for part, (x, z, half_length, tilt) in enumerate(parts):
        geom = body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=[x, 0, z], size=[half_length, board.width / 2, 0.02])
        geom.name = f"{_BOARD}{number}.{part}"
        geom.quat = [np.cos(tilt / 2), 0, np.sin(tilt / 2), 0]
        geom.group = 4
        _contact(geom, GROUND)
        if dresser is not None:
            dresser.board(spec, geom)


def _vehicle(spec: Any, vehicle: Vehicle, dresser: Any) -> None:
    loads = vehicle.spring_loads_n()
    hinge, slide = mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE
    body = spec.worldbody.add_body(name=vehicle.id)
    for name, kind, axis in (
        ("x", slide, [1, 0, 0]),
        ("y", slide, [0, 1, 0]),
        ("z", slide, [0, 0, 1]),
        ("yaw", hinge, [0, 0, 1]),
        ("pitch", hinge, [0, 1, 0]),
        ("roll", hinge, [1, 0, 0]),
    ):
        joint = body.add_joint(name=f"{vehicle.id}.{name}", type=kind, axis=axis)
        if name == "pitch":
            joint.pos = [0.5 * sum(vehicle.units[0].axles) / len(vehicle.units[0].axles) * 2, 0, 0.6]
    for k, unit in enumerate(vehicle.units):
        if k > 0:
            parent = vehicle.units[k - 1]
            body = body.add_body(name=f"{vehicle.id}.{k}", pos=[parent.kingpin, 0, 0])
            for name, axis in (("yaw", [0, 0, 1]), ("pitch", [0, 1, 0])):
                body.add_joint(name=f"{vehicle.id}.{k}.{name}", type=hinge, axis=axis, pos=[0, 0, 1.2])
        _unit(body, vehicle, k, unit, loads[k])
        if dresser is not None:
            dresser.unit(spec, body, vehicle, k)


def _unit(body: Any, vehicle: Vehicle, k: int, unit: Unit, loads: tuple[float, ...]) -> None:
    mass, x, z = vehicle.sprung(k)
    length, width, height = unit.front - unit.back, unit.width, 0.6 * unit.height
    body.mass = mass
    body.ipos = [x, 0, z]
    body.inertia = [
        mass / 12 * (width**2 + height**2),
        mass / 12 * (length**2 + height**2),
        mass / 12 * (length**2 + width**2),
    ]
    body.explicitinertial = True
    low, high = np.array(unit.box)
    hull = body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=(low + high) / 2, size=(high - low) / 2)
    _seen_by_rays(hull)
    r = unit.tyre_radius
    for i, axle_x in enumerate(unit.axles):
        axle = body.add_body(name=f"{vehicle.id}.{k}.{i}", pos=[axle_x, 0, r])
        joint = axle.add_joint(name=f"{vehicle.id}.{k}.{i}.spring", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, 1])
        joint.stiffness = [unit.stiffness, 0, 0]
        joint.damping = [0.05 * unit.stiffness, 0, 0]
        joint.springref = -loads[i] / unit.stiffness
        for side, y in (("L", unit.track / 2), ("R", -unit.track / 2)):
            geom = axle.add_geom(
                name=f"{vehicle.id}.{k}.{i}.{side}", type=mujoco.mjtGeom.mjGEOM_SPHERE, pos=[0, y, 0], size=[r, 0, 0]
            )
            geom.mass = unit.unsprung_kg / 2
            geom.group = 4
            _contact(geom, WHEEL)


@lru_cache(maxsize=64)
def _cells(deck: Deck) -> NDArray[np.float64]:
    return deck.cells()


def cell_forces_n(world: World, deck: Deck) -> NDArray[np.float64]:
    """Force on each load cell beyond the deck's own weight."""
    heave, roll, pitch = (world.data.qpos[a] for a in world.decks[deck.id])
    cells = _cells(deck)
    sunk = -(heave + roll * cells[:, 1] - pitch * cells[:, 0])
    return np.asarray(CELL_STIFFNESS * sunk, np.float64)
