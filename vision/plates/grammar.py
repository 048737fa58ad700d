"""What a Chinese number plate may say: every kind, position by position, and decoding that keeps to it.

Kinds, sizes and alphabets follow GA 36 (motor vehicles), with farm, army, armed police and civil aviation plates beside
it. Decoding never looks at what a ticket expects: it only chooses among texts some kind of plate can carry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.facts import PlateColour

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
DIGITS = "0123456789"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SERIAL = DIGITS + LETTERS
NEW_ENERGY = "DABCEFGHJK"

SLOTS = 8
BLANK = ""
ALPHABET: tuple[str, ...] = (BLANK, *PROVINCES, *DIGITS, *LETTERS, *"学警港澳挂使领民航")
COLOURS: tuple[PlateColour, ...] = tuple(PlateColour)
INDEX = {character: index for index, character in enumerate(ALPHABET)}

# A colour seen through a cast, or by infrared light, must not outweigh what is written: its vote is bounded.
COLOUR_FLOOR = -4.0
ROWS_FLOOR = -6.0
# Plates with the official vehicles' 0 in the second place went out of use: none of 1,946 real ones has it, 31 have a Q.
OFFICIAL = "0"
_OFFICIAL_ODDS = float(np.log(0.1))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of plate. positions: the characters each place allows; top: how many stand in the upper of two rows."""

    name: str
    colour: PlateColour
    positions: tuple[str, ...]
    size_mm: tuple[int, int] = (440, 140)
    top: int = 0

    @property
    def rows(self) -> int:
        return 2 if self.top else 1

    def allows(self, text: str) -> bool:
        return len(text) == len(self.positions) and all(
            character in allowed for character, allowed in zip(text, self.positions, strict=True)
        )


def _serial(count: int, last: str = "") -> tuple[str, ...]:
    return (SERIAL,) * count + ((last,) if last else ())


# The letter O of official vehicles is cut with the digit's die, and written 0 in every list of plates.
_PLACE = (PROVINCES, LETTERS + OFFICIAL)
_LETTERED = (PROVINCES, LETTERS)
_LARGE, _LONG, _FARM = (440, 220), (480, 140), (300, 165)

KINDS: tuple[Kind, ...] = (
    Kind("small", PlateColour.BLUE, _PLACE + _serial(5)),
    Kind("large_front", PlateColour.YELLOW, _PLACE + _serial(5)),
    Kind("large_rear", PlateColour.YELLOW, _PLACE + _serial(5), _LARGE, top=2),
    Kind("trailer", PlateColour.YELLOW, _PLACE + _serial(4, "挂"), _LARGE, top=2),
    Kind("coach", PlateColour.YELLOW, _PLACE + _serial(4, "学")),
    Kind("new_energy_small", PlateColour.GREEN, (*_LETTERED, NEW_ENERGY, SERIAL, *(DIGITS,) * 4), _LONG),
    Kind("new_energy_large", PlateColour.YELLOW_GREEN, (*_LETTERED, *(DIGITS,) * 5, NEW_ENERGY), _LONG),
    Kind("police", PlateColour.WHITE, _PLACE + _serial(4, "警")),
    Kind("hong_kong_macau", PlateColour.BLACK, ("粤", "Z", *_serial(4, "港澳"))),
    Kind("foreign", PlateColour.BLACK, _PLACE + _serial(5)),
    Kind("consulate", PlateColour.BLACK, _PLACE + _serial(4, "领")),
    Kind("embassy", PlateColour.BLACK, ("使", *(DIGITS,) * 6)),
    Kind("armed_police", PlateColour.WHITE, ("W", "J", PROVINCES, *(DIGITS,) * 4, SERIAL)),
    Kind("armed_police_rear", PlateColour.WHITE, ("W", "J", PROVINCES, *(DIGITS,) * 4, SERIAL), _LARGE, top=3),
    Kind("army", PlateColour.WHITE, (LETTERS, LETTERS, *(DIGITS,) * 5)),
    Kind("army_rear", PlateColour.WHITE, (LETTERS, LETTERS, *(DIGITS,) * 5), _LARGE, top=2),
    Kind("farm", PlateColour.GREEN, (PROVINCES, DIGITS, DIGITS, *_serial(5)), _FARM, top=3),
    Kind("civil_aviation", PlateColour.GREEN, ("民", "航", LETTERS, *(DIGITS,) * 4)),
)
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the reader's network says of one crop, before the grammar.

    text: (8, len(ALPHABET)) natural log probabilities, left-aligned, BLANK after the last character.
    colour: (6,) and rows: (2,) log probabilities. plate: probability that the crop shows a plate at all.
    corners: (4, 2) the plate's corners as fractions of the crop, top left first, clockwise.
    """

    text: NDArray[np.float64]
    colour: NDArray[np.float64]
    rows: NDArray[np.float64]
    plate: float
    corners: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The likeliest plate under the grammar. characters: the probability of each; second: the runner-up text."""

    text: str
    kind: Kind
    characters: tuple[float, ...]
    second: str

    @property
    def probability(self) -> float:
        """How likely the whole text is, by its characters."""
        return float(np.prod(self.characters))


def _masks() -> NDArray[np.float64]:
    masks = np.full((len(KINDS), SLOTS, len(ALPHABET)), -np.inf)
    for number, kind in enumerate(KINDS):
        for slot in range(SLOTS):
            allowed: Sequence[str] = kind.positions[slot] if slot < len(kind.positions) else (BLANK,)
            masks[number, slot, [INDEX[character] for character in allowed]] = 0.0
            if allowed == LETTERS + OFFICIAL:
                masks[number, slot, INDEX[OFFICIAL]] = _OFFICIAL_ODDS
    return masks


_MASKS = _masks()
_KIND_COLOUR = np.array([COLOURS.index(kind.colour) for kind in KINDS])
_KIND_ROWS = np.array([kind.rows - 1 for kind in KINDS])


def decode(scores: Scores) -> Decoded:
    """The likeliest text some kind of plate can carry, by characters, colour and rows together."""
    allowed = scores.text + _MASKS
    best = allowed.argmax(-1)
    written = np.take_along_axis(allowed, best[..., None], -1)[..., 0].sum(-1)
    looks = np.maximum(scores.colour, COLOUR_FLOOR)[_KIND_COLOUR] + np.maximum(scores.rows, ROWS_FLOOR)[_KIND_ROWS]
    totals = written + looks
    winner = int(totals.argmax())
    text = _spell(best[winner])
    characters = tuple(float(np.exp(scores.text[slot, INDEX[character]])) for slot, character in enumerate(text))
    return Decoded(text, KINDS[winner], characters, _runner_up(text, allowed[winner], best, totals, winner))


def _runner_up(
    text: str,
    allowed: NDArray[np.float64],
    best: NDArray[np.intp],
    totals: NDArray[np.float64],
    winner: int,
) -> str:
    """The best text but one: another character in the winner's kind, or another kind's best."""
    ranked = np.sort(allowed, axis=-1)
    losses = ranked[:, -1] - ranked[:, -2]
    slot = int(losses.argmin())
    changed = best[winner].copy()
    changed[slot] = int(np.argsort(allowed[slot])[-2])
    second, score = _spell(changed), float(totals[winner] - losses[slot])
    for number in np.argsort(-totals):
        other = _spell(best[number])
        if other != text:
            return other if totals[number] > score else second
    return second


def _spell(indices: NDArray[np.intp]) -> str:
    return "".join(ALPHABET[int(index)] for index in indices)


def kinds_of(text: str) -> tuple[Kind, ...]:
    """Every kind of plate that can carry this text, none for a text that is no plate's."""
    return tuple(kind for kind in KINDS if kind.allows(text))
