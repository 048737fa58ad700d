"""What one look at a picture says of the camera's own condition, in numbers that light and weather hardly change."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.source import Frame

ROWS, COLUMNS = 6, 8  # blocks the picture is judged in
_SMALL = 160  # width at which structure is compared
_FINE = 640  # width at which sharpness is measured
_WHITE, _BLACK = 250, 24
_NOISE = 20.0  # what a Laplacian makes of a sensor's noise, grey levels
_LEAST_STRUCTURE = 4.0  # standard deviation of a block's edges, grey levels

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture measured.

    edges: strength of edges at about 160 pixels' width. contrast: standard deviation of brightness, 0..128.
    white, black: shares of the picture without any drawing. fineness: how much of its detail is fine detail;
    contrast cancels out of it. crispness: the same of what stands out of a sensor's noise. print: of the exact pixels.
    """

    t_ms: int
    edges: Map
    contrast: float
    light: float
    white: float
    black: float
    fineness: float
    crispness: float
    print: int


def look_at(frame: Frame) -> Look:
    """Measure a frame; about a millisecond."""
    fine = frame.luma(max(1, frame.width // _FINE)).astype(np.float32)
    small = frame.luma(max(1, frame.width // _SMALL))
    soft = cv2.GaussianBlur(small.astype(np.float32), (3, 3), 0)
    edges = np.abs(cv2.Sobel(soft, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    half = cv2.resize(fine, (fine.shape[1] // 4, fine.shape[0] // 4), interpolation=cv2.INTER_AREA)
    detail, form = (np.abs(cv2.Laplacian(p, cv2.CV_32F)) for p in (fine, half))
    return Look(
        frame.t_ms,
        edges,
        float(small.std()),
        float(small.mean()),
        float((small >= _WHITE).mean()),
        float((small <= _BLACK).mean()),
        float(detail.mean()) / (float(form.mean()) + 0.5),
        float(np.maximum(detail - _NOISE, 0).mean()) / (float(np.maximum(form - _NOISE, 0).mean()) + 0.5),
        hash(small.tobytes()),
    )


def likeness(edges: Map, known: Map) -> tuple[float, float]:
    """(share of the known picture's structured blocks found again, share of its blocks that have structure).

    A block is found again when its edges correlate with those known there.
    """
    found = structured = 0
    floor = max(0.5 * float(known.std()), _LEAST_STRUCTURE)
    for now, then in zip(_blocks(edges), _blocks(known), strict=True):
        if then.std() < floor:
            continue
        structured += 1
        a, b = now - now.mean(), then - then.mean()
        scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
        found += bool(scale > 0 and float((a * b).sum()) / scale > 0.35)
    return (found / structured if structured else 1.0), structured / (ROWS * COLUMNS)


def shift(edges: Map, known: Map) -> tuple[float, float]:
    """How far the picture moved, as a share of its width, and how clear that is (0..1)."""
    window = cv2.createHanningWindow((known.shape[1], known.shape[0]), cv2.CV_32F)
    (dx, dy), clear = cv2.phaseCorrelate(known, edges, window)
    return float(np.hypot(dx, dy)) / known.shape[1], float(clear)


def _blocks(picture: Map) -> list[Map]:
    height, width = picture.shape[0] // ROWS, picture.shape[1] // COLUMNS
    return [
        picture[r * height : (r + 1) * height, c * width : (c + 1) * width] for r in range(ROWS) for c in range(COLUMNS)
    ]
