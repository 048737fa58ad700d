"""A plate as it leaves the press: painted, bordered, bolted; seen straight on, in even light."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.synthesis.glyphs import Glyphs
from models.synthesis.layout import cells, dot
from vision.facts import PlateColour
from vision.plates.grammar import Kind

Picture = NDArray[np.uint8]
SCALE_PX_PER_MM = 0.75

# BGR of the ground, then of the ink.
_PAINT = {
    PlateColour.BLUE: ((150, 62, 14), (245, 245, 245)),
    PlateColour.YELLOW: ((20, 165, 235), (25, 25, 25)),
    PlateColour.GREEN: ((120, 205, 90), (25, 25, 25)),
    PlateColour.YELLOW_GREEN: ((120, 205, 90), (25, 25, 25)),
    PlateColour.WHITE: ((235, 235, 235), (25, 25, 25)),
    PlateColour.BLACK: ((28, 28, 28), (240, 240, 240)),
}
_RED = (40, 35, 190)


@dataclass(frozen=True, slots=True)
class Plate:
    """What a painted plate is."""

    kind: Kind
    text: str


def paint(plate: Plate, glyphs: Glyphs, rng: np.random.Generator) -> Picture:
    """The plate as (H, W, 3) uint8 BGR at SCALE_PX_PER_MM."""
    width, height = (round(size * SCALE_PX_PER_MM) for size in plate.kind.size_mm)
    ground, ink = _colours(plate.kind, rng)
    canvas = _ground(plate.kind, ground, width, height, rng)
    _border(canvas, ink, plate.kind, rng)
    _letter(canvas, plate, glyphs, ink, rng)
    _bolts(canvas, plate.kind, rng)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _colours(kind: Kind, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    ground, ink = _PAINT[kind.colour]
    if kind.name in ("farm", "civil_aviation"):
        ground, ink = (60, 110, 20), (240, 240, 240)
    if kind.colour is PlateColour.BLUE and rng.random() < 0.4:
        ground = (200, 100, 40)
    shifted = np.array(ground, np.float32) + rng.normal(0, 14, 3).astype(np.float32)
    return shifted, np.array(ink, np.float32) + rng.normal(0, 8, 3).astype(np.float32)


def _ground(
    kind: Kind, ground: NDArray[np.float32], width: int, height: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = ground
    if kind.name.startswith("new_energy"):
        fade = np.linspace(rng.uniform(0.6, 1.0), rng.uniform(-0.2, 0.2), height, dtype=np.float32)
        fade = np.clip(fade, 0, 1)[:, None, None]
        if kind.name == "new_energy_large":
            fade = fade * 0.2
        canvas[:] = canvas * (1 - fade) + np.array((225, 245, 228), np.float32) * fade
    if kind.name == "new_energy_large":
        canvas[:, : round(width * rng.uniform(0.26, 0.3))] = (20, 165, 235)
    return canvas


def _border(canvas: NDArray[np.float32], ink: NDArray[np.float32], kind: Kind, rng: np.random.Generator) -> None:
    if rng.random() < 0.1:
        return
    height, width = canvas.shape[:2]
    inset = round(rng.uniform(2, 5) * SCALE_PX_PER_MM)
    colour = ink if kind.colour is not PlateColour.YELLOW or rng.random() < 0.95 else ink + 120
    thick = int(rng.integers(1, 4))
    cv2.rectangle(canvas, (inset, inset), (width - inset - 1, height - inset - 1), colour.tolist(), thick, cv2.LINE_AA)


def _letter(
    canvas: NDArray[np.float32], plate: Plate, glyphs: Glyphs, ink: NDArray[np.float32], rng: np.random.Generator
) -> None:
    alpha = np.zeros(canvas.shape[:2], np.uint8)
    red = np.zeros(canvas.shape[:2], np.uint8)
    shift_mm = rng.normal(0, 1.5, 2)
    for cell in cells(plate.kind, plate.text):
        width, height = round(cell.width_mm * SCALE_PX_PER_MM), round(cell.height_mm * SCALE_PX_PER_MM)
        x = round((cell.x_mm + shift_mm[0]) * SCALE_PX_PER_MM)
        y = round((cell.y_mm + shift_mm[1]) * SCALE_PX_PER_MM)
        target = (red if cell.red else alpha)[max(y, 0) : y + height, max(x, 0) : x + width]
        mask = glyphs.cut(cell.style, cell.character, width, height)
        np.maximum(target, mask[: target.shape[0], : target.shape[1]], out=target)
    _separator(alpha, plate.kind, rng)
    weight = rng.random()
    if weight < 0.35:
        kernel = np.ones((2, 2), np.uint8)
        alpha, red = (cv2.dilate(m, kernel) if weight < 0.2 else cv2.erode(m, kernel) for m in (alpha, red))
    if rng.random() < 0.3:
        canvas += np.roll(alpha, (1, 1), (0, 1))[:, :, None] * np.float32(rng.uniform(-0.25, 0.15))
    for mask, colour in ((alpha, ink), (red, np.array(_RED, np.float32))):
        share = mask[:, :, None].astype(np.float32) / 255
        canvas *= 1 - share
        canvas += share * colour


def _separator(alpha: NDArray[np.uint8], kind: Kind, rng: np.random.Generator) -> None:
    middle = dot(kind)
    if middle is None or rng.random() < 0.08:
        return
    at = tuple(round(value * SCALE_PX_PER_MM) for value in middle)
    cv2.circle(alpha, at, round(rng.uniform(4, 7) * SCALE_PX_PER_MM), 255, -1, cv2.LINE_AA)


def _bolts(canvas: NDArray[np.float32], kind: Kind, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    spots = [(x, y) for x in (0.25, 0.75) for y in (0.075, 0.925)]
    shade = float(rng.choice([30, 90, 160, 220]))
    presence = rng.random()
    for x, y in spots:
        if rng.random() > presence:
            continue
        at = (round((x + rng.normal(0, 0.008)) * width), round((y + rng.normal(0, 0.012)) * height))
        size = round(rng.uniform(3, 7) * SCALE_PX_PER_MM)
        cv2.circle(canvas, at, size, (shade, shade, shade), -1, cv2.LINE_AA)
