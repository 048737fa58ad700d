"""Parts many bodies share: strips of skin, frame, fenders, tail, guards."""

import numpy as np

from calibration_rigs.bodywork.shell import Shell
from calibration_rigs.mesh import MeshBuilder, Points
from calibration_rigs.vehicle import Unit


def band(shell: MeshBuilder, lower: Points, upper: Points, span: tuple[int, int], out_m: float) -> None:
    """A strip of skin between two rings, over the points of a span, lifted by out_m from the skin."""
    middle = lower.mean(axis=0)
    for i in range(*span):
        quad = np.array(
            [lower[i % len(lower)], lower[(i + 1) % len(lower)], upper[(i + 1) % len(upper)], upper[i % len(upper)]]
        )
        away = quad.mean(axis=0) - middle
        away[2] = 0
        quad += out_m * away / np.linalg.norm(away)
        shell.polygon(quad)


def between(a: Points, b: Points, share: float) -> Points:
    """A ring a share of the way from one to another."""
    return np.asarray(a + share * (b - a))


def patch_side(mesh: MeshBuilder, side: int, y: float, low: tuple[float, float], high: tuple[float, float]) -> None:
    """A flat rectangle on a vehicle's side, (x, z) corners."""
    quad = [
        (low[0], side * y, low[1]),
        (high[0], side * y, low[1]),
        (high[0], side * y, high[1]),
        (low[0], side * y, high[1]),
    ]
    mesh.polygon(quad[::-1] if side > 0 else quad)


def frame(shell: Shell, front: float, back: float, top: float = 1.05) -> None:
    """The two rails everything stands on."""
    for y in (0.42, -0.42):
        shell["dark"].box((back, y - 0.05, top - 0.28), (front, y + 0.05, top))


def fenders(shell: Shell, unit: Unit) -> None:
    """Mudguards over the driven axles, and flaps behind them."""
    h = unit.width / 2
    for x in unit.axles[1:]:
        for side in (1, -1):
            y = sorted((side * h, side * (h - 0.6)))
            shell["dark"].box((x - 0.5, y[0], 1.10), (x + 0.5, y[1], 1.13))
            shell["rubber"].box((x - 0.66, y[0], 0.35), (x - 0.64, y[1], 1.0))


def fenders_trailer(shell: Shell, unit: Unit) -> None:
    """Flaps behind a trailer's last axle."""
    h = unit.width / 2
    for side in (1, -1):
        y = sorted((side * h, side * (h - 0.6)))
        shell["rubber"].box((unit.axles[-1] - 0.68, y[0], 0.3), (unit.axles[-1] - 0.66, y[1], 1.1))


def tail(shell: Shell, x: float, h: float, z: float) -> None:
    """Rear lamps and bumper beam."""
    shell["stripes"].quad_picture(
        [(x - 0.02, h, z - 0.10), (x - 0.02, -h, z - 0.10), (x - 0.02, -h, z - 0.26), (x - 0.02, h, z - 0.26)]
    )
    shell["dark"].box((x - 0.01, -h, z - 0.27), (x + 0.1, h, z - 0.09))
    for side in (1, -1):
        y = side * (h - 0.25)
        shell["lamp_red"].box((x - 0.04, y - 0.18, z), (x, y + 0.02, z + 0.14))
        shell["lamp_amber"].box((x - 0.04, y + 0.02, z), (x, y + 0.14, z + 0.14))


def side_guards(shell: Shell, front: float, back: float, h: float) -> None:
    """Rails between the axles, with their posts."""
    for side in (1, -1):
        for z in (0.55, 0.80):
            patch_side(shell["bumper"], side, h - 0.03, (back, z), (front, z + 0.11))
        x = front
        while x > back:
            shell["dark"].box((x - 0.04, side * (h - 0.1) - 0.03, 0.5), (x, side * (h - 0.1) + 0.03, 1.1))
            x -= 1.2
