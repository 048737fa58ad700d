"""A camera's place from surveyed ground points, how good it is, and the metre grid that shows it."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration_rigs.camera import View, view_of
from calibration_rigs.errors import CalibrationError, SiteImpossible
from gate.site.devices import Camera, SurveyedPoint

Picture = NDArray[np.uint8]
LEAST_POINTS = 4


@dataclass(frozen=True, slots=True)
class PointError:
    """How far one surveyed point is off: in the picture, on the ground, and on the ground had it not been surveyed.

    left_out_cm: None with four points, where none can be spared.
    """

    image: tuple[float, float]
    ground: tuple[float, float]
    px: float
    cm: float
    left_out_cm: float | None


@dataclass(frozen=True, slots=True, eq=False)
class CameraFound:
    """A camera's place. rms_px, worst_cm: over the surveyed points; worst_left_out_cm: each judged by the others."""

    camera: str
    view: View
    points: tuple[PointError, ...]
    rms_px: float
    worst_cm: float
    worst_left_out_cm: float | None

    def to_plain(self) -> dict[str, Any]:
        """The report as JSON knows it."""
        return {
            "camera": self.camera,
            "height_m": round(float(self.view.centre[2]), 3),
            "position": [round(float(v), 3) for v in self.view.centre[:2]],
            "focal_px": round(float(self.view.matrix[0, 0]), 1),
            "rms_px": round(self.rms_px, 3),
            "worst_cm": round(self.worst_cm, 2),
            "worst_left_out_cm": None if self.worst_left_out_cm is None else round(self.worst_left_out_cm, 2),
            "points": [
                {
                    "image": list(p.image),
                    "ground": list(p.ground),
                    "px": round(p.px, 3),
                    "cm": round(p.cm, 2),
                    "left_out_cm": None if p.left_out_cm is None else round(p.left_out_cm, 2),
                }
                for p in self.points
            ],
        }


def calibrate_camera(camera: Camera) -> CameraFound:
    """Place a camera by its surveyed points (and its lens, where the site file gives one).

    Raises CalibrationError when there are too few points or they determine no place above the ground.
    """
    if len(camera.points) < LEAST_POINTS:
        raise CalibrationError(
            f"camera {camera.id!r} has {len(camera.points)} surveyed points; four or more are needed"
        )
    if _on_a_line(camera.points):
        raise CalibrationError(f"camera {camera.id!r}: its surveyed points lie on one line; spread them out")
    try:
        view = view_of(camera)
        rows = tuple(_error(camera, view, number) for number in range(len(camera.points)))
    except SiteImpossible as error:
        raise CalibrationError(str(error)) from error
    left_out = [r.left_out_cm for r in rows if r.left_out_cm is not None]
    return CameraFound(
        camera.id,
        view,
        rows,
        float(np.sqrt(np.mean([r.px**2 for r in rows]))),
        max(r.cm for r in rows),
        max(left_out, default=None),
    )


def _error(camera: Camera, view: View, number: int) -> PointError:
    point = camera.points[number]
    others = tuple(p for i, p in enumerate(camera.points) if i != number)
    left_out = None
    if len(others) >= LEAST_POINTS and not _on_a_line(others):
        left_out = _cm(view_of(camera.model_copy(update={"points": others})), point)
    seen = view.project([(*point.ground, 0.0)])[0]
    px = float(np.hypot(*(seen - np.array(point.image))))
    return PointError(point.image, point.ground, px, _cm(view, point), left_out)


def _cm(view: View, point: SurveyedPoint) -> float:
    ground = view.ground([point.image])[0]
    return float("inf") if np.isnan(ground).any() else 100 * float(np.hypot(*(ground - np.array(point.ground))))


def _on_a_line(points: tuple[SurveyedPoint, ...]) -> bool:
    """Whether the points are too close to one line to determine a plane."""
    ground = np.array([p.ground for p in points])
    spread = np.linalg.svd(ground - ground.mean(axis=0), compute_uv=False)
    return bool(spread[1] < 0.05 * spread[0])


def grid_picture(frame: Picture, found: CameraFound, reach_m: float = 60.0) -> Picture:
    """The frame with the metre grid laid over it (each fifth line strong), and the surveyed points, BGR."""
    out = frame.copy()
    view = found.view
    middle = np.round(np.mean([p.ground for p in found.points], axis=0) / 5) * 5
    marks = np.arange(-reach_m, reach_m + 0.5, 1.0)
    for axis in (0, 1):
        for mark in marks:
            line = np.zeros((241, 2))
            line[:, axis] = middle[axis] + mark
            line[:, 1 - axis] = middle[1 - axis] + np.linspace(-reach_m, reach_m, 241)
            strong = round(middle[axis] + mark) % 5 == 0
            _draw(out, view, line, (0, 220, 255) if strong else (200, 200, 120), 2 if strong else 1)
    for point in found.points:
        at = (round(point.image[0]), round(point.image[1]))
        cv2.circle(out, at, 7, (0, 0, 255), 2, cv2.LINE_AA)
        label = f"{point.px:.1f} px {point.cm:.0f} cm"
        cv2.putText(out, label, (at[0] + 10, at[1] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 255), 2)
    return out


def _draw(out: Picture, view: View, line: NDArray[np.float64], colour: tuple[int, int, int], thick: int) -> None:
    """One grid line, piece by piece, where it lies before the camera and near enough to tell lines apart."""
    world = np.column_stack([line, np.zeros(len(line))])
    depth = view.depth(world)
    seen = view.project(world)
    height, width = out.shape[:2]
    near = (depth > 0.5) & (depth < 45) & (np.abs(seen) < 4 * max(width, height)).all(axis=1)
    for i in np.flatnonzero(near[:-1] & near[1:]):
        a, b = ((round(float(x)), round(float(y))) for x, y in seen[i : i + 2])
        cv2.line(out, a, b, colour, thick, cv2.LINE_AA)
