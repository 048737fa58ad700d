"""What every wheel stands on, and what it presses there."""

from collections import defaultdict
from dataclasses import dataclass, field

import mujoco
import numpy as np

from calibration_rigs.vehicle import GRAVITY, Vehicle
from calibration_rigs.world import World


@dataclass(slots=True)
class Stand:
    """One wheel: kilograms it presses, by what carries it (a deck's id, "board", "ground")."""

    kg: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def total_kg(self) -> float:
        return sum(self.kg.values())

    @property
    def on(self) -> str:
        """What carries most of it; "" in the air."""
        return max(self.kg, key=lambda surface: self.kg[surface], default="")


def stands(world: World) -> dict[int, Stand]:
    """Every wheel that touches something, by its geom."""
    model, data = world.model, world.data
    force = np.zeros(6)
    out: dict[int, Stand] = defaultdict(Stand)
    for i in range(data.ncon):
        contact = data.contact[i]
        first, second = int(contact.geom1), int(contact.geom2)
        wheel, other = (first, second) if first in world.rolling else (second, first)
        if wheel not in world.rolling:
            continue
        mujoco.mj_contactForce(model, data, i, force)
        out[wheel].kg[world.surfaces.get(other, "ground")] += float(abs(force[0] * contact.frame[2])) / GRAVITY
    return out


def axles_of(world: World, vehicle: Vehicle, found: dict[int, Stand]) -> list[tuple[Stand, Stand]]:
    """A vehicle's axles from front to back: what its left and right wheels stand on."""
    places = [(k, i) for k, unit in enumerate(vehicle.units) for i in range(len(unit.axles))]
    pairs = (world.wheels[vehicle.id, k, i] for k, i in places)
    return [(found.get(left) or Stand(), found.get(right) or Stand()) for left, right in pairs]
