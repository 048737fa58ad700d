"""Pictures as the plate reader wants them: 8-bit BGR, plate-sized, upright."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import PictureError

Picture = NDArray[np.uint8]

WIDTH_PX, HEIGHT_PX = 160, 64
LARGEST_PX = 65_535
_MIN_SIDE_PX = 4


def read_picture(path: Path) -> Picture:
    """A picture file as (H, W, 3) uint8 BGR; grey, 16-bit and transparent ones are converted. Raises PictureError."""
    try:
        raw = np.frombuffer(Path(path).read_bytes(), np.uint8)
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        decoded = cv2.imdecode(raw, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if raw.size else None
    except cv2.error as error:
        raise PictureError(f"{path}: expected a picture OpenCV can decode: {error.err}") from error
    if decoded is None:
        raise PictureError(f"{path}: expected a picture (JPEG, PNG, BMP, WebP or TIFF)")
    return as_bgr(decoded, str(path))


def as_bgr(picture: NDArray[Any], name: str = "picture") -> Picture:
    """Any picture as (H, W, 3) uint8 BGR. 16-bit and float pictures are scaled to their own range.

    Raises PictureError, with `name`, for arrays that are no picture and for sides under 4 or over 65535 pixels.
    """
    array = np.asarray(picture)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
        raise PictureError(f"{name}: expected height × width × 1 to 4 channels, got shape {picture.shape}")
    height, width = array.shape[:2]
    if min(height, width) < _MIN_SIDE_PX or max(height, width) > LARGEST_PX:
        raise PictureError(f"{name}: {width}×{height} pixels, expected sides of {_MIN_SIDE_PX} to {LARGEST_PX}")
    eight_bit = _eight_bit(array, name)
    if array.shape[2] < 3:
        return np.ascontiguousarray(np.repeat(eight_bit[:, :, :1], 3, axis=2))
    return np.ascontiguousarray(eight_bit[:, :, :3])


def _eight_bit(array: NDArray[Any], name: str) -> Picture:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint16 and array.dtype.kind != "f":
        raise PictureError(f"{name}: expected 8-bit, 16-bit or float samples, got {array.dtype}")
    values = np.nan_to_num(array.astype(np.float32))
    top = float(values.max())
    # 10- and 12-bit cameras store their samples in 16 bits: the brightest sample says which range is in use.
    ceiling = 1.0 if top <= 1.0 else 255.0 if top <= 255.0 else float(2 ** int(np.ceil(np.log2(top + 1.0))) - 1)
    ceiling = min(ceiling, float(np.finfo(np.float32).max))
    scaled: Picture = (np.clip(values, 0, ceiling) * (255.0 / ceiling)).astype(np.uint8)
    return scaled


def fit(crop: Picture) -> Picture:
    """A BGR crop stretched to the reader's (64, 160, 3) input; training and service both come through here."""
    shrinks = crop.shape[1] >= 1.5 * WIDTH_PX or crop.shape[0] >= 1.5 * HEIGHT_PX
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    fitted: Picture = cv2.resize(crop, (WIDTH_PX, HEIGHT_PX), interpolation=way)
    return fitted


def rectify(frame: Picture, corners: NDArray[np.float64], rows: int = 1, *, margin: float = 0.12) -> Picture:
    """The plate under four corners, seen straight on.

    corners: (4, 2) x, y in pixels of `frame`: top left, top right, bottom right, bottom left. margin: how much of the
    plate's size is kept around it. The crop is as wide as the plate's longer edge, 440:140 or 440:220 by `rows`.
    """
    quad = np.asarray(corners, np.float64).reshape(4, 2)
    edges = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
    width = float(np.clip(max(edges[0], edges[2]), 16, 640))
    height = width * ((220 if rows == 2 else 140) / 440)
    pad_x, pad_y = width * margin, height * margin
    size = (round(width + 2 * pad_x), round(height + 2 * pad_y))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + np.array([pad_x, pad_y])
    warp = cv2.getPerspectiveTransform(quad.astype(np.float32), target.astype(np.float32))
    straight: Picture = cv2.warpPerspective(frame, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return straight


def unrectify(points: NDArray[np.float64], corners: NDArray[np.float64], *, margin: float) -> NDArray[np.float64]:
    """Points of a crop that `rectify` cut with these corners and margin, back in its frame.

    points: (N, 2) fractions of the crop. Gives (N, 2) pixels of the frame.
    """
    near, far = margin / (1 + 2 * margin), (1 + margin) / (1 + 2 * margin)
    straight = np.array([[near, near], [far, near], [far, far], [near, far]], np.float32)
    warp = cv2.getPerspectiveTransform(straight, np.asarray(corners, np.float32).reshape(4, 2))
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), warp)[0], np.float64)


def png(picture: Picture) -> bytes:
    """A BGR picture as PNG, without loss."""
    _, data = cv2.imencode(".png", picture)
    return bytes(data)
