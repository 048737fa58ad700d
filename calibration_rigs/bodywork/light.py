"""Cars, vans, buses and people."""

import itertools

import numpy as np

from calibration_rigs.bodywork.parts import band, between
from calibration_rigs.bodywork.shell import Shell
from calibration_rigs.mesh import rounded_rectangle
from calibration_rigs.vehicle import Unit, Vehicle


def _motor_body(shell: Shell, profile: list[tuple[float, float, float]], glass: tuple[float, float], h: float) -> None:
    """A car-like body lofted over heights; profile: (z, x_back, x_front); glass: heights of the windows."""
    rings = []
    for z, back, front in profile:
        inset = 0.0 if z < glass[0] else 0.22 * (z - glass[0])
        rings.append(rounded_rectangle(back, front, h - inset - (0.05 if z < 0.35 else 0), z, 0.22))
    shell["paint"].loft(rings)
    for a, b in itertools.pairwise(rings):
        if a[0, 2] >= glass[0] - 1e-6 and b[0, 2] <= glass[1] + 1e-6:
            for span in ((0, 4), (4, 5), (5, 9), (9, 10), (10, 14), (14, 15), (15, 19), (19, 20)):
                band(shell["glass"], between(a, b, 0.04), between(a, b, 0.96), span, 0.008)
            pillar_x = (a[:, 0].max() + a[:, 0].min()) / 2
            for side in (1, -1):
                quad = [
                    (pillar_x - 0.05, side * (a[:, 1].max() + 0.012), a[0, 2]),
                    (pillar_x + 0.05, side * (a[:, 1].max() + 0.012), a[0, 2]),
                    (pillar_x + 0.05, side * (b[:, 1].max() + 0.012), b[0, 2]),
                    (pillar_x - 0.05, side * (b[:, 1].max() + 0.012), b[0, 2]),
                ]
                shell["paint"].polygon(quad[::-1] if side > 0 else quad)


def _small_lamps(shell: Shell, front: float, back: float, h: float, z: float) -> None:
    for side in (1, -1):
        y = side * (h - 0.22)
        shell["lamp_white"].box((front - 0.12, y - 0.16, z), (front + 0.004, y + 0.12, z + 0.12))
        shell["lamp_red"].box((back - 0.004, y - 0.14, z + 0.1), (back + 0.12, y + 0.14, z + 0.24))
    shell["dark"].box((front - 0.1, -0.5, z - 0.18), (front + 0.006, 0.5, z - 0.02))
    for side in (1, -1):
        shell["dark"].box((front - 1.5, side * (h + 0.09) - 0.08, 0.95), (front - 1.4, side * (h + 0.09) + 0.08, 1.08))


def car(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A saloon."""
    f, b, h = unit.front, unit.back, unit.width / 2
    _motor_body(
        shell,
        [
            (0.22, b + 0.1, f - 0.1),
            (0.45, b, f),
            (0.72, b, f - 0.05),
            (0.86, b + 0.05, f - 0.5),
            (0.95, b + 0.35, f - 1.15),
            (unit.height - 0.06, b + 1.15, f - 1.95),
            (unit.height, b + 1.5, f - 2.2),
        ],
        (0.94, unit.height - 0.05),
        h,
    )
    _small_lamps(shell, f, b, h, 0.60)


def suv(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A high car."""
    f, b, h = unit.front, unit.back, unit.width / 2
    _motor_body(
        shell,
        [
            (0.30, b + 0.05, f - 0.1),
            (0.55, b, f),
            (0.90, b, f - 0.08),
            (1.06, b + 0.03, f - 1.0),
            (unit.height - 0.08, b + 0.35, f - 1.75),
            (unit.height, b + 0.6, f - 2.0),
        ],
        (1.05, unit.height - 0.07),
        h,
    )
    _small_lamps(shell, f, b, h, 0.75)


def van(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A delivery or passenger van."""
    f, b, h = unit.front, unit.back, unit.width / 2
    _motor_body(
        shell,
        [
            (0.28, b, f - 0.1),
            (0.50, b, f),
            (0.95, b, f - 0.1),
            (1.10, b, f - 0.35),
            (unit.height - 0.25, b + 0.05, f - 1.1),
            (unit.height, b + 0.15, f - 1.5),
        ],
        (1.09, unit.height - 0.24),
        h,
    )
    _small_lamps(shell, f, b, h, 0.75)


def bus(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A coach."""
    f, b, h = unit.front, unit.back, unit.width / 2
    _motor_body(
        shell,
        [
            (0.32, b, f - 0.05),
            (0.60, b, f),
            (1.25, b, f),
            (2.55, b + 0.02, f - 0.15),
            (2.95, b + 0.05, f - 0.2),
            (unit.height, b + 0.25, f - 0.5),
        ],
        (1.24, 2.56),
        h,
    )
    _small_lamps(shell, f, b, h, 0.70)


def person(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    """A worker in a vest and a helmet, in mid-stride."""
    tall = unit.height / 1.75
    for side, step in ((1, 0.14), (-1, -0.14)):
        hip, knee, foot = (
            (0.0, 0.09 * side, 0.90 * tall),
            (step, 0.10 * side, 0.48 * tall),
            (step * 1.2, 0.10 * side, 0.06),
        )
        shell["body"].cylinder(knee, hip, 0.085, 10)
        shell["body"].cylinder(foot, knee, 0.065, 10)
        shell["dark"].box((foot[0] - 0.09, foot[1] - 0.05, 0.0), (foot[0] + 0.17, foot[1] + 0.05, 0.09))
        shoulder, hand = (0.0, 0.21 * side, 1.42 * tall), (-1.3 * step, 0.27 * side, 0.88 * tall)
        shell["paint"].cylinder(hand, shoulder, 0.052, 8)
        shell["skin"].box((hand[0] - 0.05, hand[1] - 0.04, hand[2] - 0.12), (hand[0] + 0.05, hand[1] + 0.04, hand[2]))
    rings = []
    for z, depth, half in (
        (0.84, 0.11, 0.17),
        (1.05, 0.12, 0.18),
        (1.35, 0.13, 0.22),
        (1.46, 0.09, 0.19),
        (1.50, 0.05, 0.06),
    ):
        rings.append(rounded_rectangle(-depth, depth, half, z * tall, 0.6 * min(depth, half)))
    shell["paint"].loft(rings)
    for z in (1.05, 1.22):
        ring = rounded_rectangle(-0.135, 0.135, 0.215, z * tall, 0.08)
        shell["reflect"].loft([ring, ring + np.array((0, 0, 0.05))], caps=False)
    head = [
        rounded_rectangle(-d, d, d, z * tall, 0.9 * d)
        for z, d in ((1.50, 0.05), (1.55, 0.085), (1.65, 0.095), (1.70, 0.08))
    ]
    shell["skin"].loft(head)
    hat = [
        rounded_rectangle(-d, d, d, z * tall, 0.95 * d)
        for z, d in ((1.645, 0.13), (1.66, 0.125), (1.72, 0.10), (1.76, 0.05))
    ]
    shell["bumper"].loft(hat)
