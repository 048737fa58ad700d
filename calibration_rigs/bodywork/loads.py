"""What a truck carries its load in: the open body with coal, the tank."""

import numpy as np

from calibration_rigs.bodywork.parts import patch_side
from calibration_rigs.bodywork.shell import Shell
from calibration_rigs.mesh import MeshBuilder


def open_body(
    shell: Shell, x_span: tuple[float, float], h: float, z_span: tuple[float, float], *, loaded: bool, pitch_m: float
) -> None:
    """A high-sided open body with posts, filled with coal or empty."""
    (front, back), (floor, rim) = x_span, z_span
    wall = 0.06
    body = shell["body"]
    body.box((back, -h, floor - 0.12), (front, h, floor))
    for y in (-h, h - wall):
        body.box((back, y, floor), (front, y + wall, rim))
    for x in (back, front - wall):
        body.box((x, -h, floor), (x + wall, h, rim))
    count = max(2, round((front - back) / pitch_m))
    for i in range(count + 1):
        x = back + (front - back - 0.1) * i / count
        for side in (1, -1):
            low, high = sorted((side * h, side * (h + 0.045)))
            body.box((x, low, floor - 0.15), (x + 0.10, high, rim + 0.03))
    for side in (1, -1):
        low, high = sorted((side * (h - 0.05), side * (h + 0.05)))
        body.box((back, low, rim), (front, high, rim + 0.08))
    level, heap = (rim - 0.25, 0.5) if loaded else (floor + 0.02, 0.03)
    _heap(shell["coal"], (back + wall, front - wall), h - wall, level, heap)


def _heap(mesh: MeshBuilder, x_span: tuple[float, float], h: float, level: float, height: float) -> None:
    """Loose coal in a body: an uneven surface, highest in the middle."""
    rng = np.random.default_rng(int(1000 * (x_span[1] - x_span[0])))
    xs, ys = np.linspace(*x_span, 22), np.linspace(-h, h, 9)
    gx, gy = np.meshgrid(xs, ys, indexing="ij")
    along = np.clip(np.minimum(gx - xs[0], xs[-1] - gx) / 1.2, 0, 1)
    z = (
        level
        + height * along * (1 - (gy / h) ** 2) * (0.75 + 0.25 * np.sin(gx * 2.1))
        + 0.05 * height * rng.standard_normal(gx.shape)
    )
    grid = np.stack([gx, gy, z], axis=2)
    for i in range(len(xs) - 1):
        for j in range(len(ys) - 1):
            mesh.polygon([grid[i, j], grid[i + 1, j], grid[i + 1, j + 1], grid[i, j + 1]])


def barrel(shell: Shell, x_span: tuple[float, float], h: float, z_span: tuple[float, float]) -> None:
    """An elliptic tank with dished ends, bands, walkway and manholes."""
    (front, back), (low, top) = x_span, z_span
    middle, rise = (low + top) / 2, (top - low) / 2
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    rings = []
    for share, x in (
        (0.0, back),
        (0.75, back + 0.10),
        (1.0, back + 0.30),
        (1.0, front - 0.30),
        (0.75, front - 0.10),
        (0.0, front),
    ):
        s = max(share, 0.02)
        rings.append(np.stack([np.full(28, x), s * h * np.cos(turn), middle + s * rise * np.sin(turn)], axis=1))
    shell["body"].loft(rings)
    for x in np.linspace(back + 0.6, front - 0.6, 5):
        ring = [
            np.stack([np.full(28, x + d), 1.012 * h * np.cos(turn), middle + 1.012 * rise * np.sin(turn)], axis=1)
            for d in (0, 0.06)
        ]
        shell["chrome"].loft(ring, caps=False)
    for x in np.linspace(back + 1.0, front - 1.0, 3):
        shell["dark"].cylinder((x, 0, top - 0.03), (x, 0, top + 0.12), 0.28, 14)
    shell["dark"].box((back + 0.4, -0.45, top - 0.02), (front - 0.4, -0.32, top + 0.02))
    for side in (1, -1):
        patch_side(shell["reflect"], side, h + 0.01, (back + 0.5, middle - 0.06), (front - 0.5, middle))
        quad = [
            (back + 2.0, side * (h * 0.93), middle + 0.45 * rise),
            (front - 2.0, side * (h * 0.93), middle + 0.45 * rise),
            (front - 2.0, side * (h + 0.015), middle + 0.05),
            (back + 2.0, side * (h + 0.015), middle + 0.05),
        ]
        shell["placard"].quad_picture(quad if side < 0 else [quad[1], quad[0], quad[3], quad[2]])
