"""Crops of vehicles as they train: cut once, then seen each time a little differently, in another light."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from models.attributes.labels import NOT_JUDGED, Judged
from vision.attributes import AXLES, COLOURS, HEIGHT_PX, WIDTH_PX
from vision.plates.crop import read_picture

Picture = NDArray[np.uint8]
Batch = tuple[Picture, NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]
MOST_WHEELS = 12
_SPARE = 0.12  # of the box kept around a crop, for cutting it differently
_STORED = (round(WIDTH_PX * 1.25), round(HEIGHT_PX * 1.25))
_REAL_SHARE = 0.5
IGNORED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Crops with room around them (N, H, W, 3), their truths as class indices, IGNORED where unknown.

    wheels: (N, MOST_WHEELS, 2) fractions of the crop, NaN beyond those there are; all infinite where none are known.
    """

    crops: NDArray[np.uint8]
    colours: NDArray[np.int64]
    axles: NDArray[np.int64]
    odds: NDArray[np.float64]
    wheels: NDArray[np.float32]


def gather(vehicles: list[Judged]) -> Samples:
    """Every vehicle cut out of its picture; rare colours and real vehicles get better odds of being drawn."""
    crops = [_cut(judged) for judged in track(vehicles, "crops", transient=True)]
    colours = np.array([colour_index(v) for v in vehicles], np.int64)
    axles = np.array([axles_index(v) for v in vehicles], np.int64)
    stacked = np.stack(crops) if crops else np.zeros((0, _STORED[1], _STORED[0], 3), np.uint8)
    wheels = np.stack([_wheels(v) for v in vehicles]) if vehicles else np.zeros((0, MOST_WHEELS, 2), np.float32)
    return Samples(stacked, colours, axles, _odds(vehicles, colours), wheels)


def colour_index(judged: Judged) -> int:
    """Its class in the network's output: unknown is the last."""
    if not judged.colour_judged:
        return IGNORED
    return len(COLOURS) if judged.colour is None else COLOURS.index(judged.colour)


def axles_index(judged: Judged) -> int:
    """Its class in the network's output: unknown is the last."""
    if judged.axles == NOT_JUDGED:
        return IGNORED
    return AXLES.index(judged.axles) if judged.axles in AXLES else len(AXLES)


def batches(samples: Samples, rng: np.random.Generator, size: int) -> Iterator[Batch]:
    """Crops (size, HEIGHT_PX, WIDTH_PX, 3), colours, axles and wheels as in Samples, without end."""
    while True:
        chosen = rng.choice(len(samples.crops), size, p=samples.odds)
        seen = [seen_anew(samples.crops[i], samples.wheels[i], rng) for i in chosen]
        crops, wheels = np.stack([crop for crop, _ in seen]), np.stack([places for _, places in seen])
        yield crops, samples.colours[chosen], samples.axles[chosen], wheels


def seen_anew(
    crop: Picture, wheels: NDArray[np.float32], rng: np.random.Generator
) -> tuple[Picture, NDArray[np.float32]]:
    """One stored crop, cut a little differently, mirrored, in another light, by another camera; and its wheels."""
    height, width = crop.shape[:2]
    spare = _SPARE / (1 + 2 * _SPARE)
    low = rng.uniform(0.0, 1.5 * spare, 2)
    high = 1 - rng.uniform(0.0, 1.5 * spare, 2)
    x0, x1, y0, y1 = round(low[0] * width), round(high[0] * width), round(low[1] * height), round(high[1] * height)
    part = crop[y0:y1, x0:x1]
    if rng.random() < 0.25:
        small = rng.uniform(0.3, 0.7)
        part = cv2.resize(part, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    picture = cv2.resize(part, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    wheels = ((wheels - low) / (high - low)).astype(np.float32)
    if rng.random() < 0.5:
        picture, wheels = picture[:, ::-1], np.column_stack([1 - wheels[:, 0], wheels[:, 1]])
    picture = picture * rng.uniform(0.6, 1.35) * rng.uniform(0.94, 1.06, 3).astype(np.float32) + rng.uniform(-12, 12)
    if rng.random() < 0.3:
        picture = picture + rng.normal(0, rng.uniform(2, 10), picture.shape).astype(np.float32)
    if rng.random() < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 1.5)))
    return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)), wheels


def _wheels(judged: Judged) -> NDArray[np.float32]:
    """Its wheels as fractions of its stored crop."""
    places = np.full((MOST_WHEELS, 2), np.nan if judged.drawn else np.inf, np.float32)
    low, size = np.array(judged.box[:2]), np.subtract(judged.box[2:], judged.box[:2])
    for number, wheel in enumerate(judged.wheels[:MOST_WHEELS]):
        places[number] = ((np.array(wheel) - low) / size + _SPARE) / (1 + 2 * _SPARE)
    return places


def _cut(judged: Judged) -> Picture:
    picture = read_picture(judged.picture)
    x0, y0, x1, y1 = judged.box
    room_x, room_y = _SPARE * (x1 - x0), _SPARE * (y1 - y0)
    scale = np.array([_STORED[0] / (x1 - x0 + 2 * room_x), _STORED[1] / (y1 - y0 + 2 * room_y)])
    view = np.array([[scale[0], 0, -scale[0] * (x0 - room_x)], [0, scale[1], -scale[1] * (y0 - room_y)]])
    shrinks = scale.min() < 0.6
    if shrinks:  # keeps the warp from skipping pixels
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(0.4 / scale.min())), np.uint8)
    return np.asarray(cv2.warpAffine(picture, view, _STORED, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _odds(vehicles: list[Judged], colours: NDArray[np.int64]) -> NDArray[np.float64]:
    """Real and drawn vehicles in their shares; within each, rare colours and axle counts more often."""
    odds = np.zeros(len(vehicles))
    for drawn, share in ((False, _REAL_SHARE), (True, 1 - _REAL_SHARE)):
        here = [i for i, v in enumerate(vehicles) if v.drawn == drawn]
        by_colour = Counter(int(colours[i]) for i in here)
        by_axles = Counter(vehicles[i].axles for i in here)
        worth = np.array([(by_colour[int(colours[i])] * by_axles[vehicles[i].axles]) ** -0.5 for i in here])
        if here:
            odds[here] = share * worth / worth.sum()
    total: NDArray[np.float64] = odds / max(odds.sum(), 1e-9)
    return total
