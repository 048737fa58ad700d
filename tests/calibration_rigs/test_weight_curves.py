"""Weight curves of every vehicle: a step for each axle group, up to the true mass, as cells and as the gate see it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration_rigs import catalogue
from calibration_rigs.layout import layout_of
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.shelf import SHELF
from calibration_rigs.take import film
from calibration_rigs.vehicle import GRAVITY, Vehicle
from calibration_rigs.world import TIME_STEP_S
from gate.facts import Weighing, WeightSample
from gate.scale.weighing import WeighingMachine

E_KG = 20
KMH = 5.0
GROUP_M = 1.8  # axles nearer to each other than this are one group (GB 1589)
WEIGHED = sorted(set(catalogue.MODELS) - {"person"})
QUICK = {"coal_semi_6", "dumper_4", "car"}


def weighed(vehicle: Vehicle) -> tuple[NDArray[np.float64], list[Weighing]]:
    """The vehicle rolls on, stands for five seconds, rolls off: what the cells carried, what the gate made of it."""
    base, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    moves = [{"to": "deck", "kmh": KMH}, {"wait_s": 5}, {"to": "end", "kmh": KMH}]
    actor = {"id": "v", "model": vehicle.model, "cargo_t": vehicle.cargo_kg / 1000, "moves": moves}
    seconds = 12 + (46 + 2 * vehicle.length_m) / (KMH / 3.6)
    plain = base.model_dump(mode="json") | {
        "seconds": seconds,
        "actors": [actor | {"path": [[-2.2, 39], [-2.2, -9]]}],
    }
    taken = film(Scenario.model_validate(plain), layout_of(site))
    machine = WeighingMachine(site.scales[0])
    out = [w for shown in taken.readings(1)["scale"] for w in machine.update(WeightSample(shown.at_ms, "s", shown.kg))]
    return taken.cells_kg["deck"], [*out, *machine.flush()]


def groups_kg(vehicle: Vehicle) -> NDArray[np.float64]:
    """What each axle group presses on level ground, front to back."""
    at, loads, offset = [], [], 0.0
    for unit, springs in zip(vehicle.units, vehicle.spring_loads_n(), strict=True):
        at += [offset + x for x in unit.axles]
        loads += [spring / GRAVITY + unit.unsprung_kg for spring in springs]
        offset += unit.kingpin or 0.0
    first = np.flatnonzero(np.append(True, -np.diff(at) > GROUP_M))
    return np.add.reduceat(np.array(loads), first)


def has_plateau(cells_kg: NDArray[np.float64], level_kg: float, for_s: float = 0.4) -> bool:
    """Whether the cells stay within 1 e of a level for a while."""
    near = np.abs(cells_kg - level_kg) <= E_KG
    steps = round(for_s / TIME_STEP_S)
    return bool((np.convolve(near, np.ones(steps), "valid") >= steps).any())


@pytest.mark.parametrize("model", [m if m in QUICK else pytest.param(m, marks=pytest.mark.slow) for m in WEIGHED])
def test_the_curve_rises_and_falls_by_axle_groups_to_the_true_mass(model: str) -> None:
    heavy = any(word in model for word in ("semi", "dumper", "truck"))
    vehicle = catalogue.vehicle(model, "v", 12_000 if heavy else 0)
    cells_kg, (weighing,) = weighed(vehicle)
    groups = groups_kg(vehicle)
    assert all(has_plateau(cells_kg, level_kg) for level_kg in np.cumsum(groups))
    ups = [step.to_kg - step.from_kg for step in weighing.steps if step.to_kg > step.from_kg]
    downs = [step.from_kg - step.to_kg for step in weighing.steps if step.to_kg < step.from_kg]
    assert weighing.stable_kg == pytest.approx(vehicle.mass_kg, abs=E_KG)
    assert len(ups) == len(downs) == len(groups)
    assert sum(ups) == pytest.approx(vehicle.mass_kg, abs=E_KG)
    # It speeds up as it rolls off, and the low passes round off a plateau as short as a twin-steered front's.
    assert ups == pytest.approx(groups, rel=0.05, abs=E_KG)
    assert downs == pytest.approx(groups, rel=0.05, abs=E_KG)
