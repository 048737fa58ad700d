"""From where a plate is seen: the turn, the slant, and how a detector cuts the crop around it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.crop import rectify

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """A crop and the plate's corners as fractions of it: top left, top right, bottom right, bottom left."""

    crop: Picture
    corners: Points


def draw_quad(rng: np.random.Generator, width_mm: float, height_mm: float) -> Points:
    """The plate's four corners as some camera sees them, in units of the plate's width, anywhere."""
    half = np.array([1.0, height_mm / width_mm]) / 2
    quad = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    manner = rng.random()
    if manner < 0.2:
        return np.asarray(quad + rng.normal(0, 0.004, (4, 2)))
    strength = 1.0 if manner < 0.85 else 2.2
    quad[:, 0] *= rng.uniform(0.72 if strength > 1 else 0.85, 1.0)
    angle = np.deg2rad(rng.normal(0, 4.5 * strength))
    shear, slant = rng.normal(0, 0.09 * strength), rng.normal(0, 0.05 * strength)
    quad = quad @ np.array([[1, slant], [shear, 1]])
    quad = quad @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(quad + rng.normal(0, 0.009 * strength, (4, 2)))


def draw_box(rng: np.random.Generator, quad: Points) -> tuple[Points, Points]:
    """A detector's box around the quad, from too tight to very loose: its top left and bottom right."""
    low, high = quad.min(0), quad.max(0)
    size = high - low
    manner = rng.random()
    if manner < 0.35:
        spread = rng.uniform(-0.035, 0.035, 4)
    elif manner < 0.8:
        spread = rng.uniform(-0.01, 0.1, 4)
    else:
        spread = rng.uniform(0.0, 0.3, 4)
    spread[[1, 3]] *= rng.uniform(1.0, 1.5)
    return low - spread[:2] * size, high + spread[2:] * size


def photograph(
    plate: Picture, rng: np.random.Generator, background: Picture, width_mm: float, height_mm: float
) -> View:
    """The plate seen from somewhere, before a background, as the crop a detector would cut."""
    quad = draw_quad(rng, width_mm, height_mm)
    top_left, bottom_right = draw_box(rng, quad)
    size = bottom_right - top_left
    width_px = float(np.exp(rng.uniform(np.log(64), np.log(230))))
    height_px = max(width_px * size[1] / size[0] * rng.uniform(0.85, 1.18), 18.0)
    shape = (round(width_px), round(height_px))
    fractions = (quad - top_left) / size
    target = (fractions * shape).astype(np.float32)
    # Shrinking first keeps the warp from skipping pixels.
    shrink = min(1.0, 1.4 * float(np.ptp(target[:, 0])) / plate.shape[1])
    if shrink < 0.9:
        plate = cv2.resize(plate, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    height, width = plate.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(source, target)
    scene = cv2.resize(background, shape, interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.25:
        _frame(scene, target, rng)
    seen = cv2.warpPerspective(plate, warp, shape, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full((height, width), 255, np.uint8), warp, shape, flags=cv2.INTER_LINEAR)
    share = cover[:, :, None].astype(np.float32) / 255
    return View((scene * (1 - share) + seen * share).astype(np.uint8), fractions)


def _frame(scene: Picture, quad: NDArray[np.float32], rng: np.random.Generator) -> None:
    """The holder many plates sit in: a dark or bright rim just outside."""
    middle = quad.mean(0)
    grown = middle + (quad - middle) * rng.uniform(1.03, 1.14)
    shade = tuple(int(v) for v in rng.choice([20, 40, 120, 200]) + rng.integers(-15, 15, 3))
    cv2.fillConvexPoly(scene, grown.astype(np.int32), shade, cv2.LINE_AA)


def nudge(crop: Picture, rng: np.random.Generator) -> Picture:
    """A real crop seen a little differently and cut a little differently; its borders are repeated, not invented."""
    height, width = crop.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.deg2rad(rng.normal(0, 2.5))
    middle = corners.mean(0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, rng.normal(0, 0.02)], [rng.normal(0, 0.06), 1]])
    seen = (corners - middle) @ turn @ shear + middle
    seen += rng.normal(0, 0.018, (4, 2)) * (width, height)
    grow = rng.uniform(-0.02, 0.07, 4) * (width, height, width, height)
    seen -= np.array([[grow[0], grow[1]], [-grow[2], grow[1]], [-grow[2], -grow[3]], [grow[0], -grow[3]]]) * -1
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
    return np.asarray(cv2.warpPerspective(crop, warp, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def recut(crop: Picture, corners: Points, rows: int, rng: np.random.Generator) -> tuple[Picture, NDArray[np.float64]]:
    """The crop straightened by corners found nearly right, as the gate cuts what its plate detector finds.

    corners: (4, 2) fractions of `crop`. Gives the new crop and the (3, 3) homography from old to new fractions.
    """
    size = np.ptp(corners, axis=0)
    found = corners + rng.normal(0, 0.02, 2) * size + rng.normal(0, (0.012, 0.04), (4, 2)) * size
    margin = 0.12 if rng.random() < 0.6 else float(rng.uniform(-0.03, 0.2))
    shape_px = (crop.shape[1], crop.shape[0])
    straight = rectify(crop, found * shape_px, rows, margin=margin)
    edge = margin / (1 + 2 * margin)
    target = np.array([[edge, edge], [1 - edge, edge], [1 - edge, 1 - edge], [edge, 1 - edge]], np.float32)
    return straight, np.asarray(cv2.getPerspectiveTransform(found.astype(np.float32), target), np.float64)


def cut_off(crop: Picture, rng: np.random.Generator) -> Picture:
    """A plate that the picture's side cuts through: what lies beyond is the last column repeated, as `rectify` does."""
    width = crop.shape[1]
    lost = max(round(width * rng.uniform(0.03, 0.1)), 1)
    left = rng.random() < 0.7
    kept = crop[:, lost:] if left else crop[:, : width - lost]
    before, after = (lost, 0) if left else (0, lost)
    return np.asarray(cv2.copyMakeBorder(kept, 0, 0, before, after, cv2.BORDER_REPLICATE), np.uint8)
