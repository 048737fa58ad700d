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
    now, then = _blocks(edges), _blocks(known)
    spread = then.std(axis=1)
    structured = spread >= max(0.5 * float(known.std()), _LEAST_STRUCTURE)
    if not structured.any():
        return 1.0, 0.0
    a, b = now[structured], then[structured]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    found = (a * b).sum(axis=1) > 0.35 * scale
    return float(found.mean()), float(structured.mean())


def shift(edges: Map, known: Map) -> tuple[float, float]:
    """How far the picture moved, as a share of its width, and how clear that is (0..1)."""
    window = cv2.createHanningWindow((known.shape[1], known.shape[0]), cv2.CV_32F)
    (dx, dy), clear = cv2.phaseCorrelate(known, edges, window)
    return float(np.hypot(dx, dy)) / known.shape[1], float(clear)


def _blocks(picture: Map) -> Map:
    """The picture's blocks, (ROWS * COLUMNS, pixels)."""
    height, width = picture.shape[0] // ROWS, picture.shape[1] // COLUMNS
    cut = picture[: height * ROWS, : width * COLUMNS].reshape(ROWS, height, COLUMNS, width)
    return cut.swapaxes(1, 2).reshape(ROWS * COLUMNS, height * width)
