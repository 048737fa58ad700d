"""What a vehicle looks like: its colour and its axles, from a few crops of its pass and voted over them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.card import Card
from vision.engine import Engine
from vision.errors import ModelError
from vision.facts import VehicleColour, VehicleLook
from vision.letterbox import check_frame

HEIGHT_PX, WIDTH_PX = 96, 160
COLOURS = tuple(VehicleColour)
AXLES = (2, 3, 4, 5, 6)
_MARGIN = 0.03
_LEAST_CHROMA = 2.5  # mean difference of the channels, of 255; a white lorry on asphalt has more
_FLOOR = -5.0  # of a log probability in the vote: one look never outvotes all others


@dataclass(frozen=True, slots=True, eq=False)
class AttributeScores:
    """What the network says of one crop, natural log probabilities: colour (10,) and axles (6,), "unknown" last."""

    colour: NDArray[np.float64]
    axles: NDArray[np.float64]


class VehicleAttributes:
    """Looks at crops of vehicles. The card's settings: colour_threshold, axles_threshold; its classes: the colours."""

    def __init__(self, engine: Engine, card: Card) -> None:
        if tuple(card.classes) != tuple(colour.value for colour in COLOURS):
            raise ModelError(f"the card of {card.name} lists {card.classes}, expected {[c.value for c in COLOURS]}")
        try:
            self._colour_least = float(card.settings["colour_threshold"])
            self._axles_least = float(card.settings["axles_threshold"])
        except KeyError as error:
            raise ModelError(f"the card of {card.name} lacks the setting {error} vehicle attributes need") from error
        self._engine = engine

    def scores(self, frame: NDArray[np.uint8], box: NDArray[np.float64]) -> AttributeScores:
        """What one vehicle of a BGR frame looks like; box (4,) in its pixels. Raises PictureError for anything else."""
        crop = crop_of(frame, box)
        colour, axles = self._engine.run(crop[None])
        known = colour[0].astype(np.float64)
        if _colourless(crop):
            known = np.append(np.full(len(COLOURS), _FLOOR), 0.0)
        return AttributeScores(known, axles[0].astype(np.float64))

    def judge(self, scores: Sequence[AttributeScores], weights: Sequence[float]) -> VehicleLook:
        """The looks of one pass joined: weighed means in log space; what they leave unsure is None."""
        share = np.asarray(weights, np.float64)
        share = share / share.sum()
        colour, sure = _winner([s.colour for s in scores], share, self._colour_least)
        axles, counted = _winner([s.axles for s in scores], share, self._axles_least)
        return VehicleLook(
            colour=COLOURS[colour] if colour is not None else None,
            colour_confidence=round(sure, 3) if colour is not None else 0.0,
            axles=AXLES[axles] if axles is not None else None,
            axles_confidence=round(counted, 3) if axles is not None else 0.0,
            looks=len(scores),
        )


def crop_of(frame: NDArray[np.uint8], box: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The vehicle under a box (4,) and a little around it, stretched to (HEIGHT_PX, WIDTH_PX, 3)."""
    check_frame(frame)
    height, width = frame.shape[:2]
    edge = _MARGIN * (box[2:] - box[:2])
    x0, y0 = np.clip(np.floor(box[:2] - edge), 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.clip(np.ceil(box[2:] + edge), (x0 + 1, y0 + 1), (width, height)).astype(int)
    part = frame[y0:y1, x0:x1]
    method = cv2.INTER_AREA if part.shape[1] > WIDTH_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (WIDTH_PX, HEIGHT_PX), interpolation=method), np.uint8)


def _colourless(crop: NDArray[np.uint8]) -> bool:
    """Whether a picture has no colours at all, as by infrared light or from a grey camera."""
    channels = crop.astype(np.int16)
    return bool(np.mean(channels.max(2) - channels.min(2)) < _LEAST_CHROMA)


def _winner(parts: list[NDArray[np.float64]], share: NDArray[np.float64], least: float) -> tuple[int | None, float]:
    """The index of what the looks agree on and its probability; None where that is "unknown" or under `least`.

    Looks that cannot tell, as those from behind cannot tell axles, leave the word to those that can.
    """
    stacked = np.maximum(np.stack(parts), _FLOOR)
    can_tell = 1 - np.exp(stacked[:, -1])
    weight = share * np.maximum(can_tell, 1e-3)
    mixed = weight @ stacked / weight.sum()
    known = np.exp(mixed - np.logaddexp.reduce(mixed))
    best = int(known.argmax())
    probability = float(known[best])
    return (best, probability) if best < len(known) - 1 and probability >= least else (None, probability)
