"""The bodies of trucks and trailers."""

from calibration_rigs.bodywork.cab import cab
from calibration_rigs.bodywork.loads import barrel, open_body
from calibration_rigs.bodywork.parts import fenders, fenders_trailer, frame, patch_side, side_guards, tail
from calibration_rigs.bodywork.shell import Shell
from calibration_rigs.vehicle import Unit, Vehicle


def tractor(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A tractor with tank, exhaust and fifth wheel."""
    h = unit.width / 2
    cab(shell, unit.width, -0.85, unit.height)
    frame(shell, 1.0, unit.back)
    shell["chrome"].cylinder((-2.35, h - 0.32, 0.72), (-1.05, h - 0.32, 0.72), 0.30, 16)
    shell["dark"].box((-2.0, -h + 0.05, 0.45), (-1.1, -h + 0.55, 1.0))
    shell["chrome"].cylinder((-1.02, -h + 0.35, 0.9), (-1.02, -h + 0.35, unit.height + 0.1), 0.08, 10)
    shell["dark"].cylinder((-3.75, 0, 1.05), (-3.75, 0, 1.20), 0.45, 16)
    fenders(shell, unit)
    tail(shell, unit.back, h, 0.75)


def coal_trailer(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A high-sided semi-trailer."""
    h = unit.width / 2
    ends, heights = (unit.front, unit.back + 0.1), (1.38, unit.height)
    open_body(shell, ends, h, heights, loaded=vehicle.cargo == "coal", pitch_m=0.85)
    frame(shell, unit.front - 0.3, unit.back + 0.1, 1.26)
    for side in (1, -1):
        shell["dark"].box((-2.6, side * 0.85 - 0.06, 0.25), (-2.45, side * 0.85 + 0.06, 1.2))
        patch_side(shell["reflect"], side, h + 0.048, (unit.back + 0.3, 1.27), (unit.front - 0.3, 1.32))
    side_guards(shell, -3.0, unit.axles[0] + 0.9, h)
    fenders_trailer(shell, unit)
    tail(shell, unit.back + 0.08, h, 0.92)


def tank_trailer(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A tank semi-trailer."""
    h = unit.width / 2
    barrel(shell, (unit.front, unit.back + 0.25), h, (1.25, unit.height))
    frame(shell, unit.front - 0.3, unit.back, 1.26)
    shell["placard"].quad_picture(
        [
            (unit.back + 0.2, 0.55, 1.75),
            (unit.back + 0.2, -0.55, 1.75),
            (unit.back + 0.2, -0.55, 1.45),
            (unit.back + 0.2, 0.55, 1.45),
        ]
    )
    for side in (1, -1):
        shell["dark"].box((-2.6, side * 0.85 - 0.06, 0.25), (-2.45, side * 0.85 + 0.06, 1.2))
        shell["dark"].box((-5.6, side * (h - 0.35) - 0.25, 0.55), (-4.2, side * (h - 0.35) + 0.25, 1.1))
    side_guards(shell, -3.0, unit.axles[0] + 0.9, h)
    fenders_trailer(shell, unit)
    tail(shell, unit.back + 0.05, h, 0.92)


def dumper(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A rigid tipper with its shield over the cab."""
    h = unit.width / 2
    cab(shell, unit.width - 0.04, -0.75, 3.05)
    frame(shell, 1.0, unit.back)
    front = -0.95
    ends, heights = (front, unit.back + 0.05), (1.30, unit.height - 0.2)
    open_body(shell, ends, h, heights, loaded=vehicle.cargo == "coal", pitch_m=0.95)
    shell["body"].box((front, -h, unit.height - 0.15), (-0.2, h, unit.height - 0.05))
    shell["chrome"].cylinder((front + 0.12, 0, 1.0), (front + 0.12, 0, 2.6), 0.12, 12)
    fenders(shell, unit)
    tail(shell, unit.back, h, 0.85)


def tank_truck(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A rigid tanker."""
    h = unit.width / 2
    cab(shell, unit.width - 0.04, -0.75, 2.95)
    frame(shell, 1.0, unit.back)
    barrel(shell, (-1.0, unit.back + 0.3), h - 0.05, (1.20, unit.height))
    side_guards(shell, -1.2, unit.axles[1] + 0.9, h)
    fenders(shell, unit)
    tail(shell, unit.back, h, 0.85)


def box_truck(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A closed van body on a light chassis."""
    h = unit.width / 2
    cab(shell, unit.width - 0.10, -0.6, 2.7)
    frame(shell, 1.0, unit.back)
    shell["body"].box((unit.back + 0.05, -h, 1.15), (-0.75, h, unit.height))
    for y in (0.0,):
        shell["dark"].box((unit.back + 0.03, y - 0.01, 1.2), (unit.back + 0.05, y + 0.01, unit.height - 0.05))
    side_guards(shell, -1.0, unit.axles[1] + 0.9, h)
    fenders(shell, unit)
    tail(shell, unit.back, h, 0.85)
