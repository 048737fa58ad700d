"""Burning what is known at a frame's instant into its picture."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.facts import PlateColour
from vision.overlay.text import Colour, badge, lay_on, raster
from vision.overlay.words import ABSENT, WORDS, kilograms, local_time, plate_text

Image = NDArray[np.uint8]

_WHITE: Colour = (255, 255, 255)
_GREY: Colour = (190, 190, 190)
_GREEN: Colour = (120, 230, 90)
_AMBER: Colour = (60, 190, 255)
_DARKEN = 0.28  # what is left of the picture's light under text
_PLATES: dict[PlateColour, tuple[Colour, Colour]] = {
    PlateColour.BLUE: (_WHITE, (150, 70, 10)),
    PlateColour.YELLOW: ((10, 10, 10), (20, 190, 250)),
    PlateColour.GREEN: ((10, 10, 10), (130, 210, 120)),
    PlateColour.YELLOW_GREEN: ((10, 10, 10), (100, 220, 190)),
    PlateColour.WHITE: ((10, 10, 10), (240, 240, 240)),
    PlateColour.BLACK: (_WHITE, (20, 20, 20)),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something outlined in the picture: a box (two corners) or a zone (three or more), in full-frame pixels."""

    points: tuple[tuple[float, float], ...]
    label: str = ""
    colour: Colour = _GREEN


@dataclass(frozen=True, slots=True)
class OverlayState:
    """Everything written into one picture. Weights are None where the scale said nothing at that instant.

    weight_kg, stable: the scale's reading at t_ms. gross_kg, tare_kg, net_kg: as taken for this visit. vehicle: whether
    there is one whose plate could be told.
    """

    t_ms: int
    site: str
    camera: str
    plate: str = ""
    plate_colour: PlateColour = PlateColour.YELLOW
    ticket: str = ""
    weight_kg: float | None = None
    stable: bool | None = None
    gross_kg: float | None = None
    tare_kg: float | None = None
    net_kg: float | None = None
    marks: tuple[Mark, ...] = ()
    vehicle: bool = True


class Overlay:
    """Draws states in one language and time zone. Text is sized by the picture, to be read on a phone."""

    def __init__(self, language: Literal["zh", "en"] = "zh", zone: str = "Asia/Shanghai") -> None:
        self._words = WORDS[language]
        self._zone = zone

    def draw(self, picture: Image, state: OverlayState, *, full_width: int | None = None) -> Image:
        """Draw into a BGR picture and give it back.

        full_width: width of the camera's full frame where `picture` is a smaller copy of it; marks are scaled.
        """
        self._marks(picture, state, picture.shape[1] / (full_width or picture.shape[1]))
        unit = max(9.0, picture.shape[1] / 40)
        self._top(picture, state, unit)
        self._bottom(picture, state, unit)
        return picture

    def _top(self, picture: Image, state: OverlayState, unit: float) -> None:
        size, width = round(unit * 0.85), picture.shape[1]
        _darken(picture[: round(size * 1.5)])
        clock = raster(local_time(state.t_ms, self._zone), size, _WHITE)
        lay_on(picture, clock, width - clock.shape[1] - size // 2, size // 8)
        room = width - clock.shape[1] - 2 * size
        name = raster(f"{state.site}  {state.camera}", size, _WHITE)
        lay_on(picture, name[:, : max(1, room)], size // 2, size // 8)

    def _bottom(self, picture: Image, state: OverlayState, unit: float) -> None:
        large, small = round(unit * 1.25), round(unit)
        height, width = picture.shape[:2]
        first = height - round(large * 1.45)
        second = first - round(large * 1.5)
        _darken(picture[max(0, second - large // 5) :])
        x = self._plate(picture, state, large // 2, second, large)
        if state.ticket:
            line = raster(f"{self._words['ticket']} {state.ticket}", small, _WHITE)
            lay_on(picture, line, min(x + large, width - line.shape[1] - large // 2), second + (large - small) // 2)
        x = lay_on(picture, raster(kilograms(state.weight_kg), large, _WHITE), large // 2, first)
        if state.weight_kg is not None and state.stable is not None:
            word, colour = ("stable", _GREEN) if state.stable else ("moving", _AMBER)
            at = first + round((large - small) * 0.9)
            lay_on(picture, raster(self._words[word], small, colour), x + small // 2, at)
        self._weights(picture, state, first, large, small)

    def _plate(self, picture: Image, state: OverlayState, x: int, y: int, size: int) -> int:
        if not state.plate:
            word = self._words["no_plate" if state.vehicle else "no_vehicle"]
            return lay_on(picture, raster(word, size, _GREY), x, y)
        sign = badge(plate_text(state.plate), size, *_PLATES[state.plate_colour])
        place = picture[max(y, 0) :, x:][: sign.shape[0], : sign.shape[1]]
        place[:] = sign[: place.shape[0], : place.shape[1]]
        after: int = x + sign.shape[1]
        return after

    def _weights(self, picture: Image, state: OverlayState, y: int, large: int, small: int) -> None:
        """Gross, tare, net in columns that do not move, from the right edge."""
        size = round(small * 0.8)
        column = round(size * 8.1)
        x = picture.shape[1] - 3 * column
        drop = round((large - size) * 0.9)
        for name, kg in (("gross", state.gross_kg), ("tare", state.tare_kg), ("net", state.net_kg)):
            label = raster(self._words[name], size, _GREY)
            after = lay_on(picture, label, x, y + drop)
            number = ABSENT if kg is None else f"{kg:,.0f}"
            lay_on(picture, raster(number, size, _WHITE), after + size // 3, y + drop)
            x += column

    def _marks(self, picture: Image, state: OverlayState, scale: float) -> None:
        thick = max(1, round(picture.shape[1] / 640))
        size = max(9, round(picture.shape[1] / 52))
        for mark in state.marks:
            points = np.round(np.array(mark.points) * scale).astype(np.int32)
            if len(points) == 2:
                cv2.rectangle(picture, points[0].tolist(), points[1].tolist(), mark.colour, thick)
            else:
                cv2.polylines(picture, [points.reshape(-1, 1, 2)], True, mark.colour, thick, cv2.LINE_AA)
            if mark.label:
                line = raster(mark.label, size, mark.colour)
                x, y = int(points[0][0]), int(points[0][1]) - line.shape[0]
                _darken(picture[max(0, y) : max(0, y + line.shape[0]), max(0, x) : max(0, x + line.shape[1])])
                lay_on(picture, line, x, y)


def _darken(place: Image) -> None:
    if place.size:
        place[:] = cv2.convertScaleAbs(place, alpha=_DARKEN)
