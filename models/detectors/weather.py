"""What light, weather and the camera do to a picture: night, cast, blur, noise, glare, compression."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture8 = NDArray[np.uint8]


def soil(picture: Picture8, rng: np.random.Generator) -> Picture8:
    """The picture as a gate's camera might have taken it, by day or night."""
    out = _light(picture, rng)
    if rng.random() < 0.08:
        out = _glare(out, rng)
    draw = rng.random()
    if draw < 0.25:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.4)), np.uint8)
    elif draw < 0.33:
        length = int(rng.integers(2, 7))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2 if rng.random() < 0.6 else slice(None), :] = 1
        out = np.asarray(cv2.filter2D(out, -1, kernel / kernel.sum()), np.uint8)
    elif draw < 0.45:
        shrink = rng.uniform(0.4, 0.8)
        small = cv2.resize(out, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        out = np.asarray(cv2.resize(small, (out.shape[1], out.shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)
    elif draw < 0.55:
        soft = cv2.GaussianBlur(out, (0, 0), 1.0)
        out = np.asarray(cv2.addWeighted(out, 1.8, soft, -0.8, 0), np.uint8)
    if rng.random() < 0.3:
        out = np.asarray(cv2.add(out, _noise(out.shape, rng), dtype=cv2.CV_8U), np.uint8)
    if rng.random() < 0.45:
        quality = int(rng.integers(25, 90))
        out = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR), np.uint8
        )
    return np.asarray(out, np.uint8)


def _light(picture: Picture8, rng: np.random.Generator) -> Picture8:
    """One look-up table per channel: gain, gamma, cast; one picture in five at night, one in twelve grey."""
    night = rng.random() < 0.2
    gain = rng.uniform(0.15, 0.55) if night else rng.uniform(0.65, 1.35)
    gamma, lift = np.exp(rng.normal(0, 0.2)), rng.uniform(-15, 20)
    grey = rng.random() < 0.08
    levels = np.arange(256) / 255.0
    tables = [
        np.clip(255 * levels**gamma * gain * (1 if grey else rng.uniform(0.85, 1.15)) + lift, 0, 255) for _ in range(3)
    ]
    table = np.stack(tables, 1).astype(np.uint8)[None]
    out = np.asarray(cv2.LUT(picture, table), np.uint8)
    if grey:
        out = np.asarray(cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    return out


def _glare(picture: Picture8, rng: np.random.Generator) -> Picture8:
    height, width = picture.shape[:2]
    veil = np.zeros((height // 4, width // 4), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        at = (int(rng.integers(width // 4)), int(rng.integers(height // 4)))
        cv2.circle(veil, at, int(rng.integers(2, 12)), float(rng.uniform(120, 255)), -1)
    veil = cv2.GaussianBlur(veil, (0, 0), rng.uniform(2, 9))
    whole = cv2.resize(veil, (width, height))[:, :, None]
    return np.asarray(np.clip(picture + whole, 0, 255), np.uint8)


_NOISE = np.clip(np.random.default_rng(7).normal(0, 1, (1024, 1024, 3)) * 24, -120, 120).astype(np.int16)


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int16]:
    y, x = rng.integers(0, 1024 - shape[0]), rng.integers(0, 1024 - shape[1])
    return (_NOISE[y : y + shape[0], x : x + shape[1]] * rng.uniform(0.1, 0.9)).astype(np.int16)
