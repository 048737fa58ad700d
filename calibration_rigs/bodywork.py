"""What vehicles look like: each body is a set of meshes, one per material, in its unit's frame."""

import itertools
from collections import defaultdict

import numpy as np

from calibration_rigs.mesh import MeshBuilder, Points, rounded_rectangle
from calibration_rigs.vehicle import Unit, Vehicle

Shell = defaultdict[str, MeshBuilder]  # material: mesh


def shell_of(vehicle: Vehicle, index: int) -> Shell:
    """The meshes of one unit, without wheels and plates."""
    shell: Shell = defaultdict(lambda: MeshBuilder(scale=0.25))
    shell["coal"] = MeshBuilder(scale=0.5)
    unit = vehicle.units[index]
    builders = {
        "tractor": _tractor,
        "coal_trailer": _coal_trailer,
        "tank_trailer": _tank_trailer,
        "dumper": _dumper,
        "tank_truck": _tank_truck,
        "box_truck": _box_truck,
        "car": _car,
        "suv": _suv,
        "van": _van,
        "bus": _bus,
        "person": _person,
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


def _band(shell: MeshBuilder, lower: Points, upper: Points, span: tuple[int, int], out_m: float) -> None:
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


def _between(a: Points, b: Points, share: float) -> Points:
    return np.asarray(a + share * (b - a))


def _cab(shell: Shell, width: float, back: float, roof: float) -> None:
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
    low, high = _between(rings[2], rings[3], 0.06), _between(rings[2], rings[3], 0.97)
    _band(shell["glass"], low, high, (17, 23), 0.012)
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
            _patch_side(shell["dark"], side, h + 0.005, (x - 0.008, 1.0), (x + 0.008, 1.80))
        _patch_side(shell["dark"], side, h + 0.012, (0.42, 1.55), (0.62, 1.60))
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


def _patch_side(mesh: MeshBuilder, side: int, y: float, low: tuple[float, float], high: tuple[float, float]) -> None:
    """A flat rectangle on a vehicle's side, (x, z) corners."""
    quad = [
        (low[0], side * y, low[1]),
        (high[0], side * y, low[1]),
        (high[0], side * y, high[1]),
        (low[0], side * y, high[1]),
    ]
    mesh.polygon(quad[::-1] if side > 0 else quad)


def _frame(shell: Shell, front: float, back: float, top: float = 1.05) -> None:
    for y in (0.42, -0.42):
        shell["dark"].box((back, y - 0.05, top - 0.28), (front, y + 0.05, top))


def _tractor(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    h = unit.width / 2
    _cab(shell, unit.width, -0.85, unit.height)
    _frame(shell, 1.0, unit.back)
    shell["chrome"].cylinder((-2.35, h - 0.32, 0.72), (-1.05, h - 0.32, 0.72), 0.30, 16)
    shell["dark"].box((-2.0, -h + 0.05, 0.45), (-1.1, -h + 0.55, 1.0))
    shell["chrome"].cylinder((-1.02, -h + 0.35, 0.9), (-1.02, -h + 0.35, unit.height + 0.1), 0.08, 10)
    shell["dark"].cylinder((-3.75, 0, 1.05), (-3.75, 0, 1.20), 0.45, 16)
    _fenders(shell, unit)
    _tail(shell, unit.back, h, 0.75)


def _fenders(shell: Shell, unit: Unit) -> None:
    h = unit.width / 2
    for x in unit.axles[1:]:
        for side in (1, -1):
            y = sorted((side * h, side * (h - 0.6)))
            shell["dark"].box((x - 0.5, y[0], 1.10), (x + 0.5, y[1], 1.13))
            shell["rubber"].box((x - 0.66, y[0], 0.35), (x - 0.64, y[1], 1.0))


def _tail(shell: Shell, x: float, h: float, z: float) -> None:
    """Rear lamps and bumper beam."""
    shell["stripes"].quad_picture(
        [(x - 0.02, h, z - 0.10), (x - 0.02, -h, z - 0.10), (x - 0.02, -h, z - 0.26), (x - 0.02, h, z - 0.26)]
    )
    shell["dark"].box((x - 0.01, -h, z - 0.27), (x + 0.1, h, z - 0.09))
    for side in (1, -1):
        y = side * (h - 0.25)
        shell["lamp_red"].box((x - 0.04, y - 0.18, z), (x, y + 0.02, z + 0.14))
        shell["lamp_amber"].box((x - 0.04, y + 0.02, z), (x, y + 0.14, z + 0.14))


def _side_guards(shell: Shell, front: float, back: float, h: float) -> None:
    for side in (1, -1):
        for z in (0.55, 0.80):
            _patch_side(shell["bumper"], side, h - 0.03, (back, z), (front, z + 0.11))
        x = front
        while x > back:
            shell["dark"].box((x - 0.04, side * (h - 0.1) - 0.03, 0.5), (x, side * (h - 0.1) + 0.03, 1.1))
            x -= 1.2


def _open_body(
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


def _coal_trailer(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    h = unit.width / 2
    ends, heights = (unit.front, unit.back + 0.1), (1.38, unit.height)
    _open_body(shell, ends, h, heights, loaded=vehicle.cargo == "coal", pitch_m=0.85)
    _frame(shell, unit.front - 0.3, unit.back + 0.1, 1.26)
    for side in (1, -1):
        shell["dark"].box((-2.6, side * 0.85 - 0.06, 0.25), (-2.45, side * 0.85 + 0.06, 1.2))
        _patch_side(shell["reflect"], side, h + 0.048, (unit.back + 0.3, 1.27), (unit.front - 0.3, 1.32))
    _side_guards(shell, -3.0, unit.axles[0] + 0.9, h)
    _fenders_trailer(shell, unit)
    _tail(shell, unit.back + 0.08, h, 0.92)


def _fenders_trailer(shell: Shell, unit: Unit) -> None:
    h = unit.width / 2
    for side in (1, -1):
        y = sorted((side * h, side * (h - 0.6)))
        shell["rubber"].box((unit.axles[-1] - 0.68, y[0], 0.3), (unit.axles[-1] - 0.66, y[1], 1.1))


def _barrel(shell: Shell, x_span: tuple[float, float], h: float, z_span: tuple[float, float]) -> None:
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
        _patch_side(shell["reflect"], side, h + 0.01, (back + 0.5, middle - 0.06), (front - 0.5, middle))
        quad = [
            (back + 2.0, side * (h * 0.93), middle + 0.45 * rise),
            (front - 2.0, side * (h * 0.93), middle + 0.45 * rise),
            (front - 2.0, side * (h + 0.015), middle + 0.05),
            (back + 2.0, side * (h + 0.015), middle + 0.05),
        ]
        shell["placard"].quad_picture(quad if side < 0 else [quad[1], quad[0], quad[3], quad[2]])


def _tank_trailer(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    h = unit.width / 2
    _barrel(shell, (unit.front, unit.back + 0.25), h, (1.25, unit.height))
    _frame(shell, unit.front - 0.3, unit.back, 1.26)
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
    _side_guards(shell, -3.0, unit.axles[0] + 0.9, h)
    _fenders_trailer(shell, unit)
    _tail(shell, unit.back + 0.05, h, 0.92)


def _dumper(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    h = unit.width / 2
    _cab(shell, unit.width - 0.04, -0.75, 3.05)
    _frame(shell, 1.0, unit.back)
    front = -0.95
    ends, heights = (front, unit.back + 0.05), (1.30, unit.height - 0.2)
    _open_body(shell, ends, h, heights, loaded=vehicle.cargo == "coal", pitch_m=0.95)
    shell["body"].box((front, -h, unit.height - 0.15), (-0.2, h, unit.height - 0.05))
    shell["chrome"].cylinder((front + 0.12, 0, 1.0), (front + 0.12, 0, 2.6), 0.12, 12)
    _fenders(shell, unit)
    _tail(shell, unit.back, h, 0.85)


def _tank_truck(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    h = unit.width / 2
    _cab(shell, unit.width - 0.04, -0.75, 2.95)
    _frame(shell, 1.0, unit.back)
    _barrel(shell, (-1.0, unit.back + 0.3), h - 0.05, (1.20, unit.height))
    _side_guards(shell, -1.2, unit.axles[1] + 0.9, h)
    _fenders(shell, unit)
    _tail(shell, unit.back, h, 0.85)


def _box_truck(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
    h = unit.width / 2
    _cab(shell, unit.width - 0.10, -0.6, 2.7)
    _frame(shell, 1.0, unit.back)
    shell["body"].box((unit.back + 0.05, -h, 1.15), (-0.75, h, unit.height))
    for y in (0.0,):
        shell["dark"].box((unit.back + 0.03, y - 0.01, 1.2), (unit.back + 0.05, y + 0.01, unit.height - 0.05))
    _side_guards(shell, -1.0, unit.axles[1] + 0.9, h)
    _fenders(shell, unit)
    _tail(shell, unit.back, h, 0.85)


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
                _band(shell["glass"], _between(a, b, 0.04), _between(a, b, 0.96), span, 0.008)
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


def _car(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
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


def _suv(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
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


def _van(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
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


def _bus(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
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


def _person(shell: Shell, unit: Unit, vehicle: Vehicle) -> None:
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
