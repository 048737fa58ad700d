"""What vehicles look like: each body is a set of meshes, one per material, in its unit's frame."""

from collections import defaultdict

from calibration_rigs.bodywork.heavy import box_truck, coal_trailer, dumper, tank_trailer, tank_truck, tractor
from calibration_rigs.bodywork.light import bus, car, person, suv, van
from calibration_rigs.bodywork.shell import Shell
from calibration_rigs.mesh import MeshBuilder
from calibration_rigs.vehicle import Unit, Vehicle


def shell_of(vehicle: Vehicle, index: int) -> Shell:
    """The meshes of one unit, without wheels and plates."""
    shell: Shell = defaultdict(lambda: MeshBuilder(scale=0.25))
    shell["coal"] = MeshBuilder(scale=0.5)
    unit = vehicle.units[index]
    builders = {
        "tractor": tractor,
        "coal_trailer": coal_trailer,
        "tank_trailer": tank_trailer,
        "dumper": dumper,
        "tank_truck": tank_truck,
        "box_truck": box_truck,
        "car": car,
        "suv": suv,
        "van": van,
        "bus": bus,
        "person": person,
    }
    builders[unit.body](shell, unit, vehicle)
    return defaultdict(MeshBuilder, {name: builder for name, builder in shell.items() if builder})


def wheels_of(unit: Unit, steered: bool) -> Shell:
    """The wheels of one axle, centred on it; twin tyres unless steered or small."""
    shell: Shell = defaultdict(MeshBuilder)
    if unit.body == "person":
        return shell
    r, half = unit.tyre_radius, unit.track / 2
    tyre = 0.30 if unit.tyre_radius > 0.45 else 0.2
    width = tyre if steered or unit.tyre_radius < 0.45 else 0.62
    for side in (1, -1):
        out = side * (half + 0.15)
        inner = out - side * width
        shell["rubber"].cylinder((0, inner, 0), (0, out, 0), r, 22)
        shell["wheel"].disc_picture((0, out + side * 0.004, 0), side, r)
    if unit.tyre_radius > 0.45:
        shell["dark"].cylinder((0, -half, 0), (0, half, 0), 0.09, 8)
    return defaultdict(MeshBuilder, {name: builder for name, builder in shell.items() if builder})


__all__ = ["Shell", "shell_of", "wheels_of"]
