"""What really happened, instant by instant, as JSON lines: poses, axle loads, plates, boxes."""

from dataclasses import asdict
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from calibration_rigs.camera import View
from calibration_rigs.layout import Deck
from calibration_rigs.occlusion import hidden_in
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.vehicle import Unit, plate_corners

Points = NDArray[np.float64]
Box = tuple[float, float, float, float]
NEAREST_M = 0.5


def tick_record(simulation: Simulation, tick: Tick, start_ms: int) -> dict[str, Any]:
    """One line of the truth log: everything true at this instant, with each camera's boxes and plates.

    on_deck: by deck, whose outline lies over it, on boards or not. beams: who stands in each light barrier, null for
    nobody; beam_changes: since the last line; arms: how far each barrier arm is open, 0 to 1; devices: the condition of
    those something has befallen.
    """
    scenario = simulation.scenario
    seen = {name: camera_truth(simulation, tick, view) for name, view in simulation.layout.views.items()}
    return {
        "t_ms": start_ms + round(tick.t_s * 1000),
        "deck_kg": {k: round(v, 1) for k, v in tick.deck_kg.items()},
        "on_deck": {d.id: over_deck(simulation, tick, d) for d in simulation.layout.decks},
        "beams": tick.beams,
        "beam_changes": [{**asdict(c), "t_s": round(c.t_s, 3)} for c in tick.beam_changes],
        "arms": {k: round(v, 2) for k, v in tick.arms.items()},
        "devices": {e.device: scenario.state_of(e.device, tick.t_s) for e in scenario.devices if e.at_s <= tick.t_s},
        "vehicles": [_plain(asdict(v)) for v in tick.vehicles],
        "cameras": seen,
    }


def camera_truth(simulation: Simulation, tick: Tick, view: View) -> list[dict[str, Any]]:
    """What one camera has of each vehicle: its box, clipped to the picture, and the corners of plates facing it.

    hidden: the share (0 to 1) of the vehicle, or of the plate, that others or the gate house stand before.
    """
    here = {t.id for t in tick.vehicles}
    boxes = {v.id: box_of(simulation, v.id, view) for v in simulation.vehicles if v.id in here}
    seen = [v for v in simulation.vehicles if boxes.get(v.id) is not None]
    hidden = hidden_in(simulation.world, seen, view)
    out = []
    for vehicle in seen:
        plates = []
        for plate, share in zip(vehicle.plates, hidden[vehicle.id].plates, strict=True):
            corners = plate_in(simulation, vehicle.id, plate, view)
            if corners is not None:
                plates.append(
                    {
                        "text": plate.text,
                        "rows": plate.rows,
                        "corners": corners.round(2).tolist(),
                        "hidden": round(share, 2),
                    }
                )
        out.append(
            {
                "id": vehicle.id,
                "kind": vehicle.kind.value,
                "box": [round(b, 1) for b in boxes[vehicle.id] or ()],
                "hidden": round(hidden[vehicle.id].share, 2),
                "plates": plates,
            }
        )
    return out


def over_deck(simulation: Simulation, tick: Tick, deck: Deck) -> list[str]:
    """Whose outline lies over a deck, by id."""
    outline = deck.outline()
    units = {v.id: v.units for v in simulation.vehicles}
    return [
        t.id
        for t in tick.vehicles
        if any(outline.intersects(_footprint(simulation, t.id, k, unit)) for k, unit in enumerate(units[t.id]))
    ]


def _footprint(simulation: Simulation, vehicle_id: str, index: int, unit: Unit) -> shapely.Polygon:
    (x0, y0, z), (x1, y1, _) = unit.box
    ring = np.array([(x1, y1, z), (x0, y1, z), (x0, y0, z), (x1, y0, z)])
    return shapely.Polygon(in_world(simulation, vehicle_id, index, ring)[:, :2])


def box_of(simulation: Simulation, vehicle_id: str, view: View) -> Box | None:
    """The box round a vehicle's outline in the picture, None where none of it is inside."""
    vehicle = next(v for v in simulation.vehicles if v.id == vehicle_id)
    world = []
    for k, unit in enumerate(vehicle.units):
        world.append(in_world(simulation, vehicle_id, k, hull_of(unit)))
    points = np.vstack(world)
    ahead = view.depth(points) > NEAREST_M
    if not ahead.any():
        return None
    image = view.project(points[ahead])
    width, height = view.size
    x0, y0 = np.clip(image.min(axis=0), 0, (width, height))
    x1, y1 = np.clip(image.max(axis=0), 0, (width, height))
    if not ahead.all():  # partly behind the camera: it fills the lower edge
        y1 = float(height)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    return float(x0), float(y0), float(x1), float(y1)


def hull_of(unit: Unit) -> Points:
    """Points whose hull is close to a unit's outline, (n, 3): its body above the ground, and its wheels on it."""
    heavy = unit.tyre_radius > 0.45
    side, low = unit.width / 2, unit.clearance_m
    points = [(x, y, z) for x in (unit.front, unit.back) for y in (side, -side) for z in (low, unit.height)]
    reach = unit.tyre_radius * 0.4
    points += [(x + d, y, 0.0) for x in unit.axles for d in (reach, -reach) for y in (side, -side)]
    if heavy and unit.front > 1.4:
        points += [(1.2, y * (side + 0.3), 2.2) for y in (1, -1)]
    return np.array(points)


def plate_in(simulation: Simulation, vehicle_id: str, plate: Any, view: View) -> Points | None:
    """A plate's four corners in the picture, None where it faces away or lies outside."""
    world = in_world(simulation, vehicle_id, plate.unit, plate_corners(plate))
    outward = np.cross(world[1] - world[0], world[3] - world[0])
    if view.depth(world).min() < NEAREST_M or -outward @ (view.centre - world.mean(axis=0)) <= 0:
        return None
    image = view.project(world)
    width, height = view.size
    inside = (image >= 0).all() and (image[:, 0] < width).all() and (image[:, 1] < height).all()
    return image if inside else None


def in_world(simulation: Simulation, vehicle_id: str, unit: int, points: Points) -> Points:
    """Points of a unit's frame in the world, as physics has it now."""
    body = simulation.world.data.body(vehicle_id if unit == 0 else f"{vehicle_id}.{unit}")
    return np.asarray(points @ body.xmat.reshape(3, 3).T + body.xpos)


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, tuple):
            out[key] = [round(v, 3) if isinstance(v, float) else v for v in value]
        else:
            out[key] = round(value, 3) if isinstance(value, float) else value
    return out
