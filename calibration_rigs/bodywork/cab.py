"""The cab of a truck: skin, windows, grille, lamps, bumper, arches."""

import numpy as np

from calibration_rigs.bodywork.parts import band, between, patch_side
from calibration_rigs.bodywork.shell import Shell
from calibration_rigs.mesh import rounded_rectangle


def cab(shell: Shell, width: float, back: float, roof: float) -> None:
    """A flat-fronted truck cab: front axle at x = 0, its face at x = 1.42."""
    h = width / 2
    rings = [
        rounded_rectangle(back, 1.38, h - 0.04, 0.95, 0.16),
        rounded_rectangle(back, 1.42, h, 1.15, 0.18),
        rounded_rectangle(back, 1.40, h, 1.80, 0.20),
        rounded_rectangle(back, 1.20, h - 0.03, roof - 0.52, 0.24),
        rounded_rectangle(back, 1.02, h - 0.07, roof - 0.22, 0.28),
        rounded_rectangle(back + 0.10, 0.62, h - 0.16, roof - 0.06, 0.30),
        rounded_rectangle(back + 0.30, 0.25, h - 0.35, roof, 0.30),
    ]
    shell["paint"].loft(rings)
    # The windscreen wraps round the front corners: points 15..19 and 0..4 of a ring are the front.
    low, high = between(rings[2], rings[3], 0.06), between(rings[2], rings[3], 0.97)
    band(shell["glass"], low, high, (17, 23), 0.012)
    for side in (1, -1):
        y = side * (h + 0.006)
        front, rear = 1.02, back + 0.62
        quad = [
            (front, y, 1.85),
            (rear, y, 1.85),
            (rear, side * (h - 0.022), roof - 0.62),
            (front - 0.12, side * (h - 0.022), roof - 0.62),
        ]
        shell["glass"].polygon(quad[::-1] if side < 0 else quad)
        for x in (1.10, back + 0.52):
            patch_side(shell["dark"], side, h + 0.005, (x - 0.008, 1.0), (x + 0.008, 1.80))
        patch_side(shell["dark"], side, h + 0.012, (0.42, 1.55), (0.62, 1.60))
        for z in (0.50, 0.78):
            shell["dark"].box((0.45, min(y, y - side * 0.25), z), (1.05, max(y, y - side * 0.25), z + 0.05))
        mirror_y = side * (h + 0.20)
        shell["dark"].box((1.16, mirror_y - 0.10, 1.75), (1.24, mirror_y + 0.10, 2.35))
        shell["dark"].cylinder((1.15, side * h, 2.30), (1.20, mirror_y, 2.30), 0.02, 6)
        shell["dark"].cylinder((1.15, side * h, 1.85), (1.20, mirror_y, 1.85), 0.02, 6)
        _wheel_arch(shell, side, h)
    shell["grille"].quad_picture([(1.435, -0.82, 1.62), (1.435, 0.82, 1.62), (1.43, 0.82, 1.02), (1.43, -0.82, 1.02)])
    shell["chrome"].box((1.42, -0.30, 1.66), (1.445, 0.30, 1.74))
    shell["dark"].box((1.14, -1.0, roof - 0.50), (1.42, 1.0, roof - 0.46))
    for y in (-0.75, -0.25, 0.25, 0.75):
        shell["lamp_amber"].box((0.98, y - 0.08, roof - 0.16), (1.02, y + 0.08, roof - 0.11))
    for y0, y1 in ((0.55, -0.05), (-0.05, -0.65)):
        shell["dark"].cylinder((1.415, y0, 1.84), (1.36, y1, 2.02), 0.012, 5)
    _front_bumper(shell, h)


def _front_bumper(shell: Shell, h: float) -> None:
    rings = [
        rounded_rectangle(1.0, 1.40, h - 0.06, 0.36, 0.12),
        rounded_rectangle(1.0, 1.46, h, 0.50, 0.12),
        rounded_rectangle(1.0, 1.46, h, 0.92, 0.12),
        rounded_rectangle(1.0, 1.42, h - 0.02, 0.98, 0.12),
    ]
    shell["bumper"].loft(rings)
    for side in (1, -1):
        y = side * (h - 0.30)
        shell["dark"].box((1.455, y - 0.22, 0.58), (1.468, y + 0.22, 0.84))
        for offset in (-0.10, 0.10):
            shell["lamp_white"].cylinder((1.46, y + offset, 0.71), (1.482, y + offset, 0.71), 0.085, 14)
        shell["lamp_amber"].box((1.40, y - 0.2, 0.86), (1.472, y + 0.2, 0.90))
        shell["chrome"].cylinder((1.46, side * 0.72, 0.44), (1.475, side * 0.72, 0.44), 0.06, 12)
    shell["dark"].box((1.455, -0.50, 0.44), (1.463, 0.50, 0.56))


def _wheel_arch(shell: Shell, side: int, h: float) -> None:
    """A dark arch over the front wheel."""
    turn = np.linspace(0.05 * np.pi, 0.95 * np.pi, 9)
    x, z = 0.64 * np.cos(turn), 0.52 + 0.66 * np.sin(turn)
    outer, inner = side * (h + 0.01), side * (h - 0.35)
    for i in range(8):
        quad = [(x[i], outer, z[i]), (x[i + 1], outer, z[i + 1]), (x[i + 1], inner, z[i + 1]), (x[i], inner, z[i])]
        shell["dark"].polygon(quad if side > 0 else quad[::-1])
        shell["dark"].polygon(quad[::-1] if side > 0 else quad)
        rim = [
            (x[i], outer, z[i]),
            (x[i + 1], outer, z[i + 1]),
            (x[i + 1] * 1.12, outer, 0.52 + (z[i + 1] - 0.52) * 1.10),
            (x[i] * 1.12, outer, 0.52 + (z[i] - 0.52) * 1.10),
        ]
        shell["dark"].polygon(rim if side > 0 else rim[::-1])
